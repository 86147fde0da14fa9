"""Slack's text objects. People's text cannot format, link or mention anything.

In a `plain_text` object text is shown as it is; in `mrkdwn` it is escaped.
"""

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from adapters.chat.text import sanitize_line, truncate_escaped
from bot.domain.text import replace_moments

#: characters that begin or end formatting, and the beginning of an emoji name
_MARKS = re.compile(r"[*_~`]|:(?=[\w+'-]+:)")
#: a word joiner: invisible, and keeps Slack from reading two characters together
_JOINER = "\u2060"
_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}

Block = dict[str, Any]


def plain_text(text: str, limit: int, *, emoji: bool = False) -> Block:
    """A text object with one line of any text; an en dash where nothing of it is visible."""
    return {"type": "plain_text", "text": sanitize_line(text, limit) or "\u2013", "emoji": emoji}


def mrkdwn(text: str) -> Block:
    """A text object with formatting; people's text in it must come from `escape_line`."""
    return {"type": "mrkdwn", "text": text, "verbatim": True}


def escape(text: str) -> str:
    """Escape a text of ours for `mrkdwn`: formatting stays, links and mentions do not."""
    return "".join(_ENTITIES.get(character, character) for character in text)


def escape_line(text: str, limit: int) -> str:
    """Escape any text for `mrkdwn` as one line of at most `limit` characters."""
    line = sanitize_line(text, limit)
    marks = {match.start() for match in _MARKS.finditer(line)}
    pieces = [
        f"{_JOINER}{character}{_JOINER}" if index in marks else _ENTITIES.get(character, character)
        for index, character in enumerate(line)
    ]
    return truncate_escaped(line, pieces, limit)


def with_moments(text: str) -> str:
    """An escaped text with each moment as a date, which Slack shows in the reader's time zone."""
    return replace_moments(text, _date)


def _date(at: int) -> str:
    fallback = f"{datetime.fromtimestamp(at / 1000, UTC):%d %b %Y %H:%M} UTC"
    return f"<!date^{at // 1000}^{{date_short_pretty}} {{time}}|{fallback}>"


def text_size(blocks: Sequence[Block]) -> int:
    """The characters of all texts in blocks, as Slack counts them."""
    return sum(map(len, _texts(list(blocks))))


def _texts(part: Any) -> Iterator[str]:
    if isinstance(part, list):
        for each in part:
            yield from _texts(each)
    elif isinstance(part, dict):
        for name, value in part.items():
            if name == "text" and isinstance(value, str):
                yield value
            else:
                yield from _texts(value)


def local_time(milliseconds: int) -> str:
    """A time that Slack shows in each reader's own time zone, to the second: most pictures take few."""
    seconds = milliseconds // 1000
    fallback = datetime.fromtimestamp(seconds, UTC).strftime("%H:%M:%S UTC")
    return f"<!date^{seconds}^{{time_secs}}|{fallback}>"
