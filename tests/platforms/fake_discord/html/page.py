"""Renders messages as HTML, similar to Discord's client."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from html import escape
from pathlib import Path
from typing import Any

from tests.platforms.fake_discord.html.markdown import as_html
from tests.platforms.fake_discord.rules.components import Part
from tests.platforms.fake_discord.state.messages import Attachment, Message
from tests.platforms.rendering import media_html

_STYLE = Path(__file__).with_name("page.css")
_STYLES = {1: "primary", 2: "secondary", 3: "success", 4: "danger"}


def page_of(messages: Iterable[Message], *, now_ms: int) -> str:
    """Draw messages, the oldest first, as they look at a moment."""
    rows = "\n".join(_message(message, now_ms) for message in messages)
    style = _STYLE.read_text(encoding="utf-8")
    return f'<!doctype html><meta charset="utf-8"><style>{style}</style><main>{rows}</main>'


def _message(message: Message, now_ms: int) -> str:
    author = message.author
    at = datetime.fromtimestamp(message.created_ms / 1000, UTC).strftime("%H:%M")
    names = {user.id: user.name for user in message.mentioned}
    parts = [
        f'<p class="words">{as_html(message.content, now_ms, names)}</p>' if message.content else "",
        '<p class="words loading">Reverie is thinking…</p>' if message.loading else "",
        _files(message.attachments),
        *(_embed(embed, now_ms, message.embedded) for embed in message.embeds),
        *(_row(row) for row in message.components),
        _reactions(message),
        '<p class="only">Only you can see this</p>' if message.ephemeral else "",
    ]
    badge = '<span class="app">APP</span>' if author.bot else ""
    letter = escape(author.name[:1].upper())
    return (
        f'<article>{_asked(message)}<div class="avatar{" bot" if author.bot else ""}">{letter}</div>'
        f'<div class="body"><header><b>{escape(author.name)}</b>{badge}<time>{at}</time></header>'
        f"{''.join(parts)}</div></article>"
    )


def _asked(message: Message) -> str:
    if message.interaction is None:
        return ""
    asker, name = escape(message.interaction.user.name), message.interaction.data.get("name")
    how = f"used <b>/{escape(name)}</b>" if name else "pressed a button above"
    return f'<p class="asked"><b>{asker}</b> {how}</p>'


def _embed(embed: dict[str, Any], now_ms: int, files: Mapping[str, Attachment]) -> str:
    colour = f"#{embed.get('color', 0x4E5058):06x}"
    author, footer = embed.get("author") or {}, embed.get("footer") or {}
    fields = "".join(
        f'<div class="field{" inline" if field.get("inline") else ""}">'
        f"<b>{as_html(field['name'], now_ms)}</b><span>{as_html(field['value'], now_ms)}</span></div>"
        for field in embed.get("fields") or ()
    )
    return (
        f'<section class="embed" style="border-color:{colour}">'
        + _picture(embed, files, "thumbnail")
        + (f'<p class="author">{escape(author["name"])}</p>' if author.get("name") else "")
        + (f'<p class="title">{as_html(embed["title"], now_ms)}</p>' if embed.get("title") else "")
        + f'<p class="description">{as_html(embed.get("description") or "", now_ms)}</p>'
        + (f'<div class="fields">{fields}</div>' if fields else "")
        + _picture(embed, files, "image")
        + (f'<p class="footer">{escape(footer["text"])}</p>' if footer.get("text") else "")
        + "</section>"
    )


def _picture(embed: dict[str, Any], files: Mapping[str, Attachment], kind: str) -> str:
    """The `image` or `thumbnail` of an embed."""
    name = str((embed.get(kind) or {}).get("url") or "").removeprefix("attachment://")
    return f'<div class="{kind}">{_file(files[name])}</div>' if name in files else ""


def _files(attachments: list[Attachment]) -> str:
    if not attachments:
        return ""
    shown = "".join(_file(one) for one in attachments)
    return f'<div class="files of{min(len(attachments), 2)}">{shown}</div>'


def _file(attachment: Attachment) -> str:
    return media_html(attachment.content, attachment.content_type, attachment.description or "")


def _row(row: dict[str, Any]) -> str:
    return f'<div class="row">{"".join(map(_component, row.get("components") or ()))}</div>'


def _component(part: dict[str, Any]) -> str:
    if part["type"] == Part.BUTTON:
        emoji = (part.get("emoji") or {}).get("name") or ""
        style = _STYLES.get(part["style"], "secondary")
        return f'<button class="{style}">{emoji} {escape(part.get("label") or "")}</button>'
    chosen = next((one["label"] for one in part.get("options") or () if one.get("default")), None)
    return f'<div class="select">{escape(chosen or part.get("placeholder") or "")}<span>⌄</span></div>'


def _reactions(message: Message) -> str:
    if not message.reactions:
        return ""
    shown = (f"<span>{escape(emoji)} {len(people)}</span>" for emoji, people in message.reactions.items())
    return f'<div class="reactions">{"".join(shown)}</div>'
