"""A generation: its row, and the state that follows from the row and the clock."""

import json
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from simulator.formats import GenerationState, Lane, VideoShape
from simulator.generations.faults import FaultKind

#: share of a generation's duration that it is queued
_QUEUED_SHARE = 0.1
#: how far a duration deviates from the typical one of its model
_JITTER = 0.2


#: file name of a video's thumbnail
THUMBNAIL, PREVIEW = "thumbnail.jpg", "progress.mp4"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """A picture or video that a request builds on: a URL, or a video generated here."""

    #: the field of the request that names it: `image_ref`, `media`, `frame0` …
    role: str
    url: str = ""
    #: id of an own generation, in place of a URL
    generation: str | None = None
    #: id of an uploaded file, in place of a URL
    file: str | None = None
    #: influence from 0 to 1
    weight: float = 1.0
    #: longest video that the URL may have, in seconds; None where it is a picture
    longest_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewGeneration:
    """A valid create request of any kind, ready to be inserted."""

    lane: Lane
    #: `image` or `video`
    output: str
    model: str
    prompt: str
    #: the normalised request as it is echoed
    echo: dict[str, Any]
    references: tuple[Reference, ...]
    callback_url: str | None
    #: in micro-dollars; the upper bound while the source is not fetched yet
    price: int
    #: typical duration of the model, in milliseconds
    typical_ms: int
    #: file name of the asset
    asset: str
    #: of a video, as far as it is known; None for a picture
    shape: VideoShape | None = None
    #: id of the own video that it may be changed into, instead of becoming a new generation
    changes: str | None = None
    #: how long the client wants to wait for the finished generation; None answers at once
    wait_s: float | None = None


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
    #: address of the simulator in the create request
    base_url: str
    created_at: int
    dreaming_at: int
    #: when it ends unless references delay it
    due_at: int
    #: when it ends; None while it waits for its references, and always when it is stuck
    ends_at: int | None
    #: shown once it has ended
    failure_reason: str | None
    #: kind of the fault on demand, in the column `fate`
    fault: str | None
    #: in micro-dollars
    cost: int
    refunded: int
    #: JSON of its `Reference`s
    reference_urls: str
    awaits_references: int
    #: the last state that its callback has sent
    announced: str | None
    #: when its next callback is due
    announce_at: int | None
    deleted_at: int | None
    #: of a video, in pixels and milliseconds
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
    def is_hidden(self) -> bool:
        """Whether the API answers 404 for it."""
        return self.deleted_at is not None or self.fault == FaultKind.VANISH

    @property
    def references(self) -> tuple[Reference, ...]:
        return tuple(Reference(**reference) for reference in json.loads(self.reference_urls))

    @property
    def shape(self) -> VideoShape | None:
        if self.width is None or self.height is None or self.duration_ms is None:
            return None
        return VideoShape(width=self.width, height=self.height, duration_ms=self.duration_ms)

    @property
    def video_shape(self) -> VideoShape:
        """The shape, where it is known to be a video."""
        shape = self.shape
        assert shape is not None  # noqa: S101 - every video gets one when it is created
        return shape

    @property
    def files(self) -> dict[str, str]:
        """File names of its assets, by their field in the response."""
        return {"video": self.asset, "image": THUMBNAIL} if self.output == "video" else {"image": self.asset}

    @property
    def has_preview(self) -> bool:
        """Whether a film of its progress is shown while it is dreaming."""
        return bool(json.loads(self.request)["generation_type"] == "video")

    def _assets(self, state: GenerationState, folder: str) -> dict[str, str | None] | None:
        shown: dict[str, str | None] = {"video": None, "image": None, "progress_video": None}
        if state is GenerationState.COMPLETED:
            return shown | {field: f"{folder}/{name}" for field, name in self.files.items()}
        if state is GenerationState.DREAMING and self.has_preview:
            return shown | {"progress_video": f"{folder}/{PREVIEW}"}
        return None

    def document(self, now: int, base_url: str | None = None) -> dict[str, Any]:
        """Return it as the API shows it; `base_url` is the address of the simulator."""
        state = self.state(now)
        shown_state: str = state
        if self.fault == FaultKind.UNKNOWN_STATE and not self.ended(now):
            shown_state = "polishing"
        return {
            "id": self.id,
            "generation_type": self.output,
            "type": self.output,
            "state": shown_state,
            "failure_reason": self.failure_reason if state is GenerationState.FAILED else None,
            "created_at": _iso(self.created_at),
            "assets": self._assets(state, f"{base_url or self.base_url}/assets/{self.id}"),
            "model": _label(self.model),
            "request": json.loads(self.request),
        }


#: columns of the table, in the order of the fields; one has another name in existing files
COLUMNS = tuple({"fault": "fate"}.get(field.name, field.name) for field in fields(Generation))


def schedule(identifier: str, typical_ms: int, created_at: int, speed: float) -> tuple[int, int]:
    """Return when a generation starts dreaming and when it ends; its id decides the deviation."""
    fraction = int(UUID(identifier).hex[:8], 16) / 0xFFFFFFFF
    duration = typical_ms * (1 - _JITTER + 2 * _JITTER * fraction) / speed
    return created_at + round(duration * _QUEUED_SHARE), created_at + max(1, round(duration))


def _iso(at: int) -> str:
    return datetime.fromtimestamp(at / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _label(model: str) -> str:
    """The model's name in responses: photon-1 is shown as photon-v1.0, video models keep their names."""
    family, _, version = model.rpartition("-")
    return f"{family}-v{version}.0" if family.startswith("photon") else model
