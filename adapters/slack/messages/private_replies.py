"""A private reply as one Slack message."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

from adapters.chat.controls import PHASE_EMOJI, CardControl
from adapters.chat.text import code_block, sanitize_line
from adapters.slack.messages.admin_forms import key_row, setup_row
from adapters.slack.messages.buttons import (
    BlockAction,
    button,
    choice_rows,
    forms_row,
    open_row,
    page_row,
    pending_row,
)
from adapters.slack.messages.cards import (
    ALT_TEXT,
    MAX_BLOCKS,
    MAX_TEXT,
    SECTION,
    Payload,
    UploadedMedia,
    render_card,
)
from adapters.slack.messages.mrkdwn import (
    Block,
    escape,
    escape_line,
    mrkdwn,
    plain_text,
    text_size,
    with_moments,
)
from adapters.slack.messages.strings import (
    ENGLISH,
    GENERAL_COMMAND,
    SlackStrings,
    reply_with_slack_commands,
    with_slack_commands,
)
from bot.domain.cards.card import CardView
from bot.domain.command_text.job_settings import JobSettings
from bot.domain.errors import Refused
from bot.domain.ids import short_id
from bot.domain.text import moment
from bot.service.replies import PrivateReply

_TITLE, _LABEL, _VALUE, _PROMPT, _TEXT = 150, 100, 400, 150, 1_500
#: blocks of a reply's own text
_TEXT_BLOCKS = 6

_Item = TypeVar("_Item")


def render_reply(
    reply: PrivateReply,
    strings: SlackStrings = ENGLISH,
    media: UploadedMedia | None = None,
    picture: str | None = None,
    thumbnails: Mapping[str, Block] | None = None,
) -> Payload:
    """Render the whole message: one job like its card, several as a list with a button each.

    `picture` is the Slack file of its picture, `thumbnails` the pictures of a list by job.
    """
    if reply.listed:
        return _list(reply, strings, thumbnails or {})
    if len(reply.views) == 1 and reply.file is None:
        card = render_card(reply.views[0], strings=strings, media=media)
        return (
            card if reply.settings is None else _with_settings(card, reply.views[0], reply.settings, strings)
        )
    reply = reply_with_slack_commands(reply)
    title = reply.title
    blocks: list[Block] = [{"type": "header", "text": plain_text(title, _TITLE)}]
    blocks += map(_section, _text_lines(reply.text))
    available = MAX_TEXT - text_size(blocks) - _TITLE
    fields = list(_fitting([_field(*fact) for fact in reply.fields], available, len))
    blocks += [{"type": "section", "text": mrkdwn(text)} for text in _joined(fields)]
    jobs = [_job(view, strings) for view in reply.views[: MAX_BLOCKS - 1 - len(blocks)]]
    jobs = list(_fitting(jobs, available - sum(map(len, fields)), lambda block: text_size([block])))
    blocks += jobs
    left_out = len(reply.fields) - len(fields) + len(reply.views) - len(jobs)
    if left_out:
        more = plain_text(strings.left_out.format(count=left_out), _TITLE)
        blocks.append({"type": "context", "elements": [more]})
    if reply.commands:
        blocks.append(forms_row(reply.commands, strings.forms))
    blocks += choice_rows(reply.choices)
    if reply.asks_for_key:
        blocks.append(key_row())
    if picture is not None and reply.file is not None:
        alt = sanitize_line(reply.file.alt, ALT_TEXT)
        blocks.append({"type": "image", "slack_file": {"id": picture}, "alt_text": alt})
    if reply.pending is not None:
        blocks.append(pending_row(reply.pending, strings))
    if reply.setup is not None:
        blocks.append(setup_row("Change"))
    summary = f"{title}: {reply.text}" if reply.text else title
    return Payload(text=with_moments(escape_line(summary, SECTION)), blocks=blocks)


def _with_settings(card: Payload, view: CardView, settings: JobSettings, strings: SlackStrings) -> Payload:
    """The card of one job, with its command to be copied and a button that opens it as a form."""
    line = escape(f"{GENERAL_COMMAND} {settings.line.removeprefix('/')}")
    action = BlockAction(verb=CardControl.SETTINGS, job=view.jobs[0].id, card=view.card)
    added: list[Block] = [
        {"type": "section", "text": mrkdwn(code_block(line, SECTION))},
        {"type": "actions", "elements": [button(action, f"⚙️ {strings.settings}")]},
    ]
    if len(card.blocks) + len(added) > MAX_BLOCKS or text_size([*card.blocks, *added]) > MAX_TEXT:
        return card
    return replace(card, blocks=[*card.blocks, *added])


def _list(reply: PrivateReply, strings: SlackStrings, thumbnails: Mapping[str, Block]) -> Payload:
    """A page of a list, with a select that shows one job."""
    header: Block = {"type": "header", "text": plain_text(reply.title, _TITLE)}
    rows = [open_row(reply.views, strings), *page_row(reply.pages)]
    items = [_listed(number, view, strings, thumbnails) for number, view in enumerate(reply.views, 1)]
    available = MAX_TEXT - text_size([header, *rows])
    shown = list(_fitting(items[: MAX_BLOCKS - 3 - len(rows)], available, lambda block: text_size([block])))
    more: list[Block] = []
    if reply.link:
        more.append({"type": "context", "elements": [mrkdwn(f"<{escape(reply.link)}|{strings.page}>")]})
    if left_out := len(items) - len(shown):
        text = plain_text(strings.left_out.format(count=left_out), _TITLE)
        more.append({"type": "context", "elements": [text]})
    return Payload(text=escape_line(reply.title, SECTION), blocks=[header, *shown, *more, *rows])


def _listed(number: int, view: CardView, strings: SlackStrings, thumbnails: Mapping[str, Block]) -> Block:
    (job,) = view.jobs
    title = escape_line(view.title, _PROMPT) or strings.untitled
    facts = escape_line(" · ".join(job.facts), _VALUE)
    date = with_moments(escape_line(moment(view.created_at), _VALUE))
    headline = escape_line(job.headline, _PROMPT)
    text = f"*{number} · {title}*\n{PHASE_EMOJI[job.phase]} {headline}\n{facts} · {date}"
    block: Block = {"type": "section", "text": mrkdwn(text)}
    if (picture := thumbnails.get(job.id)) is not None:
        block["accessory"] = picture
    return block


def render_text(text: str) -> Payload:
    """Render a sentence of the core, which may contain people's text."""
    line = sanitize_line(text, _TEXT)
    return Payload(text=escape(line), blocks=[_section(line)])


def render_refusal(refusal: Refused) -> Payload:
    """Render why something was not done, with the remedy."""
    return render_text(with_slack_commands(str(refusal)))


def _text_lines(text: str) -> list[str]:
    """The lines of a text; those for which there are no blocks share the last one."""
    lines = [line for line in text.splitlines() if line.strip()]
    rest = " ".join(lines[_TEXT_BLOCKS - 1 :])
    return [*lines[: _TEXT_BLOCKS - 1], *filter(None, (rest,))]


def _section(text: str) -> Block:
    shown = with_moments(escape_line(text, _TEXT))
    if shown != escape_line(text, _TEXT):
        # Only formatted text shows a moment in the reader's time zone.
        return {"type": "section", "text": mrkdwn(shown)}
    return {"type": "section", "text": plain_text(text, _TEXT)}


def _field(label: str, value: str) -> str:
    return f"*{escape_line(label, _LABEL)}*  {with_moments(escape_line(value, _VALUE))}"


def _fitting(items: Sequence[_Item], available: int, size: Callable[[_Item], int]) -> Iterator[_Item]:
    """The first items that fit."""
    for item in items:
        available -= size(item)
        if available < 0:
            return
        yield item


def _joined(lines: Sequence[str]) -> list[str]:
    """Join lines into as few section texts as possible."""
    texts: list[str] = []
    for line in lines:
        if texts and len(texts[-1]) + len(line) < SECTION:
            texts[-1] += f"\n{line}"
        else:
            texts.append(line)
    return texts


def _job(view: CardView, strings: SlackStrings) -> Block:
    job = view.jobs[0]
    title = sanitize_line(view.title, _PROMPT) or strings.untitled
    line = f"{PHASE_EMOJI[job.phase]} {title} · #{short_id(job.id)} · {job.headline}"
    action = BlockAction(verb=CardControl.OPEN, job=job.id, card=view.card)
    return {**_section(line), "accessory": button(action, strings.show)}
