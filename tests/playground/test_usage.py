"""The usage of the playground as a chart or CSV, for the admin alone or posted."""

from base64 import b64decode

from tests.playground.page_requests import BEAR, command, seen
from tests.playground.serving import Served


async def test_a_chart_is_a_note_that_can_be_posted(served: Served) -> None:
    await command(served, "grace", BEAR)
    await served.core.finish((await served.core.newest()).id)
    answer = await command(served, "ada", "/studio usage --by member", "key-00002")
    (note,) = answer["messages"]
    assert "Bar chart by member. Spent this month: $0.0" in note["file"]["alt"]
    assert note["file"]["address"].startswith("data:image/png;base64,")
    assert "ada" == note["to"]
    assert [] == await seen(served, "grace", "note")

    await command(served, "ada", "/studio usage --post", "key-00003")
    (posted,) = await seen(served, "grace", "note")
    assert posted["file"]["picture"]
    assert "/studio usage --post" == posted["said"]

    answer = await command(served, "ada", "/studio usage --by member --format csv", "key-00004")
    file = answer["messages"][0]["file"]
    assert (False, "usage-by-member-") == (file["picture"], file["name"][:16])
    content = b64decode(file["address"].partition(",")[2]).decode("utf-8-sig")
    assert "grace,1,1,0,0,0,0," in content

    answer = await command(served, "grace", "/studio usage --post", "key-00005")
    assert answer["refused"]
