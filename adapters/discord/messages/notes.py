"""A note as Discord shows it: what one person asked, answered within one message. Pure."""

from collections.abc import Sequence

from adapters.chat.controls import PHASE_EMOJI
from adapters.discord.messages.buttons import Component, chooser, questions
from adapters.discord.messages.cards import DESCRIPTION, EMBED, TITLE, Payload, render
from adapters.discord.messages.examples import spelled
from adapters.discord.messages.markdown import as_text
from adapters.discord.messages.strings import ENGLISH, Words
from adapters.discord.rest.permissions import Lacking
from bot.domain.cards import CardView
from bot.domain.errors import Refused
from bot.service.replies import PrivateReply

_COLOUR = 0x5865F2
_FIELDS, _FIELD_NAME, _FIELD = 25, 256, 1024
#: of a job's words in a list of fifty, escaped: with its mark and its time no line takes more than 75
_PROMPT = 50
_TEXT = 2_000
#: characters that Discord shows of one content
_CONTENT = 2_000


def render_note(note: PrivateReply, words: Words = ENGLISH) -> Payload:
    """The whole message; one job is shown like its card, several as a list to choose from."""
    if len(note.views) == 1:
        return render(note.views[0], words=words)
    text = "\n".join(as_text(words.of(line), _TEXT) for line in note.text.splitlines())
    lines = [line for line in (text[:_TEXT], *_lines(note.views)) if line]
    embed: Payload = {
        "title": as_text(words.of(note.title), TITLE),
        "description": "\n".join(lines)[:DESCRIPTION],
        "color": _COLOUR,
        "fields": [_field(words.of(spelled(label)), value) for label, value in note.fields[:_FIELDS]],
    }
    _fit(embed, len(note.fields), words)
    return _message(embeds=[embed], components=[*chooser(note.views, words), *questions(note.choices)])


def say(text: str, *, components: Sequence[Component] = ()) -> Payload:
    """A sentence of the core, in which people's words may stand."""
    return say_formatted(as_text(text, _CONTENT), components=components)


def say_formatted(text: str, *, components: Sequence[Component] = ()) -> Payload:
    """A sentence of this adapter's own, in Discord's formatting."""
    return _message(content=text[:_CONTENT], components=components)


def refused(refusal: Refused) -> Payload:
    """Why something was not done, in words with the remedy."""
    return say_formatted(str(refusal)) if isinstance(refusal, Lacking) else say(str(refusal))


def _message(
    *, content: str = "", embeds: Sequence[Payload] = (), components: Sequence[Component] = ()
) -> Payload:
    return {
        "content": content,
        "embeds": list(embeds),
        "components": list(components),
        "allowed_mentions": {"parse": []},
    }


def _lines(views: Sequence[CardView]) -> list[str]:
    return [
        f"{PHASE_EMOJI[job.phase]} {as_text(view.title, _PROMPT)} · <t:{view.created_at // 1000}:R>"
        for view in views
        for job in view.jobs
    ]


def _field(label: str, value: str) -> Payload:
    name, shown = as_text(label, _FIELD_NAME), as_text(value, _FIELD)
    return {"name": name or "\u200b", "value": shown or "\u200b", "inline": False}


def _fit(embed: Payload, count: int, words: Words) -> None:
    """Leave out last fields until Discord's limits are kept, and say how many."""
    fields = embed["fields"]
    while True:
        if left := count - len(fields):
            embed["footer"] = {"text": words.left_out.format(count=left)}
        if not fields or _size(embed) <= EMBED:
            return
        fields.pop()


def _size(embed: Payload) -> int:
    texts = [embed["title"], embed["description"], embed.get("footer", {}).get("text", "")]
    return sum(map(len, texts)) + sum(len(one["name"]) + len(one["value"]) for one in embed["fields"])
