"""A note as Slack shows it: what one person asked, answered within one message. Pure."""

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from adapters.chat.controls import PHASE_EMOJI, CardControl
from adapters.chat.text import sanitize_line
from adapters.slack.messages.buttons import BlockAction, button, choice_rows
from adapters.slack.messages.cards import BLOCKS, SECTION, TEXTS, Payload, UploadedMedia, render_card
from adapters.slack.messages.mrkdwn import Block, escape, escape_line, mrkdwn, plain_text, text_size
from adapters.slack.messages.strings import ENGLISH, Words
from bot.domain.cards import CardView
from bot.domain.errors import Refused
from bot.service.replies import PrivateReply

_TITLE, _LABEL, _VALUE, _PROMPT, _TEXT = 150, 100, 400, 150, 1_500
#: of a note's own text
_TEXT_LINES = 6

_Item = TypeVar("_Item")


def render_reply(note: PrivateReply, words: Words = ENGLISH, shown: UploadedMedia | None = None) -> Payload:
    """The whole message; one job is shown like its card, several as a list with a button each."""
    if len(note.views) == 1:
        return render_card(note.views[0], words=words, shown=shown)
    title = words.of(note.title)
    blocks: list[Block] = [{"type": "header", "text": plain_text(title, _TITLE)}]
    blocks += [_section(line) for line in words.of(note.text).splitlines()[:_TEXT_LINES] if line.strip()]
    room = TEXTS - text_size(blocks) - _TITLE
    facts = list(_within([_fact(*fact, words) for fact in note.fields], room, len))
    blocks += [{"type": "section", "text": mrkdwn(part)} for part in _joined(facts)]
    listed = [_listed(view, words) for view in note.views[: BLOCKS - 1 - len(blocks)]]
    listed = list(_within(listed, room - sum(map(len, facts)), lambda block: text_size([block])))
    blocks += listed
    left = len(note.fields) - len(facts) + len(note.views) - len(listed)
    if left:
        blocks.append(
            {"type": "context", "elements": [plain_text(words.left_out.format(count=left), _TITLE)]}
        )
    blocks += choice_rows(note.choices)
    line = f"{title}: {note.text}" if note.text else title
    return Payload(text=escape_line(line, SECTION), blocks=blocks)


def render_text(text: str) -> Payload:
    """A sentence of the core, in which people's words may stand."""
    shown = sanitize_line(text, _TEXT)
    return Payload(text=escape(shown), blocks=[_section(shown)])


def render_refusal(refusal: Refused) -> Payload:
    """Why something was not done, in words with the remedy."""
    return render_text(str(refusal))


def _section(text: str) -> Block:
    return {"type": "section", "text": plain_text(text, _TEXT)}


def _fact(label: str, value: str, words: Words) -> str:
    return f"*{escape_line(words.of(label), _LABEL)}*  {escape_line(words.of(value), _VALUE)}"


def _within(items: Sequence[_Item], room: int, size: Callable[[_Item], int]) -> Iterator[_Item]:
    """As many of the first as there is room for."""
    for item in items:
        room -= size(item)
        if room < 0:
            return
        yield item


def _joined(lines: Sequence[str]) -> list[str]:
    """Lines in as few texts as hold them."""
    parts: list[str] = []
    for line in lines:
        if parts and len(parts[-1]) + len(line) < SECTION:
            parts[-1] += f"\n{line}"
        else:
            parts.append(line)
    return parts


def _listed(view: CardView, words: Words) -> Block:
    job = view.jobs[0]
    title = sanitize_line(view.title, _PROMPT) or words.untitled
    line = f"{PHASE_EMOJI[job.phase]} {title} · {words.of(job.headline)}"
    pressed = BlockAction(verb=CardControl.OPEN, job=job.id, card=view.card)
    return {**_section(line), "accessory": button(pressed, words.show)}
