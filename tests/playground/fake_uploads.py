"""How the studio of the tests takes files in: by the real quota, into memory."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from bot.domain.errors import InvalidRequest, QuotaExhausted, Refused
from bot.domain.identity import Caller
from bot.domain.media import Media
from bot.media.incoming_quota import IncomingFull, IncomingQuota, IncomingShare
from tests.playground.painting import look_at


@dataclass(slots=True)
class FakeUploads:
    """What was brought along, by the name of its file."""

    files: dict[str, bytes] = field(default_factory=dict)
    media: dict[str, Media] = field(default_factory=dict)
    quota: IncomingQuota = field(default_factory=IncomingQuota)
    #: why nothing is taken before its body; None: it is
    refusal: Refused | None = None
    #: why nothing is kept after its body; None: it is
    failure: Exception | None = None

    @asynccontextmanager
    async def begin_upload(self, caller: Caller) -> AsyncIterator["FakeUpload"]:
        if self.refusal is not None:
            raise self.refusal
        try:
            with self.quota.upload_slot(caller.member), self.quota.share(caller.member) as share:
                yield FakeUpload(uploads=self, share=share)
        except IncomingFull as error:
            raise QuotaExhausted(str(error)) from error


@dataclass(frozen=True, slots=True, kw_only=True)
class FakeUpload:
    """One file on its way in."""

    uploads: FakeUploads
    share: IncomingShare

    def add(self, size: int) -> None:
        self.share.add(size)

    async def store(self, path: Path) -> Media:
        if self.uploads.failure is not None:
            raise self.uploads.failure
        content = await asyncio.to_thread(path.read_bytes)
        await asyncio.to_thread(path.unlink)
        file = hashlib.sha256(content).hexdigest()
        found = look_at(content)
        if found is None:
            raise InvalidRequest("This is neither a picture nor a video: send JPEG, PNG, HEIC, WebP or MP4.")
        mime, width, height, duration_ms = found
        self.uploads.files[file] = content
        media = Media(
            file=file, mime=mime, size=len(content), width=width, height=height, duration_ms=duration_ms
        )
        self.uploads.media[file] = media
        return media
