"""Converts the part of Discord's markdown that the bot uses to HTML."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from html import escape

_BOLD = re.compile(r"\*\*(.+?)\*\*")
_CODE = re.compile(r"`([^`]+)`")
_LINK = re.compile(r"\[([^\]]+)\]\((https?://[^)\s]+)\)")
_MOMENT = re.compile(r"&lt;t:(\d+):([a-zA-Z])&gt;")
_MENTION = re.compile(r"&lt;(@|#)[!&amp;]*(\d+)&gt;")
_ESCAPED = re.compile(r"\\([\\`*_~|>#\-\[\]()@&lt;:./])")


def as_html(text: str, now_ms: int, names: Mapping[int, str] | None = None) -> str:
    lines = []
    for line in text.split("\n"):
        small = line.startswith("-# ")
        inside = _inline(escape(line.removeprefix("-# "), quote=False), now_ms, names or {})
        lines.append(f"<small>{inside}</small>" if small else inside)
    return "<br>".join(lines)


def _inline(text: str, now_ms: int, names: Mapping[int, str]) -> str:
    text = _CODE.sub(r"<code>\1</code>", text)
    text = _BOLD.sub(r"<b>\1</b>", text)
    text = _LINK.sub(r'<a href="\2">\1</a>', text)
    text = _MOMENT.sub(lambda found: f"<i>{_moment(found[2], int(found[1]) * 1000, now_ms)}</i>", text)
    text = _MENTION.sub(
        lambda found: f'<span class="mention">{found[1]}{escape(names.get(int(found[2]), found[2]))}</span>',
        text,
    )
    return _ESCAPED.sub(r"\1", text)


def _moment(style: str, at_ms: int, now_ms: int) -> str:
    if style != "R":
        return datetime.fromtimestamp(at_ms / 1000, UTC).strftime("%H:%M")
    seconds = round((at_ms - now_ms) / 1000)
    amount = abs(seconds)
    told = f"{amount} seconds" if amount < 60 else f"{amount // 60} minutes"
    return f"in {told}" if seconds >= 0 else f"{told} ago"
