"""Interactions: one response within 3 s, follow-ups for 15 minutes."""

from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any

from tests.platforms.fake_discord.rules.refusals import Refusal
from tests.platforms.fake_discord.state.messages import Message
from tests.platforms.fake_discord.state.places import Channel, User

TOKEN_LIFE_MS = 15 * 60_000
#: follow-ups where only the person has installed the app
_FOLLOW_UPS = 5


class InteractionType(IntEnum):
    COMMAND = 2
    COMPONENT = 3
    AUTOCOMPLETE = 4
    MODAL = 5


class Callback(IntEnum):
    MESSAGE = 4
    DEFERRED_MESSAGE = 5
    DEFERRED_UPDATE = 6
    UPDATE = 7
    CHOICES = 8
    MODAL = 9


_FITTING = {
    InteractionType.COMMAND: {Callback.MESSAGE, Callback.DEFERRED_MESSAGE, Callback.MODAL},
    InteractionType.COMPONENT: set(Callback) - {Callback.CHOICES},
    InteractionType.AUTOCOMPLETE: {Callback.CHOICES},
    InteractionType.MODAL: {Callback.MESSAGE, Callback.DEFERRED_MESSAGE},
}


@dataclass(slots=True, kw_only=True, eq=False)
class Interaction:
    id: int
    token: str
    kind: InteractionType
    user: User
    channel: Channel
    #: the command's, component's or form's own part of the event
    data: dict[str, Any]
    created_ms: int
    ack_within_ms: int
    #: the message that carries the component
    source: Message | None = None
    #: what opened this form
    opened_by: "Interaction | None" = None
    #: only the person has installed the app here, not the guild
    by_user_install: bool = False
    callback: Callback | None = None
    acknowledged_ms: int | None = None
    original: Message | None = None
    follow_ups: list[Message] = field(default_factory=list)
    choices: list[dict[str, Any]] = field(default_factory=list)
    modal: dict[str, Any] | None = None

    @property
    def file_limit(self) -> int:
        return max(self.channel.file_limit, self.user.file_limit)

    def fits(self, callback: Callback) -> bool:
        if self.kind is InteractionType.MODAL and self.source is not None:
            return callback in _FITTING[InteractionType.MODAL] | {Callback.DEFERRED_UPDATE, Callback.UPDATE}
        return callback in _FITTING[self.kind]

    def may_acknowledge(self, now_ms: int) -> None:
        """Refuse a second answer and one that comes too late."""
        if self.callback is not None:
            raise Refusal(40060)
        if now_ms - self.created_ms > self.ack_within_ms:
            raise Refusal(10062)

    def may_follow_up(self, now_ms: int) -> None:
        """Refuse what needs a living token."""
        if now_ms - self.created_ms >= TOKEN_LIFE_MS:
            raise Refusal(50027)
        if self.callback is None:
            raise Refusal(10015)

    def has_room(self) -> None:
        """Refuse a sixth follow-up where only the person has installed the app."""
        if self.by_user_install and len(self.follow_ups) >= _FOLLOW_UPS:
            raise Refusal(40094)

    def answer(self, message_id: str) -> Message:
        """Find one of its messages, or the ephemeral one of its button, by id or as `@original`."""
        if message_id == "@original":
            found = self.original
        else:
            pressed = [self.source] if self.source is not None and self.source.ephemeral else []
            mine = [*([self.original] if self.original else []), *self.follow_ups, *pressed]
            found = next((message for message in mine if str(message.id) == message_id), None)
        if found is None or found.deleted:
            raise Refusal(10008)
        return found
