"""Discord's API errors and what to do about each.

Codes: https://discord.com/developers/docs/topics/opcodes-and-status-codes#json
"""

from enum import StrEnum
from http import HTTPStatus

from bot.domain.errors import ReverieError

TOO_LARGE, FILE_TOO_LARGE, ARCHIVED, EDITED_TOO_OFTEN = 40005, 50045, 50083, 30046
#: refused for now, whatever the status: Discord answers some of them with 400 or 403
TRY_LATER = {
    20016: "Discord slows this channel down",
    20022: "Discord slows down edits in this announcement channel",
    20028: "Discord slows this channel down",
    20029: "Discord slows this server down",
    EDITED_TOO_OFTEN: "This message was edited too often",
    40003: "Direct messages are being opened too fast",
    40004: "Discord has turned off sending messages for a while",
    40006: "Discord has turned off this feature for a while",
    40062: "Discord limits this resource",
    130000: "Discord is overloaded",
}


class ErrorAction(StrEnum):
    """What to do about an error when a card is delivered."""

    #: the target does not exist (any more): try another route
    GONE = "gone"
    #: the bot lacks a permission: try another route
    FORBIDDEN = "forbidden"
    #: a file is too large: send less
    TOO_LARGE = "too_large"
    #: the thread is archived: unarchive it first
    ARCHIVED = "archived"
    #: the message itself is invalid, now and on every route
    INVALID = "invalid"


_FORBIDDEN = {
    20009: "explicit content is not accepted there",
    20026: "Discord does not let the bot open new direct messages",
    50001: "the bot lacks View Channel",
    50005: "the message is not the bot's own",
    50007: "direct messages from the bot are closed",
    50008: "messages cannot be sent in this kind of channel",
    50013: "the bot lacks a permission",
    ARCHIVED: "the thread is archived",
    50024: "this cannot be done in this kind of channel",
    50278: "no server is shared with the bot any longer, so direct messages are closed",
    160005: "the thread is locked",
    200000: "the server's automatic moderation blocked the message",
    200001: "the server's automatic moderation blocked the message",
    240000: "Discord's filter for harmful links blocked the message",
}
_GONE = {
    10003: "the channel was deleted",
    10004: "the server was deleted",
    10008: "the message was deleted",
    10013: "the user does not exist any longer",
    10015: "the interaction has expired",
    10062: "the interaction has expired",
    50027: "the interaction has expired",
}


class ApiError(ReverieError):
    """Discord refused a request for good."""

    def __init__(self, *, status: int, code: int, text: str) -> None:
        super().__init__(f"{status} {code}: {text}")
        self.status = status
        #: 0 where Discord gave none
        self.code = code
        self.text = text

    @property
    def action(self) -> ErrorAction:
        if self.code in (TOO_LARGE, FILE_TOO_LARGE) or self.status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
            return ErrorAction.TOO_LARGE
        if self.code == ARCHIVED:
            return ErrorAction.ARCHIVED
        if self.code in _GONE or self.status == HTTPStatus.NOT_FOUND:
            return ErrorAction.GONE
        if self.code in _FORBIDDEN or self.status == HTTPStatus.FORBIDDEN:
            return ErrorAction.FORBIDDEN
        return ErrorAction.INVALID

    @property
    def reason(self) -> str:
        """The reason in words, as part of a sentence."""
        return (
            _FORBIDDEN.get(self.code) or _GONE.get(self.code) or f"Discord said: {self.text or self.status}"
        )
