"""A card as a Slack message: blocks within Slack's limits, with the results as images.

People's text is shown as plain text or escaped, so that it cannot mention or link anything.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from adapters.chat.controls import PHASE_EMOJI, common_fields, own_fields, says_more
from adapters.chat.text import sanitize_line
from adapters.slack.messages.buttons import control_rows, variation_row
from adapters.slack.messages.mrkdwn import (
    Block,
    escape,
    escape_line,
    local_time,
    mrkdwn,
    plain_text,
    text_size,
)
from adapters.slack.messages.strings import ENGLISH, SlackStrings
from bot.domain.cards.card import CardView, JobPhase, JobView, Status
from bot.domain.generations.media import MediaKind
from bot.domain.ids import short_id

MAX_BLOCKS, SECTION, ALT_TEXT = 50, 3_000, 2_000
#: characters of all texts together; a little below what Slack accepts in one message
MAX_TEXT = 12_000
_NOTES, _NOTE = 4, 500
_FIELDS, _LABEL, _VALUE, _OWN_FIELDS = 10, 60, 200, 300
_PROMPT, _HEADLINE, _NAME = 2_500, 600, 80
#: of the text that notifications show instead of blocks
_SUMMARY_PROMPT, _SUMMARY_HEADLINE = 200, 120


@dataclass(frozen=True, slots=True, kw_only=True)
class Payload:
    """A message's blocks, and the text that notifications show."""

    text: str
    blocks: list[Block]

    @property
    def edited(self) -> dict[str, Any]:
        """The arguments of an edit or an ephemeral message."""
        return {"text": self.text, "blocks": self.blocks}

    @property
    def posted(self) -> dict[str, Any]:
        """The arguments of a new message, in which links are not unfurled."""
        return {**self.edited, "unfurl_links": False, "unfurl_media": False}


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadedMedia:
    """Where a card's results can be seen, by job."""

    #: ids of Slack files that image blocks show; for a video, its first frame
    pictures: Mapping[str, str] = field(default_factory=dict)
    #: permalinks of messages with a video
    videos: Mapping[str, str] = field(default_factory=dict)
    #: links to our own page with the full file
    links: Mapping[str, str] = field(default_factory=dict)


def render_card(
    view: CardView,
    *,
    strings: SlackStrings = ENGLISH,
    media: UploadedMedia | None = None,
    notes: Sequence[str] = (),
    buttons: bool = True,
) -> Payload:
    """Render the whole message; `notes` are lines of this adapter in `mrkdwn`."""
    blocks: list[Block] = [{"type": "section", "text": plain_text(view.title or strings.untitled, _PROMPT)}]
    if notes:
        blocks.append({"type": "context", "elements": [mrkdwn(note[:_NOTE]) for note in notes[:_NOTES]]})
    blocks += _body(view, strings, media or UploadedMedia(), buttons=buttons)
    rows = control_rows(view, strings) if buttons else []
    while len(blocks) + len(rows) > MAX_BLOCKS or text_size(blocks) + text_size(rows) > MAX_TEXT:
        # The last blocks matter least.
        blocks.pop()
    return Payload(text=_summary(view, strings), blocks=[*blocks, *rows])


def thumbnail(job: JobView, file: str | None, page: str | None) -> Block | None:
    """The small picture beside a job of a list: a Slack file, else from our page, which Slack fetches."""
    if job.media is None:
        return None
    if file is not None:
        source: Block = {"slack_file": {"id": file}}
    elif page is not None and page.startswith("https://"):
        still = "/still" if job.media.kind is MediaKind.VIDEO else ""
        source = {"image_url": page.removesuffix("/view") + still}
    else:
        return None
    return {"type": "image", **source, "alt_text": alt_text(job)}


def alt_text(job: JobView, strings: SlackStrings = ENGLISH) -> str:
    """The text for people who cannot see the picture."""
    return sanitize_line(job.alt, ALT_TEXT) or strings.untitled


def _summary(view: CardView, strings: SlackStrings) -> str:
    """The card in one line."""
    jobs = [job for job in view.jobs if job.phase is not JobPhase.GONE]
    emoji = "".join(PHASE_EMOJI[job.phase] for job in jobs)
    state = escape_line(view.status.line(), _SUMMARY_HEADLINE) if jobs else strings.deleted
    return f"{emoji} {escape_line(view.title or strings.untitled, _SUMMARY_PROMPT)} – {state}".strip()


def _body(view: CardView, strings: SlackStrings, media: UploadedMedia, *, buttons: bool) -> Iterator[Block]:
    jobs = [job for job in view.jobs if job.phase is not JobPhase.GONE]
    several = len(view.jobs) > 1
    yield _status(view.status, strings, stars="" if several else _stars(view.jobs[0]))
    for number, job in enumerate(view.jobs, 1):
        if several and (says_more(job, view) or job.stars):
            line = f"{number} · {PHASE_EMOJI[job.phase]} {job.headline}{_stars(job)}"
            yield {"type": "section", "text": plain_text(sanitize_line(line, _HEADLINE), _HEADLINE)}
        yield from _result(job, strings, media, number if several else None)
    if buttons:
        yield from variation_row(view)
    common = common_fields(jobs)
    if common:
        fields = [_field(label, value) for label, value in common]
        yield {"type": "section", "fields": fields[:_FIELDS]}
    yield _footer(view, jobs, common)


def _status(status: Status, strings: SlackStrings, *, stars: str) -> Block:
    emoji = PHASE_EMOJI[status.phase]
    if status.ready_at is None:
        line = sanitize_line(f"{emoji} {status.line()}{stars}", _HEADLINE)
        return {"type": "section", "text": plain_text(line, _HEADLINE)}
    expected = strings.expected.format(when=local_time(status.ready_at))
    escaped = replace(status, headline=escape_line(status.headline, 2 * _HEADLINE))
    return {"type": "section", "text": mrkdwn(f"{emoji} {escaped.line(expected)}{stars}")}


def _stars(job: JobView) -> str:
    return f" · ⭐ {job.stars}" if job.stars else ""


def _result(job: JobView, strings: SlackStrings, media: UploadedMedia, number: int | None) -> Iterator[Block]:
    """What a job has made, with its `number` on a card with several.

    Block Kit has no grid, and a carousel shows one at a time: several pictures are one below the other. One
    picture composed of them would not open in full size, have a text of its own, or be saved alone.
    """
    if (picture := media.pictures.get(job.id)) is not None:
        title = {"title": plain_text(str(number), _LABEL)} if number is not None else {}
        image = {"type": "image", "slack_file": {"id": picture}, "alt_text": alt_text(job, strings)}
        yield image | title
    lines = []
    prefix = f"{number} · " if number is not None else ""
    if (video := media.videos.get(job.id)) is not None:
        link = f" · <{escape(video)}|{strings.open_video}>" if video else ""
        lines.append(f"{prefix}🎞️ {strings.video_in_thread}{link}")
    if (page := media.links.get(job.id)) is not None:
        lines.append(f"{prefix}<{escape(page)}|{strings.full}>")
    if lines:
        yield {"type": "context", "elements": [mrkdwn(line) for line in lines]}


def _field(label: str, value: str) -> Block:
    return mrkdwn(f"*{escape_line(label, _LABEL)}*\n{escape_line(value, _VALUE)}")


def _footer(view: CardView, jobs: list[JobView], common: list[tuple[str, str]]) -> Block:
    """Who asked for it, the fields in which the jobs differ, and the job ids."""
    elements = [plain_text(view.member_name, _NAME)]
    for number, job in enumerate(view.jobs, 1):
        own = [f"{label}: {value}" for label, value in own_fields(job, common)]
        if own and job in jobs:
            elements.append(plain_text(f"{number} · {' · '.join(own)}", _OWN_FIELDS))
    elements.append(mrkdwn(" ".join(f"`#{short_id(job.id)}`" for job in view.jobs)))
    return {"type": "context", "elements": elements}
