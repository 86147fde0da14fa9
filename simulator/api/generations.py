"""A generation and where it stands at a given moment: everything follows from its row and the clock."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from simulator.api.faults import FaultKind
from simulator.api.shape import Shape
from simulator.formats import GenerationState

#: share of a generation's time that it spends in the queue
_QUEUED_SHARE = 0.1
#: how far a duration strays from its model's usual one
_JITTER = 0.2


#: file name of the picture that stands for a film
POSTER = "thumbnail.jpg"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """A picture or film that a request builds on: somewhere on the web, or made here."""

    #: the field of the request that names it: `image_ref`, `media`, `frame0` …
    role: str
    url: str = ""
    #: id of an own film, in place of a URL
    generation: str | None = None
    #: influence from 0 to 1
    weight: float = 1.0
    #: how long a film behind the URL may be, in seconds; None where a picture is meant
    longest_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Generation:
    """One row of the database. Times are milliseconds UTC."""

    seq: int
    id: str
    account: str
    lane: str
    output: str
    model: str
    prompt: str
    request: str
    asset: str
    callback_url: str | None
    #: where the simulator was reached when this was created
    base_url: str
    created_at: int
    dreaming_at: int
    #: when it would end if nothing holds it up
    due_at: int
    #: when it ends; None while it waits for its references, or for ever when it is stuck
    ends_at: int | None
    #: told once it has ended
    failure_reason: str | None
    #: what was asked to go wrong with it
    fate: str | None
    #: in micro-dollars
    cost: int
    refunded: int
    #: JSON of its `Reference`s
    reference_urls: str
    awaits_references: int
    #: the last state that its callback was told
    announced: str | None
    #: when its callback is to be told next
    announce_at: int | None
    deleted_at: int | None
    #: of a film, in pixels and milliseconds
    width: int | None
    height: int | None
    duration_ms: int | None

    def state(self, now: int) -> GenerationState:
        if self.ends_at is not None and now >= self.ends_at:
            return GenerationState.FAILED if self.failure_reason else GenerationState.COMPLETED
        return GenerationState.DREAMING if now >= self.dreaming_at else GenerationState.QUEUED

    def ended(self, now: int) -> bool:
        return self.ends_at is not None and now >= self.ends_at

    @property
    def vanished(self) -> bool:
        return self.deleted_at is not None or self.fate == FaultKind.VANISH

    @property
    def references(self) -> tuple[Reference, ...]:
        return tuple(Reference(**reference) for reference in json.loads(self.reference_urls))

    @property
    def shape(self) -> Shape | None:
        if self.width is None or self.height is None or self.duration_ms is None:
            return None
        return Shape(width=self.width, height=self.height, duration_ms=self.duration_ms)

    @property
    def film_shape(self) -> Shape:
        """Its shape, where it is known to be a film."""
        shape = self.shape
        assert shape is not None  # noqa: S101 - every film was given one when it was created
        return shape

    @property
    def files(self) -> dict[str, str]:
        """File names of its assets, by the field that shows them."""
        return {"video": self.asset, "image": POSTER} if self.output == "video" else {"image": self.asset}

    def document(self, now: int, base_url: str | None = None) -> dict[str, Any]:
        """Show it the way the API does; `base_url` is where the simulator is reached."""
        state = self.state(now)
        shown: str = state
        if self.fate == FaultKind.UNKNOWN_STATE and not self.ended(now):
            shown = "polishing"
        place = f"{base_url or self.base_url}/assets/{self.id}"
        assets: dict[str, str | None] = {"video": None, "image": None, "progress_video": None}
        assets |= {field: f"{place}/{name}" for field, name in self.files.items()}
        return {
            "id": self.id,
            "generation_type": self.output,
            "type": self.output,
            "state": shown,
            "failure_reason": self.failure_reason if state is GenerationState.FAILED else None,
            "created_at": _iso(self.created_at),
            "assets": assets if state is GenerationState.COMPLETED else None,
            "model": _label(self.model),
            "request": json.loads(self.request),
        }


def timeline(identifier: str, usual_ms: int, created_at: int, speed: float) -> tuple[int, int]:
    """Say when a generation starts dreaming and when it is due; its id decides how fast it is."""
    chance = int(UUID(identifier).hex[:8], 16) / 0xFFFFFFFF
    duration = usual_ms * (1 - _JITTER + 2 * _JITTER * chance) / speed
    return created_at + round(duration * _QUEUED_SHARE), created_at + max(1, round(duration))


def _iso(at: int) -> str:
    return datetime.fromtimestamp(at / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _label(model: str) -> str:
    """The name that the API's models go by inside: photon-1 is photon-v1.0, those for films keep theirs."""
    family, _, version = model.rpartition("-")
    return f"{family}-v{version}.0" if family.startswith("photon") else model
