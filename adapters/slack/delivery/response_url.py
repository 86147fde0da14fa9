"""How an event is answered: what the inlet leaves at a place for the outlet, sealed by the core."""

from typing import Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

#: how long a response_url lives
RESPONSE_URL_MS = 30 * 60_000
#: a request that leaves shortly before the end may arrive after it
_MARGIN_MS = 5_000


class ReplyToken(BaseModel):
    """Whose workspace it is, and an event that can still be answered privately."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    #: the organisation that the workspace belongs to
    enterprise: str | None = None
    response_url: str | None = Field(default=None, repr=False)
    #: when the response_url ends, in milliseconds UTC
    until: int = 0

    @classmethod
    def read(cls, text: str) -> Self:
        """Read what `write` wrote; what cannot be read is nothing, and the card is shown without it."""
        try:
            return cls.model_validate_json(text) if text else cls()
        except ValidationError:
            return cls()

    def write(self) -> str:
        return self.model_dump_json()

    def answers(self, now: int) -> str | None:
        """Where something can still be said privately."""
        return self.response_url if now < self.until - _MARGIN_MS else None
