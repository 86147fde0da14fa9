"""The base of everything that an admin has decided: who decided it, and when."""

from typing import Self

from pydantic import BaseModel, ConfigDict


class Decided(BaseModel):
    """A setting of a workspace's admins, stored as JSON with the workspace."""

    # A field of a newer version is ignored: an older process must still be able to read the rest.
    model_config = ConfigDict(frozen=True, extra="ignore")

    #: name of the admin; empty for a default
    by: str = ""
    #: milliseconds UTC
    at: int = 0

    def is_like(self, other: Self) -> bool:
        """Whether both say the same, whoever decided it."""
        return self._content() == other._content()

    def _content(self) -> dict[str, object]:
        return self.model_dump(exclude={"by", "at"})
