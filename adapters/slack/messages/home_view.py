"""The Home tab: quota, running jobs, recent jobs, and for admins the workspace."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

from adapters.chat.controls import PHASE_EMOJI
from adapters.chat.result_files import MediaLinker
from adapters.slack.messages.admin_forms import setup_button
from adapters.slack.messages.cards import thumbnail
from adapters.slack.messages.mrkdwn import (
    Block,
    escape,
    escape_line,
    local_time,
    mrkdwn,
    plain_text,
    with_moments,
)
from adapters.slack.messages.strings import ENGLISH
from bot.domain.cards.card import CardView, JobPhase, JobView
from bot.domain.cards.job_text import show_age
from bot.domain.jobs.actions import EMOJI, LABELS, Action
from bot.service.replies import PrivateReply

#: Slack's limits
_BLOCKS, _HEADER, _LABEL, _VALUE = 100, 150, 75, 1_000
_PROMPT, _HEADLINE = 150, 300
#: jobs and lines of each list; together they stay below 100 blocks
MAX_RUNNING, MAX_HISTORY, _LINES = 10, 8, 10
_SHOWN_FIELDS = ("Model", "Aspect ratio", "Length", "Price")
_SHOWN_ACTIONS = (Action.VARIATION, Action.ANIMATE, Action.EXTEND, Action.REFRAME, Action.SEND)
_HELP = (
    "Type `/imagine a red fox in the snow` in any channel that Reverie is in; `/imagine` alone opens a form. "
    "`/animate` and `/extend` make videos; `/reframe`, `/modify`, `/upscale` and `/audio` change results. "
    "In a thread write `@Reverie imagine …`. Use a result with the buttons or reactions under it: "
)

#: matches the action ids of all versions of the tab
HOME_ACTION_ID = r"home_[a-z]+"


class HomeButton(StrEnum):
    """A button of the Home tab; the member's value is its action id, and its own value a job's id."""

    REFRESH = "home_refresh"
    CANCEL = "home_cancel"
    SEND = "home_send"
    PAUSE = "home_pause"
    RESUME = "home_resume"


@dataclass(frozen=True, slots=True, kw_only=True)
class HomeTabData:
    """What one person's Home tab shows."""

    quota: PrivateReply
    running: PrivateReply
    history: PrivateReply
    #: of the workspace; for admins only
    usage: PrivateReply | None = None
    quotas: PrivateReply | None = None
    #: ids of Slack files, by job; for a video, its first frame
    pictures: Mapping[str, str] = field(default_factory=dict)
    #: the result of the button that was just pressed
    notice: str = ""


def home_view(data: HomeTabData, *, link: MediaLinker, now: int, thumbnails: bool = True) -> Block:
    """Render the whole view; without `thumbnails` it contains nothing that Slack has to fetch."""
    blocks = [
        *_header_blocks(data.notice),
        *_running(data.running),
        *_fields("Your quota", data.quota),
        *_history(data, link, now, thumbnails=thumbnails),
        *_workspace(data),
    ]
    return {"type": "home", "blocks": blocks[:_BLOCKS]}


def _header_blocks(notice: str) -> Iterator[Block]:
    if notice:
        yield {"type": "section", "text": plain_text(notice, _VALUE, emoji=True)}
        yield {"type": "divider"}
    yield _header("Create pictures and videos from text")
    actions = " ".join(f"{EMOJI[action]} {LABELS[action].lower()}" for action in _SHOWN_ACTIONS)
    yield {"type": "section", "text": mrkdwn(f"{_HELP}{actions}")}
    yield {"type": "actions", "elements": [_button(HomeButton.REFRESH, "Refresh")]}


def _running(reply: PrivateReply) -> Iterator[Block]:
    yield _header("Running jobs")
    if not reply.views:
        yield _section("No jobs are running.")
    for view, job in _jobs(reply.views)[:MAX_RUNNING]:
        block = _job(view, job)
        if job.cancellable:
            block["accessory"] = {**_button(HomeButton.CANCEL, "Cancel", job.id), "style": "danger"}
        yield block
    yield from _more(len(reply.views) - MAX_RUNNING)


def _history(data: HomeTabData, link: MediaLinker, now: int, *, thumbnails: bool) -> Iterator[Block]:
    yield _header("Your recent jobs")
    if not data.history.views:
        yield _section("No jobs yet.")
    for view, job in _jobs(data.history.views)[:MAX_HISTORY]:
        facts = [value for label, value in job.fields if label in _SHOWN_FIELDS]
        page = link(job.media) if job.media is not None else None
        block = _job(view, job, *facts, show_age(now - view.created_at), page=page)
        if thumbnails and (picture := thumbnail(job, data.pictures.get(job.id), page)):
            block["accessory"] = picture
        yield block
        if Action.SEND in job.actions:
            yield {"type": "actions", "elements": [_button(HomeButton.SEND, LABELS[Action.SEND], job.id)]}


def _workspace(data: HomeTabData) -> Iterator[Block]:
    if data.usage is None and data.quotas is None:
        return
    yield {"type": "divider"}
    if data.usage is not None:
        yield from _fields(f"Usage · {data.usage.title}", data.usage)
    if data.quotas is not None:
        yield from _fields("Quotas", data.quotas)
        yield _context("Change them with `/reverie quotas set`; see `/reverie help quotas set`.")
    pause = _button(HomeButton.PAUSE, "Pause")
    pause["confirm"] = {
        "title": plain_text("Pause this workspace?", 100),
        "text": plain_text(
            "New commands are refused and queued jobs do not start. Running jobs finish.", 300
        ),
        "confirm": plain_text("Pause", 30),
        "deny": plain_text("Cancel", 30),
    }
    yield {"type": "actions", "elements": [setup_button(), pause, _button(HomeButton.RESUME, "Resume")]}


def _fields(title: str, reply: PrivateReply) -> Iterator[Block]:
    yield _header(title)
    if reply.text:
        yield {"type": "section", "text": plain_text(reply.text, _VALUE)}
    for label, value in reply.fields[:_LINES]:
        yield _section(f"*{escape_line(label, _LABEL)}*\n{with_moments(escape_line(value, _VALUE))}")
    yield from _more(len(reply.fields) - _LINES)


def _jobs(views: Sequence[CardView]) -> list[tuple[CardView, JobView]]:
    return [(view, job) for view in views for job in view.jobs if job.phase is not JobPhase.GONE]


def _job(view: CardView, job: JobView, *facts: str, page: str | None = None) -> Block:
    prompt = escape_line(view.title or "No prompt", _PROMPT)
    open_link = f" · <{escape(page)}|Open>" if page is not None else ""
    expected = ENGLISH.expected.format(when=local_time(job.ready_at)) if job.ready_at is not None else ""
    status = replace(job.status, headline=escape_line(job.headline, _HEADLINE)).line(expected)
    details = " · ".join([status, *(escape_line(fact, _LABEL) for fact in facts)])
    return _section(f"*{prompt}*\n{PHASE_EMOJI[job.phase]} {details}{open_link}")


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
    optional = {"value": value} if value else {}
    return {"type": "button", "action_id": action_id.value, "text": plain_text(label, _LABEL), **optional}
