"""Renders messages as HTML from their Block Kit blocks, similar to Slack's client."""

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from html import escape
from pathlib import Path

from tests.platforms.fake_slack.rules.refusals import Json
from tests.platforms.fake_slack.state.files import File
from tests.platforms.fake_slack.state.messages import Message
from tests.platforms.rendering import media_html

_STYLE = Path(__file__).with_name("page.css")
LABEL = "Block Kit messages of the bot, drawn by its tests: a rendering, not a picture of Slack"
_JOINER = "\u2060"
_DATE = re.compile(r"&lt;!date\^(?P<at>\d+)\^[^|]*\|(?P<text>[^&]*)&gt;")
_LINK = re.compile(r"&lt;(?P<url>https?://[^|&]+)(?:\|(?P<text>[^&]*))?&gt;")
_MARKS = ((re.compile(r"\*([^*\n]+)\*"), r"<b>\1</b>"), (re.compile(r"`([^`\n]+)`"), r"<code>\1</code>"))


def page_of(messages: Iterable[Message], files: Mapping[str, File]) -> str:
    """Draw messages, the oldest first; `files` are those that image blocks show, by id."""
    rows = "\n".join(_message(message, files) for message in messages)
    style = _STYLE.read_text(encoding="utf-8")
    label = f'<p class="label">{LABEL}</p>'
    return f'<!doctype html><meta charset="utf-8"><style>{style}</style><main>{label}{rows}</main>'


def _message(message: Message, files: Mapping[str, File]) -> str:
    at = datetime.fromtimestamp(float(message.ts), UTC).strftime("%H:%M")
    only = '<p class="only">Only visible to you</p>' if message.ephemeral else ""
    sent = "".join(f'<div class="file">{_file(file)}</div>' for file in message.files)
    kind = ' class="ephemeral"' if message.ephemeral else ""
    return (
        f'<article{kind}><div class="avatar">R</div><div class="body">{only}'
        f'<header><b>Reverie</b><span class="app">APP</span><time>{at}</time></header>'
        f"{''.join(block_html(block, files) for block in message.blocks)}{sent}</div></article>"
    )


def block_html(block: Json, files: Mapping[str, File]) -> str:
    kind, content = block["type"], ""
    match kind:
        case "header":
            content = text_html(block["text"])
        case "section" if "fields" in block:
            kind, content = "fields", "".join(f"<div>{text_html(field)}</div>" for field in block["fields"])
        case "section":
            content = text_html(block["text"])
            if (beside := block.get("accessory")) is not None:
                content += f" {_image(beside, files) if beside['type'] == 'image' else _element(beside)}"
        case "context":
            content = "".join(f"<span>{text_html(one)}</span>" for one in block["elements"])
        case "image":
            content = _image(block, files)
        case "actions":
            content = "".join(map(_element, block["elements"]))
    return f'<div class="{kind}">{content}</div>'


def _image(image: Json, files: Mapping[str, File]) -> str:
    file = files[image["slack_file"]["id"]]
    return media_html(file.content, file.mimetype, image["alt_text"])


def _element(element: Json) -> str:
    if element["type"] == "button":
        return f'<button class="{element.get("style", "")}">{text_html(element["text"])}</button>'
    chosen = (element.get("initial_option") or {}).get("text") or element.get("placeholder")
    return f'<span class="select">{text_html(chosen) if chosen else ""} ⌄</span>'


def text_html(text: Json) -> str:
    shown = escape(str(text["text"]).replace(_JOINER, ""), quote=False)
    if text["type"] == "mrkdwn":
        # Slack's own escapes were escaped once more.
        shown = shown.replace("&amp;amp;", "&amp;").replace("&amp;lt;", "&lt;").replace("&amp;gt;", "&gt;")
        shown = _DATE.sub(lambda found: found["text"], shown)
        shown = _LINK.sub(lambda found: f'<a href="#">{found["text"] or found["url"]}</a>', shown)
        for mark, html in _MARKS:
            shown = mark.sub(html, shown)
    return shown.replace("\n", "<br>")


def _file(file: File) -> str:
    if not file.mimetype.startswith(("image/", "video/")):
        return escape(file.name)
    return media_html(file.content, file.mimetype, file.title)
