"""What `reverie doctor` finds about the bucket of the media."""

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING

import httpx

from bot.domain.errors import MediaError
from bot.media.storage.bucket_location import bucket_of, has_links
from bot.service.plugin import Diagnosis, Severity
from bot.settings import Settings
from bot.tls import tls_context

if TYPE_CHECKING:
    from bot.media.storage.bucket_client import BucketClient

#: seconds for each request
_TIMEOUT_S = 20.0


async def bucket_findings(settings: Settings) -> AsyncIterator[Diagnosis]:
    """Store, read, link and remove an object of our own."""
    if settings.media_url is None:
        if not settings.database.startswith("sqlite"):
            yield Diagnosis(
                what=f"media are stored in {settings.data_dir / 'media'}, which all processes must share",
                level=Severity.WARNING,
                remedy="set REVERIE_MEDIA_URL to a bucket, or mount one folder for all; a single process "
                "needs neither",
            )
        return
    # The library is large, and needed for a bucket only.
    from bot.media.storage.bucket_client import AccessRefused, BucketClient  # noqa: PLC0415

    client = BucketClient(bucket_of(settings, settings.media_url))
    key, content = f"doctor-{os.urandom(8).hex()}", os.urandom(100)
    steps: tuple[tuple[str, str, Callable[[], Awaitable[object]]], ...] = (
        ("stored", "s3:PutObject", lambda: client.put(key, content, {})),
        ("read", "s3:GetObject", lambda: client.look(key)),
        ("listed", "s3:ListBucket", lambda: anext(client.listed())),
        ("removed", "s3:DeleteObject", lambda: client.remove(key)),
    )
    for done, right, step in steps:
        try:
            async with asyncio.timeout(_TIMEOUT_S):
                await step()
            if done == "read":
                yield await _link(settings, client, key, content)
        except (MediaError, TimeoutError) as error:
            yield Diagnosis(
                what=f"no file can be {done} in {client.bucket}: {error or 'it does not answer'}",
                level=Severity.FAULT,
                remedy=f"allow {right} to the bot in its policy (docs/operating.md has the whole policy)"
                if isinstance(error, AccessRefused)
                else "correct what it names, then run doctor again",
            )
            with suppress(MediaError, TimeoutError):
                async with asyncio.timeout(_TIMEOUT_S):
                    await client.remove(key)
            return
    yield Diagnosis(what=f"media are stored in {client.bucket}, which takes, lists, gives and removes files")


async def _link(settings: Settings, client: "BucketClient", key: str, content: bytes) -> Diagnosis:
    """Whether people could read a file under a signed URL of the bucket, as seen from here."""
    if not has_links(settings, client.bucket):
        return Diagnosis(what="people read media through the bot, not from the bucket")
    url = await client.sign(key, timedelta(minutes=1))
    try:
        # The proxy of the environment and its exceptions (NO_PROXY), as the bucket's own client has them.
        async with httpx.AsyncClient(verify=tls_context(), timeout=_TIMEOUT_S) as http:
            works = (await http.get(url)).content == content
    except httpx.HTTPError:
        works = False
    if works:
        return Diagnosis(what="people and providers read media from the bucket, by links that end")
    return Diagnosis(
        what="a signed link to the bucket does not work",
        level=Severity.FAULT,
        remedy="check the clock of this machine and AWS_REGION, or set REVERIE_MEDIA_REDIRECT=off",
    )
