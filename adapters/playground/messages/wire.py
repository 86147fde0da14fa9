"""Messages as JSON: what is kept in the vault, and what a browser gets to see.

Kept is what stays true; links to pictures and videos expire and are made whenever a message is sent.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from adapters.playground.delivery.conversations import Channel
from bot.domain.cards import CardView, JobView
from bot.domain.jobs import UNTITLED
from bot.domain.media import Media
from bot.service.replies import PrivateReply

Message = dict[str, Any]

#: answers the address at which a file can be seen for a while
Link = Callable[[str], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What somebody typed, pressed or filled in."""

    text: str
    #: what came along, by the names of the files
    files: tuple[tuple[str, Media], ...] = ()
    #: job of the message that it replies to
    replied: str | None = None


def card_message(view: CardView, *, channel: Channel, to: str | None) -> Message:
    """A revision of a card; `to` names the one person who sees it, None everybody."""
    return {
        "kind": "card",
        "channel": channel,
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
    return {
        "id": job.id,
        "tone": job.phase,
        "headline": job.headline,
        "facts": job.fields,
        "running_since": job.running_since,
        "expected_ms": job.expected_ms,
        "ready_at": job.ready_at,
        "media": job.media and media_record(job.media),
        "alt": job.alt,
        #: what an edited prompt begins with
        "words": "" if job.alt in UNTITLED.values() else job.alt,
        "actions": job.actions,
        "cancellable": job.cancellable,
        "stars": job.stars,
        "parent": job.parent,
    }


def media_record(media: Media) -> Message:
    return {
        "kind": media.kind,
        "file": media.file,
        "still": media.poster,
        "width": media.width,
        "height": media.height,
        "duration_ms": media.duration_ms,
    }


def note_message(
    key: str, note: PrivateReply, *, channel: Channel, to: str | None, at: int, said: Said
) -> Message:
    """A private answer to what was `said`."""
    return {
        "kind": "note",
        "channel": channel,
        "id": key,
        "to": to,
        "at": at,
        "said": said.text,
        "files": _files(said),
        "refused": False,
        "title": note.title,
        "text": note.text,
        "facts": note.fields,
        "cards": [card_message(view, channel=channel, to=to) for view in note.views],
    }


def line_message(text: str, *, channel: Channel, at: int) -> Message:
    """A line of the bot's own, to everybody."""
    line = PrivateReply(title="Reverie", text=text)
    return note_message(f"line-{at}", line, channel=channel, to=None, at=at, said=Said(text=""))


def refusal_message(key: str, text: str, *, channel: Channel, to: str, at: int, said: Said) -> Message:
    """A private no, in words that tell what to do instead."""
    note = PrivateReply(title="That did not go through", text=text)
    return note_message(key, note, channel=channel, to=to, at=at, said=said) | {"refused": True}


def said_message(card: str, said: Said, *, channel: Channel, to: str | None) -> Message:
    """What was typed or pressed to make a card."""
    return {
        "kind": "said",
        "channel": channel,
        "card": card,
        "text": said.text,
        "files": _files(said),
        "replied": said.replied,
        "to": to,
    }


def _files(said: Said) -> list[Message]:
    return [media_record(media) | {"name": name} for name, media in said.files]


def reaction_message(
    card: str, emoji: str, name: str, *, on: bool, channel: Channel, to: str | None, at: int
) -> Message:
    """Somebody's emoji under a card, there or taken away again."""
    return {
        "kind": "reaction",
        "channel": channel,
        "card": card,
        "emoji": emoji,
        "name": name,
        "on": on,
        "to": to,
        "at": at,
    }


def sent(message: Message, link: Link) -> Message:
    """The message as a browser gets it: files have become links."""
    match message["kind"]:
        case "card":
            return message | {"jobs": [_linked(job, link) for job in message["jobs"]]}
        case "note":
            cards = [sent(card, link) for card in message["cards"]]
            return message | {"cards": cards, "files": _shown(message, link)}
        case "said":
            return message | {"files": _shown(message, link)}
        case _:
            return message


def _linked(job: Message, link: Link) -> Message:
    return job if job["media"] is None else job | {"media": shown(job["media"], link)}


def _shown(message: Message, link: Link) -> list[Message]:
    return [shown(record, link) for record in message["files"]]


def shown(record: Message, link: Link) -> Message:
    """A picture or a video with addresses of the thing itself and of what stands for it."""
    rest = {name: value for name, value in record.items() if name != "file"}
    return rest | {"src": link(record["file"]), "still": link(record["still"])}


def seen_by(message: Message, name: str) -> bool:
    return message.get("to") in (None, name)


def present(messages: Iterable[Message]) -> Iterator[Message]:
    """Those that have not been removed or taken back."""
    return (message for message in messages if not message.get("gone") and message.get("on", True))
