"""Messages as JSON records: what is stored, and what a page gets.

Only what stays true is stored. Links to media expire, so they are added each time a record is sent.
The names of fields and kinds are stored in the adapter data: records of earlier versions must stay readable.
"""

from base64 import b64encode
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from adapters.playground.messages.conversations import Channel
from bot.domain.cards.card import CardView, JobView
from bot.domain.cards.decisions import DecisionButton
from bot.domain.generations.media import Media
from bot.domain.jobs.job import UNTITLED
from bot.domain.money.pricing import Price
from bot.service.replies import LimitUse, PrivateReply, ReplyFile

Record = dict[str, Any]

#: title of every refusal
NOT_DONE = "That did not work"

#: returns an address under which a stored file can be loaded for a while
MediaLink = Callable[[str], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class UserMessage:
    """What a person typed, pressed or submitted."""

    text: str
    #: attached files, each with the name that the person gave it
    files: tuple[tuple[str, Media], ...] = ()
    #: job of the message that this replies to
    replied: str | None = None


def card_record(view: CardView, *, channel: Channel, to: str | None) -> Record:
    """Return a revision of a card. `to` names the one person who sees it; None means everybody."""
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
        "jobs": [_job_record(job) for job in view.jobs],
        "decisions": decision_records(view.decisions),
    }


def decision_records(buttons: Iterable[DecisionButton]) -> list[Record]:
    """Return the buttons under a held or reported job."""
    return [
        {
            "decision": one.decision,
            "label": one.label,
            "emoji": one.emoji,
            "destructive": one.destructive,
        }
        for one in buttons
    ]


def _job_record(job: JobView) -> Record:
    return {
        "id": job.id,
        "tone": job.phase,
        "headline": job.headline,
        "delay_reason": job.delay_reason,
        "facts": job.fields,
        #: width and height as requested, for the frame of its progress
        "shape": job.aspect_ratio.parts,
        "running_since": job.running_since,
        "expected_ms": job.expected_ms,
        "ready_at": job.ready_at,
        "media": job.media and media_record(job.media),
        "preview": job.preview and media_record(job.preview),
        "alt": job.alt,
        "spoiler": job.spoiler,
        #: what the editor of a prompt starts with
        "words": "" if job.alt in UNTITLED.values() else job.alt,
        "actions": job.actions,
        "prices": {action.value: price_record(price) for action, price in job.prices.by_action.items()},
        "labels": {action.value: text for action in job.actions if (text := job.prices.text(action))},
        "ratio_prices": {ratio.value: price_record(price) for ratio, price in job.prices.by_ratio.items()},
        "cancellable": job.cancellable,
        "stars": job.stars,
        "parent": job.parent,
        #: what a list says about it
        "listed": job.facts,
    }


def price_record(price: Price) -> Record:
    return {"text": price.text, "microusd": price.total}


def media_record(media: Media) -> Record:
    return {
        "kind": media.kind,
        "file": media.file,
        "still": media.poster,
        "width": media.width,
        "height": media.height,
        "duration_ms": media.duration_ms,
    }


def note_record(
    key: str, note: PrivateReply, *, channel: Channel, to: str | None, at: int, message: UserMessage
) -> Record:
    """Return the private reply to a message."""
    return {
        "kind": "note",
        "channel": channel,
        "id": key,
        "to": to,
        "at": at,
        "said": message.text,
        "files": _file_records(message),
        "refused": False,
        "title": note.title,
        "text": note.text,
        "facts": note.fields,
        #: the commands of the first facts, whose forms the page can open
        "commands": note.commands,
        "limits": [limit_record(limit) for limit in note.limits],
        "cards": [card_record(view, channel=channel, to=to) for view in note.views],
        "file": note.file and file_record(note.file),
        "more": next((one.page for one in note.pages if one.older), None),
    }


def file_record(file: ReplyFile) -> Record:
    """Return the file of a reply with its content in its address, which never expires."""
    content = b64encode(file.content).decode()
    return {
        "name": file.name,
        "alt": file.alt,
        "picture": file.is_picture,
        "address": f"data:{file.mime};base64,{content}",
    }


def limit_record(limit: LimitUse) -> Record:
    """Return a limit with the shares of it that are used and reserved."""
    return {
        "name": limit.name,
        "left": limit.left,
        "parts": limit.parts,
        "used": limit.used / limit.whole if limit.whole else 0,
        "reserved": limit.reserved / limit.whole if limit.whole else 0,
    }


def announcement_record(text: str, *, channel: Channel, at: int) -> Record:
    """Return a message of the bot itself to everybody."""
    note = PrivateReply(title="Reverie", text=text)
    return note_record(f"line-{at}", note, channel=channel, to=None, at=at, message=UserMessage(text=""))


def refusal_record(
    key: str, text: str, *, channel: Channel, to: str, at: int, message: UserMessage
) -> Record:
    """Return the private reply to a message that was refused; the text says what to do instead."""
    note = PrivateReply(title=NOT_DONE, text=text)
    return note_record(key, note, channel=channel, to=to, at=at, message=message) | {"refused": True}


def user_message_record(card: str, message: UserMessage, *, channel: Channel, to: str | None) -> Record:
    """Return the message that a card answers."""
    return {
        "kind": "said",
        "channel": channel,
        "card": card,
        "text": message.text,
        "files": _file_records(message),
        "replied": message.replied,
        "to": to,
    }


def _file_records(message: UserMessage) -> list[Record]:
    return [media_record(media) | {"name": name} for name, media in message.files]


def reaction_record(
    card: str, emoji: str, name: str, *, on: bool, channel: Channel, to: str | None, at: int
) -> Record:
    """Return a person's reaction to a card, added or removed."""
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


def with_links(record: Record, link: MediaLink) -> Record:
    """Return a record as a page gets it: with links in place of file ids."""
    match record["kind"]:
        case "card":
            return record | {"jobs": [_job_with_links(job, link) for job in record["jobs"]]}
        case "note":
            cards = [with_links(card, link) for card in record["cards"]]
            return record | {"cards": cards, "files": _files_with_links(record, link)}
        case "said":
            return record | {"files": _files_with_links(record, link)}
        case _:
            return record


def _job_with_links(job: Record, link: MediaLink) -> Record:
    # Records of older versions have no preview.
    files = {name: record for name in ("media", "preview") if (record := job.get(name)) is not None}
    return job | {name: media_with_links(record, link) for name, record in files.items()}


def _files_with_links(record: Record, link: MediaLink) -> list[Record]:
    return [media_with_links(file, link) for file in record["files"]]


def media_with_links(record: Record, link: MediaLink) -> Record:
    """Return a picture or video with links to the file and to its still image."""
    rest = {name: value for name, value in record.items() if name != "file"}
    return rest | {"src": link(record["file"]), "still": link(record["still"])}


def is_visible_to(record: Record, name: str) -> bool:
    return record.get("to") in (None, name)


def is_current(record: Record) -> bool:
    """Whether the message has not been deleted, and the reaction not been removed."""
    return not record.get("gone") and record.get("on", True)
