"""Messages as JSON: what is kept in the vault, and what a browser gets to see.

Kept is what stays true; links to pictures expire and are made whenever a message is sent.
"""

from collections.abc import Callable, Iterator
from typing import Any

from bot.domain.cards import CardView, JobView
from bot.engine.answers import Note

Message = dict[str, Any]

#: answers the address at which a file can be seen for a while
Link = Callable[[str], str]


def card_message(view: CardView, *, to: str | None) -> Message:
    """A revision of a card; `to` names the one person who sees it, None everybody."""
    return {
        "kind": "card",
        "card": view.card,
        "rev": view.rev,
        "to": to,
        "member": view.member,
        "name": view.member_name,
        "title": view.title,
        "at": view.created_at,
        "gone": view.gone,
        "jobs": [_job(job) for job in view.jobs],
    }


def _job(job: JobView) -> Message:
    picture = job.picture
    return {
        "id": job.id,
        "tone": job.tone,
        "headline": job.headline,
        "facts": job.facts,
        "running_since": job.running_since,
        "expected_ms": job.expected_ms,
        "picture": picture and {"file": picture.file, "width": picture.width, "height": picture.height},
        "alt": job.alt,
        "actions": job.actions,
        "cancellable": job.cancellable,
        "stars": job.stars,
        "parent": job.parent,
    }


def note_message(key: str, note: Note, *, to: str, at: int, said: str) -> Message:
    """A private answer to what was `said`."""
    return {
        "kind": "note",
        "id": key,
        "to": to,
        "at": at,
        "said": said,
        "refused": False,
        "title": note.title,
        "text": note.text,
        "facts": note.facts,
        "cards": [card_message(view, to=to) for view in note.views],
    }


def refusal_message(key: str, text: str, *, to: str, at: int, said: str) -> Message:
    """A private no, in words that tell what to do instead."""
    message = note_message(key, Note(title="That did not go through", text=text), to=to, at=at, said=said)
    return message | {"refused": True}


def said_message(card: str, text: str, *, to: str | None) -> Message:
    """What was typed or pressed to make a card."""
    return {"kind": "said", "card": card, "text": text, "to": to}


def sent(message: Message, link: Link) -> Message:
    """The message as a browser gets it: files have become links."""
    if message["kind"] == "card":
        return message | {"jobs": [_linked(job, link) for job in message["jobs"]]}
    if message["kind"] == "note":
        return message | {"cards": [sent(card, link) for card in message["cards"]]}
    return message


def _linked(job: Message, link: Link) -> Message:
    picture = job["picture"]
    if picture is None:
        return job
    shown = {"src": link(picture["file"]), "width": picture["width"], "height": picture["height"]}
    return job | {"picture": shown}


def seen_by(message: Message, name: str) -> bool:
    return message.get("to") in (None, name)


def present(messages: list[Message]) -> Iterator[Message]:
    """Those that have not been removed."""
    return (message for message in messages if not message.get("gone"))
