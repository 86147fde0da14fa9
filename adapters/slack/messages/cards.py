"""A card as Slack shows it: blocks within all limits, the results as pictures between them.

Pure. People's words stand in plain text, or disarmed, so that nothing in them can mention or link.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from adapters.chat.controls import PHASE_EMOJI, common_fields
from adapters.chat.text import sanitize_line
from adapters.slack.messages.buttons import control_rows
from adapters.slack.messages.mrkdwn import Block, escape, escape_line, mrkdwn, plain_text, text_size
from adapters.slack.messages.strings import ENGLISH, Words
from bot.domain.cards import CardView, JobPhase, JobView
from bot.domain.ids import short_id

BLOCKS, SECTION, ALT = 50, 3_000, 2_000
#: characters in all blocks together, a little less than what Slack finds too long for one message
TEXTS = 12_000
_NOTES, _NOTE = 4, 500
_FIELDS, _LABEL, _VALUE, _OWN = 10, 60, 200, 300
_PROMPT, _HEADLINE, _NAME = 2_500, 600, 80
#: what stands for the blocks in a notification
_SUMMARY_PROMPT, _SUMMARY_HEADLINE = 200, 120


@dataclass(frozen=True, slots=True, kw_only=True)
class Payload:
    """A message's words for where no blocks are shown, and its blocks."""

    text: str
    blocks: list[Block]

    @property
    def edited(self) -> dict[str, Any]:
        """What an edit changes, and what is shown to one person alone."""
        return {"text": self.text, "blocks": self.blocks}

    @property
    def posted(self) -> dict[str, Any]:
        """The same for a new message, in which no link is unfolded."""
        return {**self.edited, "unfurl_links": False, "unfurl_media": False}


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadedMedia:
    """What of a card's results lies where, by job."""

    #: Slack's ids of pictures that blocks can show; of a film, its first frame
    pictures: Mapping[str, str] = field(default_factory=dict)
    #: where the message with a film is
    films: Mapping[str, str] = field(default_factory=dict)
    #: our own page with the result in full
    links: Mapping[str, str] = field(default_factory=dict)


def render_card(
    view: CardView,
    *,
    words: Words = ENGLISH,
    shown: UploadedMedia | None = None,
    notes: Sequence[str] = (),
    buttons: bool = True,
) -> Payload:
    """The whole message; `notes` are lines of this adapter's own in `mrkdwn`."""
    blocks: list[Block] = [{"type": "section", "text": plain_text(view.title or words.untitled, _PROMPT)}]
    if notes:
        blocks.append({"type": "context", "elements": [mrkdwn(note[:_NOTE]) for note in notes[:_NOTES]]})
    blocks += _body(view, words, shown or UploadedMedia())
    rows = control_rows(view, words) if buttons else []
    while len(blocks) + len(rows) > BLOCKS or text_size(blocks) + text_size(rows) > TEXTS:
        # What stands last can be done without.
        blocks.pop()
    return Payload(text=summary(view, words), blocks=[*blocks, *rows])


def alt_text(job: JobView, words: Words = ENGLISH) -> str:
    """What stands for a picture where it cannot be seen."""
    return sanitize_line(job.alt, ALT) or words.untitled


def summary(view: CardView, words: Words) -> str:
    """The card in one line."""
    left = [job for job in view.jobs if job.phase is not JobPhase.GONE]
    marks = "".join(PHASE_EMOJI[job.phase] for job in left)
    line = escape_line(words.of(left[0].headline), _SUMMARY_HEADLINE) if left else words.deleted
    return f"{marks} {escape_line(view.title or words.untitled, _SUMMARY_PROMPT)} – {line}".strip()


def _body(view: CardView, words: Words, shown: UploadedMedia) -> Iterator[Block]:
    left = [job for job in view.jobs if job.phase is not JobPhase.GONE]
    several = len(view.jobs) > 1
    for number, job in enumerate(view.jobs, 1):
        yield _headline(job, words, number if several else None)
        yield from _result(job, words, shown)
    shared = common_fields(left)
    if shared:
        yield {
            "type": "section",
            "fields": [
                _fact(words.label(label, len(left)), value, words) for label, value in shared[:_FIELDS]
            ],
        }
    yield _footer(view, left, shared, words)


def _headline(job: JobView, words: Words, number: int | None) -> Block:
    stars = f" · ⭐ {job.stars}" if job.stars else ""
    count = f"{number} · " if number is not None else ""
    line = sanitize_line(f"{count}{PHASE_EMOJI[job.phase]} {words.of(job.headline)}{stars}", _HEADLINE)
    if job.ready_at is None:
        return {"type": "section", "text": plain_text(line, _HEADLINE)}
    # Slack shows a time in each reader's own zone.
    when = words.expected.format(when=_time(job.ready_at))
    return {"type": "section", "text": mrkdwn(f"{escape_line(line, 2 * _HEADLINE)} · {when}")}


def _time(milliseconds: int) -> str:
    seconds = milliseconds // 1000
    fallback = datetime.fromtimestamp(seconds, UTC).strftime("%H:%M UTC")
    return f"<!date^{seconds}^{{time}}|{fallback}>"


def _result(job: JobView, words: Words, shown: UploadedMedia) -> Iterator[Block]:
    if (picture := shown.pictures.get(job.id)) is not None:
        yield {"type": "image", "slack_file": {"id": picture}, "alt_text": alt_text(job, words)}
    lines = []
    if (film := shown.films.get(job.id)) is not None:
        lines.append(f"🎞️ {words.film} · <{escape(film)}|{words.watch}>" if film else f"🎞️ {words.film}")
    if (link := shown.links.get(job.id)) is not None:
        lines.append(f"<{escape(link)}|{words.full}>")
    if lines:
        yield {"type": "context", "elements": [mrkdwn(line) for line in lines]}


def _fact(label: str, value: str, words: Words) -> Block:
    return mrkdwn(f"*{escape_line(label, _LABEL)}*\n{escape_line(words.of(value), _VALUE)}")


def _footer(view: CardView, left: list[JobView], shared: list[tuple[str, str]], words: Words) -> Block:
    """Whose it is, what its jobs have not in common, where they come from, and their names."""
    elements = [plain_text(view.member_name, _NAME)]
    for number, job in enumerate(view.jobs, 1):
        own = [
            f"{words.of(label)}: {words.of(value)}"
            for label, value in job.fields
            if (label, value) not in shared
        ]
        if own and job in left:
            elements.append(plain_text(f"{number} · {' · '.join(own)}", _OWN))
    elements.append(mrkdwn(" ".join(f"`#{short_id(job.id)}`" for job in view.jobs)))
    return {"type": "context", "elements": elements}
