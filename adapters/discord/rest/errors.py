"""What Discord's error codes mean for a card on its way.

The codes: https://discord.com/developers/docs/topics/opcodes-and-status-codes#json
"""

from enum import StrEnum

from bot.domain.errors import ReverieError

TOO_LARGE, ARCHIVED, EDITED_TOO_OFTEN, WRONG_TOKEN = 40005, 50083, 30046, 50027


class Meaning(StrEnum):
    """What is to be done about a refusal."""

    #: what the way leads to is not there, or no longer; take another way
    GONE = "gone"
    #: the bot may not; another way may be open
    FORBIDDEN = "forbidden"
    #: a file is too large: send less
    TOO_LARGE = "too_large"
    #: the thread sleeps: wake it first
    ARCHIVED = "archived"
    #: the message itself is not accepted, and will not be later or elsewhere
    WRONG = "wrong"


_FORBIDDEN = {
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
}
_GONE = {
    10003: "the channel is gone",
    10004: "the server is gone",
    10008: "the message was deleted",
    10013: "the person is gone",
    10015: "the answer is over",
    10062: "the answer is over",
    50027: "the answer is over",
}


class Refusal(ReverieError):
    """Discord refused a request for good."""

    def __init__(self, *, status: int, code: int, text: str) -> None:
        super().__init__(f"{status} {code}: {text}")
        self.status = status
        #: 0 where Discord gave none
        self.code = code
        self.text = text

    @property
    def meaning(self) -> Meaning:
        if self.code == TOO_LARGE or self.status == 413:  # noqa: PLR2004 - Payload Too Large
            return Meaning.TOO_LARGE
        if self.code == ARCHIVED:
            return Meaning.ARCHIVED
        if self.code in _GONE or self.status == 404:  # noqa: PLR2004 - Not Found
            return Meaning.GONE
        if self.code in _FORBIDDEN or self.status == 403:  # noqa: PLR2004 - Forbidden
            return Meaning.FORBIDDEN
        return Meaning.WRONG

    @property
    def told(self) -> str:
        """The reason in words, as part of a sentence."""
        return (
            _FORBIDDEN.get(self.code) or _GONE.get(self.code) or f"Discord said: {self.text or self.status}"
        )
