"""A card as Discord shows it: one embed with everything in words, the results as attachments above it.

Pure. Nothing from people stands in the content, the one place where text could mention or invite; and an
MP4 plays only as an attachment, never inside an embed.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from adapters.chat.controls import PHASE_EMOJI, common_fields
from adapters.discord.messages.buttons import components
from adapters.discord.messages.markdown import as_text, sanitize_line
from adapters.discord.messages.strings import ENGLISH, Words
from bot.domain.cards import CardView, JobPhase, JobView
from bot.domain.ids import short_id

TITLE, DESCRIPTION, EMBED, ALT = 256, 4096, 6000, 1024
_FIELDS, _FIELD_NAME, _FIELD = 25, 256, 1024
#: of a prompt that is longer than a title
_PROMPT = 1500
_HEADLINE, _HEADLINE_OF_MANY = 600, 300
_NAME = 80
#: what stands in a third of an embed's width
_SHORT = 30
_ZERO_WIDTH = "\u200b"
_COLOUR: Mapping[JobPhase, int] = {
    JobPhase.WAITING: 0x80848E,
    JobPhase.RUNNING: 0x5865F2,
    JobPhase.DONE: 0x23A55A,
    JobPhase.FAILED: 0xDA373C,
    JobPhase.GONE: 0x80848E,
}
#: the job that still moves tells the colour of its card
_FIRST = (JobPhase.RUNNING, JobPhase.WAITING, JobPhase.DONE, JobPhase.FAILED, JobPhase.GONE)

#: the body of a message, as Discord's API reads it
Payload = dict[str, Any]


def render(
    view: CardView,
    *,
    words: Words = ENGLISH,
    picked: str | None = None,
    mention: str | None = None,
    links: Mapping[str, str] | None = None,
    notes: Sequence[str] = (),
) -> Payload:
    """The whole message but its attachments.

    `picked` is the job that the buttons are for, `mention` the user who is told that it is done, `links`
    lead from a job to its file in full, and `notes` are lines of this adapter's own, not escaped.
    """
    return {
        "content": f"<@{mention}>" if mention else "",
        "embeds": [_embed(view, words, links or {}, notes)],
        "components": components(view, words, picked),
        # An empty `parse` alone stops every mention; whoever is named besides is meant.
        "allowed_mentions": {"parse": [], "users": [mention] if mention else []},
    }


def alt_text(job: JobView) -> str:
    """What stands for a picture where it cannot be seen."""
    return sanitize_line(job.alt, ALT)


def _embed(view: CardView, words: Words, links: Mapping[str, str], notes: Sequence[str]) -> Payload:
    jobs = view.jobs
    tones = {job.phase for job in jobs}
    prompt = as_text(view.title, TITLE)
    short = len(sanitize_line(view.title, TITLE + 1)) <= TITLE and not prompt.endswith("…")
    lines = [] if short else [as_text(view.title, _PROMPT), ""]
    if len(jobs) == 1:
        lines.append(_headline(jobs[0], words, _HEADLINE))
    lines += [f"-# {note}" for note in notes]
    embed: Payload = {
        "author": {"name": sanitize_line(view.member_name, _NAME) or _ZERO_WIDTH},
        "description": "\n".join(lines)[:DESCRIPTION],
        "color": _COLOUR[next(tone for tone in _FIRST if tone in tones)],
        "fields": _fields(jobs, words, links),
        "footer": {"text": _footer(jobs)},
        "timestamp": datetime.fromtimestamp(view.created_at / 1000, UTC).isoformat(),
    }
    if short:
        embed["title"] = prompt or words.untitled
    return _within(embed)


def _headline(job: JobView, words: Words, limit: int) -> str:
    line = f"{PHASE_EMOJI[job.phase]} {as_text(words.of(job.headline), limit)}"
    if job.ready_at is not None:
        # Counts down in the reader's client, without an edit.
        line += f" · {words.expected.format(when=f'<t:{job.ready_at // 1000}:R>')}"
    return line


def _fields(jobs: tuple[JobView, ...], words: Words, links: Mapping[str, str]) -> list[Payload]:
    left = [job for job in jobs if job.phase is not JobPhase.GONE]
    shared = common_fields(left)
    fields = [_field(words.label(label, len(left)), as_text(words.of(value), 200)) for label, value in shared]
    if len(jobs) > 1:
        fields += [_field_of(number, job, shared, words, links) for number, job in enumerate(jobs, 1)]
    elif left and (link := links.get(left[0].id)):
        fields.append(_field(words.full_only, f"[{words.full}]({link})"))
    return fields[:_FIELDS]


def _field_of(
    number: int,
    job: JobView,
    shared: list[tuple[str, str]],
    words: Words,
    links: Mapping[str, str],
) -> Payload:
    """One of several jobs, with what it has not in common with the others."""
    lines = [_headline(job, words, _HEADLINE_OF_MANY)]
    own = [fact for fact in job.fields if fact not in shared]
    if own and job.phase is not JobPhase.GONE:
        lines.append(" · ".join(f"{words.of(label)}: {as_text(words.of(value), 60)}" for label, value in own))
    if link := links.get(job.id):
        lines.append(f"[{words.full}]({link})")
    stars = f" · ⭐ {job.stars}" if job.stars else ""
    return _field(f"{number}{stars}", "\n".join(lines), inline=len(lines) == 1 and len(lines[0]) <= _SHORT)


def _field(name: str, value: str, *, inline: bool = True) -> Payload:
    return {"name": name[:_FIELD_NAME], "value": value[:_FIELD] or _ZERO_WIDTH, "inline": inline}


def _footer(jobs: tuple[JobView, ...]) -> str:
    if len(jobs) > 1:
        return " ".join(f"#{short_id(job.id)}" for job in jobs)
    stars = f" · ⭐ {jobs[0].stars}" if jobs[0].stars else ""
    return f"#{short_id(jobs[0].id)}{stars}"


def _within(embed: Payload) -> Payload:
    """Leave out last fields until Discord's limit on all texts together is kept."""
    while embed["fields"] and embed_size(embed) > EMBED:
        embed["fields"].pop()
    return embed


def embed_size(embed: Payload) -> int:
    """Characters that Discord counts of an embed."""
    texts = [embed.get("title", ""), embed["description"], embed["author"]["name"], embed["footer"]["text"]]
    return sum(map(len, texts)) + sum(len(one["name"]) + len(one["value"]) for one in embed["fields"])
