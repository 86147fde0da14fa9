"""Settings of the simulator; the default limits are those that the API documents."""

from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from simulator.formats import FPS, Lane


@dataclass(frozen=True, slots=True, kw_only=True)
class LaneLimits:
    #: generations in progress
    concurrent: int
    #: creates within any window of the rate limit
    per_minute: int


class SimulatorSettings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    #: the simulator's own SQLite file; assets and references are in a folder beside it
    database: Path
    #: divides every duration: 10 finishes a picture in a tenth of the documented time
    speed: float = Field(default=1.0, gt=0)
    #: opening balance of a new key, in US cents
    credit_cents: float = Field(default=100_000.0, ge=0)
    #: generations of a key that may be queued or dreaming at once
    image_concurrent: int = Field(default=40, ge=0)
    #: creates of a key within any `window_s`
    image_per_minute: int = Field(default=80, ge=0)
    #: the same for videos
    video_concurrent: int = Field(default=10, ge=0)
    video_per_minute: int = Field(default=20, ge=0)
    #: length of the sliding window of the rate limit
    window_s: float = Field(default=60.0, gt=0)
    #: delay until a new generation appears in the list
    list_lag_ms: int = Field(default=0, ge=0)
    #: makes the ids, and with them durations and pictures, follow from the order of the creates
    seed: int | None = None
    #: draws a stand-in for each reference that cannot be fetched
    offline_media: bool = False
    #: upscaling and audio change the generation of their video, instead of making a new one
    edits_keep_id: bool = False
    #: retries of a callback that was not answered with 200
    callback_retries: int = Field(default=3, ge=0)
    #: pause before a retry
    callback_retry_ms: int = Field(default=100, ge=0)
    callback_timeout_s: float = Field(default=5.0, gt=0)
    #: time limit for drawing or reading one picture
    render_timeout_s: float = Field(default=20.0, gt=0)
    #: frames drawn per second of video; fewer are cheaper and less smooth
    drawn_fps: int = Field(default=FPS, ge=1, le=FPS)
    #: time limit for rendering one video
    video_timeout_s: float = Field(default=240.0, gt=0)
    #: time limit for fetching one reference
    reference_timeout_s: float = Field(default=20.0, gt=0)
    #: attempts to fetch a reference
    reference_attempts: int = Field(default=3, ge=1)
    #: pause after an error of this machine, such as a full disk, before a retry
    error_pause_ms: int = Field(default=1_000, ge=1)

    @property
    def window_ms(self) -> int:
        return round(self.window_s * 1000)

    @property
    def media(self) -> Path:
        """The folder of references and finished files."""
        return self.database.with_name(f"{self.database.name}.media")

    def limits(self, lane: Lane) -> LaneLimits:
        if lane is Lane.IMAGE:
            return LaneLimits(concurrent=self.image_concurrent, per_minute=self.image_per_minute)
        return LaneLimits(concurrent=self.video_concurrent, per_minute=self.video_per_minute)
