"""Faults that tests inject, including Slack's own error responses."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from tests.platforms.fake_discord.transport.faults import Fault as CommonFault


@dataclass(slots=True, kw_only=True)
class Fault(CommonFault):
    """Its pattern is a method's name, as `chat.*`, or a verb and a path, as `POST /upload/*`."""

    #: answered with status 200 in place of the truth, as `internal_error`
    error: str | None = None
    #: with `missing_scope`: which one
    needed: str | None = None
    #: what is answered in place of the truth, whatever it is: a page, a text, JSON of another shape
    body: bytes | None = None
    content_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)
