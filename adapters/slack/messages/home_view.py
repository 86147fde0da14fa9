"""The Home tab: quota, what runs, what was made, and for admins the studio. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from adapters.chat.controls import PHASE_EMOJI
from adapters.chat.result_files import MediaLinker
from adapters.slack.messages.cards import alt_text
from adapters.slack.messages.mrkdwn import Block, escape, escape_line, mrkdwn, plain_text
from bot.domain.actions import EMOJI, LABELS, Action
from bot.domain.cards import CardView, JobPhase, JobView, show_age
from bot.domain.media import Media, MediaKind
from bot.service.replies import PrivateReply

#: what Slack takes
_BLOCKS, _HEADER, _LABEL, _VALUE = 100, 150, 75, 1_000
_PROMPT, _HEADLINE = 150, 300
#: jobs and lines of each list; all of them together stay below what a view may hold
RUNNING, MADE, _LINES = 10, 8, 10
_SHORT = ("Model", "Aspect ratio", "Length", "Price")
_TOLD = (Action.VARIATION, Action.ANIMATE, Action.EXTEND, Action.REFRAME, Action.SEND)
_HOW = (
    "Type `/imagine a red fox in the snow` in any channel that Reverie is in; `/imagine` alone opens a form. "
    "`/animate` and `/extend` make videos, `/reframe` gives a new frame. Inside a thread write "
    "`@Reverie imagine …`. Buttons and reactions under a result go on from it: "
)


#: the `action_id` of every button of the tab, of any version
TEMPLATE = r"home_[a-z]+"


class HomeButton(StrEnum):
    """What is pressed on the Home tab; the value is the `action_id`, a job's id its value."""

    REFRESH = "home_refresh"
    CANCEL = "home_cancel"
    SEND = "home_send"
    PAUSE = "home_pause"
    RESUME = "home_resume"


@dataclass(frozen=True, slots=True, kw_only=True)
class HomeTabData:
    """Everything that one person's Home tab tells."""

    quota: PrivateReply
    running: PrivateReply
    history: PrivateReply
    #: of the workspace; only for those who manage it
    usage: PrivateReply | None = None
    quotas: PrivateReply | None = None
    #: Slack's ids of what was made, by job; a video's is that of its first frame
    pictures: Mapping[str, str] = field(default_factory=dict)
    #: what became of the button that was pressed just now
    notice: str = ""


def home_view(overview: HomeTabData, *, link: MediaLinker, now: int, thumbnails: bool = True) -> Block:
    """The whole view. Without `thumbnails` there is nothing in it that Slack might not be able to show."""
    blocks = [
        *_beginning(overview.notice),
        *_running(overview.running),
        *_facts("Your quota", overview.quota),
        *_history(overview, link, now, thumbnails=thumbnails),
        *_service(overview),
    ]
    return {"type": "home", "blocks": blocks[:_BLOCKS]}


def _beginning(notice: str) -> Iterator[Block]:
    if notice:
        yield {"type": "section", "text": plain_text(notice, _VALUE, emoji=True)}
        yield {"type": "divider"}
    yield _header("Pictures and videos from words")
    actions = " ".join(f"{EMOJI[action]} {LABELS[action].lower()}" for action in _TOLD)
    yield {"type": "section", "text": mrkdwn(f"{_HOW}{actions}")}
    yield {"type": "actions", "elements": [_button(HomeButton.REFRESH, "Refresh")]}


def _running(note: PrivateReply) -> Iterator[Block]:
    yield _header("What runs")
    if not note.views:
        yield _section("Nothing is running.")
    for view, job in _jobs(note.views)[:RUNNING]:
        block = _job(view, job)
        if job.cancellable:
            block["accessory"] = {**_button(HomeButton.CANCEL, "Take back", job.id), "style": "danger"}
        yield block
    yield from _more(len(note.views) - RUNNING)


def _history(overview: HomeTabData, link: MediaLinker, now: int, *, thumbnails: bool) -> Iterator[Block]:
    yield _header("What you made")
    if not overview.history.views:
        yield _section("Nothing yet.")
    for view, job in _jobs(overview.history.views)[:MADE]:
        facts = [value for label, value in job.fields if label in _SHORT]
        page = link(job.media) if job.media is not None else None
        block = _job(view, job, *facts, show_age(now - view.created_at), page=page)
        picture = _picture(overview.pictures.get(job.id), job.media, page)
        if thumbnails and picture:
            block["accessory"] = {"type": "image", **picture, "alt_text": alt_text(job)}
        yield block
        if Action.SEND in job.actions:
            yield {"type": "actions", "elements": [_button(HomeButton.SEND, LABELS[Action.SEND], job.id)]}


def _service(overview: HomeTabData) -> Iterator[Block]:
    if overview.usage is None and overview.quotas is None:
        return
    yield {"type": "divider"}
    if overview.usage is not None:
        yield from _facts(f"Studio · {overview.usage.title}", overview.usage)
    if overview.quotas is not None:
        yield from _facts("Quotas", overview.quotas)
        yield _context("`/reverie quotas set` changes them; `/reverie help quotas set` shows how.")
    pause = _button(HomeButton.PAUSE, "Pause")
    pause["confirm"] = {
        "title": plain_text("Pause the studio?", 100),
        "text": plain_text("Nothing new is taken or started in this workspace; what runs ends well.", 300),
        "confirm": plain_text("Pause", 30),
        "deny": plain_text("Leave it", 30),
    }
    yield {"type": "actions", "elements": [pause, _button(HomeButton.RESUME, "Resume")]}


def _facts(title: str, note: PrivateReply) -> Iterator[Block]:
    yield _header(title)
    if note.text:
        yield {"type": "section", "text": plain_text(note.text, _VALUE)}
    for label, value in note.fields[:_LINES]:
        yield _section(f"*{escape_line(label, _LABEL)}*\n{escape_line(value, _VALUE)}")
    yield from _more(len(note.fields) - _LINES)


def _jobs(views: Sequence[CardView]) -> list[tuple[CardView, JobView]]:
    return [(view, job) for view in views for job in view.jobs if job.phase is not JobPhase.GONE]


def _job(view: CardView, job: JobView, *facts: str, page: str | None = None) -> Block:
    prompt = escape_line(view.title or "Without words", _PROMPT)
    opened = f" · <{escape(page)}|Open>" if page is not None else ""
    about = " · ".join([escape_line(job.headline, _HEADLINE), *(escape_line(fact, _LABEL) for fact in facts)])
    return _section(f"*{prompt}*\n{PHASE_EMOJI[job.phase]} {about}{opened}")


def _picture(file: str | None, media: Media | None, page: str | None) -> Block | None:
    """Where Slack has the picture: its own file, else our page's, which it fetches itself."""
    if media is None:
        return None
    if file is not None:
        return {"slack_file": {"id": file}}
    if page is None or not page.startswith("https://"):
        return None
    return {"image_url": page.removesuffix("/view") + ("/still" if media.kind is MediaKind.VIDEO else "")}


def _more(count: int) -> Iterator[Block]:
    if count > 0:
        yield _context(f"… and {count} more")


def _header(text: str) -> Block:
    return {"type": "header", "text": plain_text(text, _HEADER)}


def _section(text: str) -> Block:
    return {"type": "section", "text": mrkdwn(text)}


def _context(text: str) -> Block:
    return {"type": "context", "elements": [mrkdwn(text)]}


def _button(action_id: HomeButton, label: str, value: str = "") -> Block:
    told = {"value": value} if value else {}
    return {"type": "button", "action_id": action_id.value, "text": plain_text(label, _LABEL), **told}
