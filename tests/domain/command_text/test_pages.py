"""Pages of lists: what their buttons say is read again, and fits every platform."""

import pytest

from bot.domain.command_text.pages import PageRequest
from bot.domain.commands import History
from bot.domain.commands.jobs import SEARCH_MAX
from bot.domain.errors import InvalidRequest
from bot.domain.generations.media import MediaKind

CURSOR = "0" * 24


@pytest.mark.parametrize(
    "command",
    [
        History(),
        History(search="a fox: in | snow", kind=MediaKind.VIDEO, starred=True, count=50),
        History(search="x" * SEARCH_MAX),
    ],
)
@pytest.mark.parametrize("newer", [True, False])
def test_a_page_is_read_as_it_was_written(command: History, newer: bool) -> None:
    page = PageRequest(command=command, cursor=CURSOR, newer=newer)
    assert page == PageRequest.parse(page.write())
    # Discord's custom ids have 100 characters, three of them its prefix.
    assert 97 >= len(page.write())


@pytest.mark.parametrize(
    "text", ["", "ho", f"xo:{CURSOR}:10:--:", f"ho:{CURSOR}:99:--:", f"ho:{CURSOR}:10:--:" + "x" * 60]
)
def test_what_is_no_page_is_refused(text: str) -> None:
    with pytest.raises(InvalidRequest, match="give the command again"):
        PageRequest.parse(text)
