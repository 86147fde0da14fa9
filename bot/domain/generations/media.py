"""Pictures and videos: files in our storage, and the references of requests to them."""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, model_validator

from bot.domain.generations.models import AspectRatio, nearest_ratio

_VIDEO_NAME = re.compile(r"\.(mp4|m4v|mov|qt|webm|mkv|avi|3gp|3g2)\Z", re.IGNORECASE)
URL_MAX = 2_000


class MediaKind(StrEnum):
    PICTURE = "picture"
    VIDEO = "video"


@dataclass(frozen=True, slots=True, kw_only=True)
class Media:
    """A picture or a video in our storage."""

    #: its name in the storage: SHA-256 of the content
    file: str
    mime: str
    #: bytes
    size: int
    #: pixels, as shown
    width: int
    height: int
    #: length of a video; None for a picture
    duration_ms: int | None = None

    @property
    def kind(self) -> MediaKind:
        return MediaKind.PICTURE if self.duration_ms is None else MediaKind.VIDEO

    @property
    def poster(self) -> str:
        """Name in the storage of its still picture: the first frame of a video."""
        return self.file if self.kind is MediaKind.PICTURE else f"{self.file}.still"

    @property
    def aspect_ratio(self) -> AspectRatio:
        return nearest_ratio(self.width, self.height)


class Reference(BaseModel):
    """An input of a request: exactly one of a job's result, a stored file and an address.

    An address is fetched into a file while the job is prepared. It is kept beside the file, because a
    provider that cannot reach the bot fetches the address itself.
    """

    # Stored jobs hold the alias.
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True, serialize_by_alias=True)

    #: id of the job whose result is meant
    job: str | None = None
    #: only the first frame of the job's video is meant
    first_frame_only: Annotated[bool, Field(alias="still")] = False
    file: Media | None = None
    url: Annotated[str, Field(max_length=URL_MAX)] | None = None
    #: the adapter whose platform hosts the address as its own file; empty for any other address
    via: str = ""
    #: its kind; a guess until it has been probed
    kind: MediaKind = MediaKind.PICTURE
    #: influence from 0 to 1; None: the provider's default
    weight: Annotated[float, Field(ge=0, le=1)] | None = None

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if (self.job is None) == (self.file is None and self.url is None):
            raise ValueError("a reference is a job, or a file or an address")
        return self

    @property
    def key(self) -> str:
        """Its name among the references of one request."""
        if self.job is not None:
            return f"{self.job}/still" if self.first_frame_only else self.job
        return self.url or (self.file.file if self.file else "")

    @property
    def pending(self) -> bool:
        """Whether it must be fetched before the request can be sent."""
        return self.job is None and self.file is None

    @classmethod
    def of(cls, media: Media) -> Self:
        """Refer to a stored file."""
        return cls(file=media, kind=media.kind)


def kind_of_address(url: str) -> MediaKind:
    """The kind that an address has by its file name; the fetched file is probed later."""
    return MediaKind.VIDEO if _VIDEO_NAME.search(urlsplit(url).path) else MediaKind.PICTURE
