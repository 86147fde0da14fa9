"""Renders a card as a Discord message: one embed with all texts, and the results as attachments above it.

Pure. The content, the only place where text can mention or invite, holds nothing from people. An MP4 plays
only as an attachment, never inside an embed.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from discord import MessageFlags

from adapters.chat.controls import PHASE_EMOJI, common_fields, own_fields, says_more
from adapters.chat.text import sanitize_line, truncate_escaped
from adapters.discord.messages.buttons import card_components
from adapters.discord.messages.strings import STRINGS
from bot.domain.cards.card import CardView, JobPhase, JobView, Status
from bot.domain.ids import short_id

#: Discord's limits in characters: of a title, a description, all texts of an embed, an alt text
TITLE, DESCRIPTION, EMBED, ALT = 256, 4096, 6000, 1024
#: Discord's limits of fields: their number, and the characters of a name and a value
FIELDS, FIELD_NAME, FIELD_VALUE = 25, 256, 1024
#: a message's flags: only one person sees it
EPHEMERAL = MessageFlags(ephemeral=True).value
ZERO_WIDTH = "\u200b"
#: characters with a meaning in markdown anywhere in a line, and at its beginning
_SPECIAL = frozenset("\\`*_~|<>[]#")
_LINE_START = re.compile(r"(?P<head>\d*)(?P<mark>[-+.)])")
#: characters of a prompt that is longer than a title
_PROMPT = 1500
#: characters of a headline on a card with one job, and with several
_HEADLINE, _HEADLINE_OF_SEVERAL = 600, 300
_NAME, _VALUE, _OWN_VALUE = 80, 200, 60
#: characters that fit into a third of an embed's width
_INLINE = 30
COLOUR: Mapping[JobPhase, int] = {
    JobPhase.WAITING: 0x80848E,
    JobPhase.RUNNING: 0x5865F2,
    JobPhase.DONE: 0x23A55A,
    JobPhase.FAILED: 0xDA373C,
    JobPhase.GONE: 0x80848E,
}
#: the first of these phases that a job of the card has sets the colour
_COLOUR_ORDER = (JobPhase.RUNNING, JobPhase.WAITING, JobPhase.DONE, JobPhase.FAILED, JobPhase.GONE)

#: the body of a message, as Discord's API takes it
Payload = dict[str, Any]


def render_card(
    view: CardView,
    *,
    picked: str | None = None,
    mention: str | None = None,
    links: Mapping[str, str] | None = None,
    notes: Sequence[str] = (),
) -> Payload:
    """Render the whole message without attachments.

    `picked` is the job that the buttons act on, `mention` a user to notify, `links` lead from a job to its
    full file, and `notes` are this adapter's own lines in markdown.
    """
    return {
        "content": f"<@{mention}>" if mention else "",
        "embeds": [_embed(view, links or {}, notes)],
        "components": card_components(view, picked),
        # An empty `parse` stops every mention except of the listed users.
        "allowed_mentions": {"parse": [], "users": [mention] if mention else []},
    }


def alt_text(job: JobView) -> str:
    """The description of a result's attachment."""
    return sanitize_line(job.alt, ALT)


def escape_markdown(text: str, limit: int) -> str:
    """One line of text from people in which nothing is formatted, linked, mentioned, hidden or reordered."""
    line = sanitize_line(text, limit)
    return truncate_escaped(line, _escaped(line), limit)


def embed_size(embed: Payload) -> int:
    """The characters that Discord counts in an embed."""
    texts = [
        embed.get("title", ""),
        embed["description"],
        embed.get("author", {}).get("name", ""),
        embed.get("footer", {}).get("text", ""),
    ]
    return sum(map(len, texts)) + sum(len(one["name"]) + len(one["value"]) for one in embed["fields"])


def _embed(view: CardView, links: Mapping[str, str], notes: Sequence[str]) -> Payload:
    jobs = view.jobs
    phases = {job.phase for job in jobs}
    prompt = escape_markdown(view.title, TITLE)
    fits = len(sanitize_line(view.title, TITLE + 1)) <= TITLE and not prompt.endswith("…")
    lines = [] if fits else [escape_markdown(view.title, _PROMPT), ""]
    lines.append(_status(view.status, _HEADLINE))
    lines += [f"-# {note}" for note in notes]
    embed: Payload = {
        "author": {"name": sanitize_line(view.member_name, _NAME) or ZERO_WIDTH},
        "description": "\n".join(lines)[:DESCRIPTION],
        "color": COLOUR[next(phase for phase in _COLOUR_ORDER if phase in phases)],
        "fields": _fields(view, links),
        "footer": {"text": _footer(jobs)},
        "timestamp": datetime.fromtimestamp(view.created_at / 1000, UTC).isoformat(),
    }
    if fits:
        embed["title"] = prompt or STRINGS.untitled
    while embed["fields"] and embed_size(embed) > EMBED:
        embed["fields"].pop()
    return embed


def _status(status: Status, limit: int) -> str:
    # A relative timestamp counts down in the reader's client, without an edit.
    when = f"<t:{status.ready_at // 1000}:R>" if status.ready_at is not None else ""
    time = STRINGS.expected.format(when=when) if when else ""
    escaped = replace(status, headline=escape_markdown(status.headline, limit))
    return f"{PHASE_EMOJI[status.phase]} {escaped.line(time)}"


def _fields(view: CardView, links: Mapping[str, str]) -> list[Payload]:
    jobs = view.jobs
    remaining = [job for job in jobs if job.phase is not JobPhase.GONE]
    common = common_fields(remaining)
    fields = [_field(label, escape_markdown(value, _VALUE)) for label, value in common]
    if len(jobs) > 1:
        fields += _job_fields(view, common, links)
    elif remaining and (link := links.get(remaining[0].id)):
        fields.append(_field(STRINGS.full_only, f"[{STRINGS.full}]({link})"))
    return fields[:FIELDS]


def _job_fields(view: CardView, common: list[tuple[str, str]], links: Mapping[str, str]) -> Iterator[Payload]:
    """What is different about each of several jobs; nothing for one that the card's own lines cover."""
    for number, job in enumerate(view.jobs, 1):
        lines = []
        if says_more(job, view):
            lines.append(_status(replace(job.status, ready_at=None), _HEADLINE_OF_SEVERAL))
        own = own_fields(job, common)
        if own and job.phase is not JobPhase.GONE:
            lines.append(" · ".join(f"{label}: {escape_markdown(value, _OWN_VALUE)}" for label, value in own))
        if link := links.get(job.id):
            lines.append(f"[{STRINGS.full}]({link})")
        if lines or job.stars:
            text = "\n".join(lines)
            inline = len(lines) <= 1 and len(text) <= _INLINE
            yield _field(f"{number}{_stars(job)}", text, inline=inline)


def _field(name: str, value: str, *, inline: bool = True) -> Payload:
    return {"name": name[:FIELD_NAME], "value": value[:FIELD_VALUE] or ZERO_WIDTH, "inline": inline}


def _footer(jobs: tuple[JobView, ...]) -> str:
    if len(jobs) > 1:
        return " ".join(f"#{short_id(job.id)}" for job in jobs)
    return f"#{short_id(jobs[0].id)}{_stars(jobs[0])}"


def _stars(job: JobView) -> str:
    return f" · ⭐ {job.stars}" if job.stars else ""


def _escaped(line: str) -> list[str]:
    pieces = []
    start = _LINE_START.match(line)
    for at, character in enumerate(line):
        if character == "@":
            # Discord unescapes before it looks for mentions in some places; a zero-width space works in all.
            pieces.append(f"@{ZERO_WIDTH}")
        elif (
            character in _SPECIAL
            or (character == ":" and line.startswith("://", at))
            or (start is not None and at == start.start("mark"))
        ):
            pieces.append(f"\\{character}")
        else:
            pieces.append(character)
    return pieces
