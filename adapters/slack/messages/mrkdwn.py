"""Text from people as Slack's text objects: nothing in it is formatted, linked or mentioned.

Where no formatting is needed, a `plain_text` object takes it as it is; in `mrkdwn` it is disarmed.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Any

from adapters.chat.text import sanitize_line, truncate_escaped

#: what Slack reads as the beginning or end of formatting, and the beginning of an emoji
_MARKS = re.compile(r"[*_~`]|:(?=[\w+'-]+:)")
#: between two characters it shows nothing, and keeps Slack from reading them together
_JOINER = "\u2060"
_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}

Block = dict[str, Any]


def plain_text(text: str, limit: int, *, emoji: bool = False) -> Block:
    """A text object that shows one line of people's words as they are."""
    return {"type": "plain_text", "text": sanitize_line(text, limit) or "\u2013", "emoji": emoji}


def mrkdwn(text: str) -> Block:
    """A text object of our own words, in which people's stand by `escape_line` alone."""
    return {"type": "mrkdwn", "text": text, "verbatim": True}


def escape(text: str) -> str:
    """Our own words for `mrkdwn`: formatting stays, but nothing can be a link or a mention."""
    return "".join(_ENTITIES.get(one, one) for one in text)


def escape_line(text: str, limit: int) -> str:
    """One visible line for `mrkdwn`, at most `limit` characters."""
    line = sanitize_line(text, limit)
    marks = {match.start() for match in _MARKS.finditer(line)}
    pieces = [
        f"{_JOINER}{one}{_JOINER}" if at in marks else _ENTITIES.get(one, one) for at, one in enumerate(line)
    ]
    return truncate_escaped(line, pieces, limit)


def text_size(blocks: Sequence[Block]) -> int:
    """Characters that Slack counts of a message's blocks: all texts, at whatever depth."""
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
