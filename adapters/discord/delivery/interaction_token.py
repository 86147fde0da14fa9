"""How an interaction is answered: what the inlet leaves at a place for the outlet, sealed by the core."""

from typing import Self

from pydantic import BaseModel, ConfigDict, Field

#: how long an interaction's token lives
TOKEN_MS = 15 * 60_000
#: a request that leaves shortly before the end may arrive after it
_MARGIN_MS = 5_000
#: when it is time to say where the rest will come
_SOON_MS = 2 * 60_000


class Reach(BaseModel):
    """An interaction that can still be answered, and what is known about its place."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    #: id of the application, which the token's routes begin with
    application: str
    token: str = Field(repr=False)
    #: when the token ends, in milliseconds UTC
    until: int
    #: the response is a message of its own; False where it was an update of the message with the button
    original: bool = True
    #: only the asker sees the response, so no channel route ever reaches it
    ephemeral: bool = False
    #: the bot can see the place with its own token: not so by user install, in foreign guilds and group DMs
    lasting: bool = True
    #: bytes of one file, as the interaction said
    limit: int | None = None

    @classmethod
    def read(cls, text: str) -> Self | None:
        """Read what `write` wrote; None where a place has no interaction."""
        return cls.model_validate_json(text) if text else None

    def write(self) -> str:
        return self.model_dump_json()

    def lives(self, now: int) -> bool:
        return now < self.until - _MARGIN_MS

    def ends_soon(self, now: int) -> bool:
        return now >= self.until - _SOON_MS
