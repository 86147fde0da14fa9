"""Requests to an S3-compatible bucket, their errors in plain words, and whether it works at all.

Credentials are the usual AWS ones: the settings', else a role of the machine, the container or the pod, which
the library finds by itself.
"""

import asyncio
import hashlib
import time
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import obstore
from obstore.exceptions import BaseError, PermissionDeniedError, UnauthenticatedError
from obstore.store import S3Store

from bot.domain.errors import MediaError, MediaLost, ProcessingFailed
from bot.media.storage.bucket_location import Bucket

_MESSAGE = "The media bucket failed: {reason}."

if TYPE_CHECKING:  # they do not exist at run time
    from obstore.store import ClientConfig, RetryConfig, S3Config

#: bytes of the parts of a large upload, and how many of them are on their way at once
PART_BYTES, _PARTS_AT_ONCE = 8_000_000, 4
#: bytes of a download that are written at once
_DOWNLOAD_CHUNK = 4_000_000
#: the first bytes of a file, which say what it is
_BEGINNING = 64
#: keys in one page of a listing
_PAGE = 1_000
#: longest request, a whole download among them
_REQUEST_S = 600
#: the whole of a check, for health and the doctor
CHECK_S = 10.0

#: in the URLs from which machines get the credentials of their role
_METADATA = "/latest/"
_CREDENTIALS = (
    "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or give this machine a role that may use the bucket"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What an object is, without all of its content."""

    size: int
    beginning: bytes
    #: the Content-Type with which it is served
    content_type: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """An object in a listing."""

    key: str
    size: int
    #: milliseconds UTC
    changed_at: int


class AccessRefused(ProcessingFailed):
    """The bucket refuses access."""


class BucketClient:
    """Stores and reads objects by their keys below the prefix. All errors are `MediaError`s."""

    def __init__(self, bucket: Bucket, *, answer_s: float = 60.0, check_again_s: float = 5.0) -> None:
        """A part of an upload has to arrive, and an answer to begin, within `answer_s`.

        While the bucket does not work, it is asked again by whoever wants to know, after `check_again_s`.
        """
        self.bucket = bucket
        self._store = S3Store(
            bucket.name,
            prefix=bucket.prefix or None,
            config=_config(bucket),
            client_options=_client_options(bucket, timedelta(seconds=answer_s)),
            retry_config=_RETRIES,
        )
        self._fault: str | None = None
        self._check_again_s = check_again_s
        self._checked_at: float | None = None
        self._checking = asyncio.Lock()

    async def put(self, key: str, source: Path | bytes, attributes: Mapping[str, str]) -> None:
        """Store an object, in parts if it is large; nobody ever sees a part of it alone."""
        with self._translated():
            await obstore.put_async(
                self._store,
                key,
                source,
                attributes=dict(attributes),
                chunk_size=PART_BYTES,
                max_concurrency=_PARTS_AT_ONCE,
            )

    async def look(self, key: str) -> Seen:
        """Look at the beginning of an object; raises MediaLost."""
        # A HEAD request has no body, which would say whether the object or the whole bucket is missing.
        with self._translated():
            result = await obstore.get_async(self._store, key, options={"range": (0, _BEGINNING)})
            beginning = bytes(await result.bytes_async())
            kind = result.attributes.get("Content-Type")
            return Seen(size=result.meta["size"], beginning=beginning, content_type=kind)

    async def size(self, key: str) -> int:
        """Bytes of an object; raises MediaLost."""
        return (await self.look(key)).size

    async def download(self, key: str, target: Path) -> str:
        """Write an object to a new file; returns the digest of its content."""
        digest = hashlib.sha256()
        with self._translated():
            result = await obstore.get_async(self._store, key)
        # Outside, because a folder that is missing here is not a file that is missing there.
        file = await asyncio.to_thread(target.open, "xb")
        try:
            with self._translated():
                async for chunk in result.stream(min_chunk_size=_DOWNLOAD_CHUNK):
                    digest.update(chunk)
                    await asyncio.to_thread(file.write, chunk)
        finally:
            await asyncio.to_thread(file.close)
        return digest.hexdigest()

    async def remove(self, key: str) -> None:
        """Remove an object; one that is gone already is no error."""
        with self._translated():
            await obstore.delete_async(self._store, key)

    async def listed(self, folder: str | None = None) -> AsyncIterator[Sequence[Listed]]:
        """All objects in a folder, which is a whole part of keys, in pages sorted by key."""
        pages = obstore.list(self._store, prefix=folder, chunk_size=_PAGE)
        while True:
            with self._translated():
                try:
                    page = await anext(pages)
                except StopAsyncIteration:
                    return
            yield [
                Listed(
                    key=one["path"],
                    size=one["size"],
                    changed_at=round(one["last_modified"].timestamp() * 1000),
                )
                for one in page
            ]

    async def sign(self, key: str, lifetime: timedelta) -> str:
        """A URL under which anybody can read the object for a while."""
        with self._translated():
            return await obstore.sign_async(self._store, "GET", key, lifetime)

    async def fault(self) -> str | None:
        """Why the last request failed, where the bucket was at fault; it is asked again after a while."""
        if self._fault is None:
            return None
        async with self._checking:
            now, before = time.monotonic(), self._checked_at
            if self._fault is not None and (before is None or now - before >= self._check_again_s):
                await self._check()
                self._checked_at = time.monotonic()
        return self._fault

    async def _check(self) -> None:
        try:
            async with asyncio.timeout(CHECK_S):
                await self.look("check")
        except MediaError:
            return  # what it means has been recorded
        except TimeoutError:
            self._fault = f"{self.bucket} does not answer"

    @contextmanager
    def _translated(self) -> Iterator[None]:
        """Turn what the library raises into our errors, and record whether the bucket works.

        Messages of the library name URLs, so that only their meaning is shown.
        """
        try:
            yield
        except FileNotFoundError as error:
            if "NoSuchBucket" in str(error):
                raise self._failed(
                    f"there is no bucket {self.bucket.name}: check REVERIE_MEDIA_URL"
                ) from error
            self._fault = None
            raise MediaLost from error
        except BaseError as error:
            if _is_refusal(error):
                self._fault = f"{self.bucket} refuses access: check the bucket's policy, or {_CREDENTIALS}"
                raise AccessRefused(_MESSAGE.format(reason=self._fault)) from error
            raise self._failed(_reason(self.bucket, str(error))) from error
        else:
            self._fault = None

    def _failed(self, reason: str) -> ProcessingFailed:
        self._fault = reason
        return ProcessingFailed(_MESSAGE.format(reason=reason))


def _is_refusal(error: BaseError) -> bool:
    """Whether the bucket has refused a request; the library says so by its class for objects only."""
    status = _status(str(error))
    by_bucket = status in ("401", "403") and _METADATA not in str(error)
    return by_bucket or isinstance(error, PermissionDeniedError | UnauthenticatedError)


def _status(message: str) -> str | None:
    _, found, rest = message.partition("status code: ")
    return rest.split(maxsplit=1)[0] if found else None


def _reason(bucket: Bucket, message: str) -> str:
    """What an error of the library means, with its remedy."""
    if _METADATA in message or "credential" in message.lower():
        return f"there are no credentials for {bucket}: {_CREDENTIALS}"
    if "redirect" in message.lower() or "AuthorizationHeaderMalformed" in message:
        return f"{bucket} is in another region: set AWS_REGION to it"
    if (status := _status(message)) is not None:
        return f"{bucket} answers {status}, which is retried"
    where = bucket.endpoint or "Amazon S3"
    return f"{where} cannot be reached or is too slow: check the network, HTTPS_PROXY and AWS_ENDPOINT_URL"


_RETRIES: "RetryConfig" = {
    "max_retries": 3,
    "retry_timeout": timedelta(seconds=30),
    "backoff": {
        "init_backoff": timedelta(milliseconds=100),
        "max_backoff": timedelta(seconds=2),
        "base": 2,
    },
}


def _config(bucket: Bucket) -> "S3Config":
    # Not every service that calls itself compatible removes several objects in one request.
    config: S3Config = {"disable_bulk_delete": True}
    if bucket.has_host:
        config["virtual_hosted_style_request"] = True
    if bucket.endpoint is not None:
        config["endpoint"] = config["aws_endpoint_url_s3"] = bucket.endpoint
    if bucket.region is not None:
        config["region"] = bucket.region
    if bucket.access_key_id is not None:
        config["access_key_id"] = bucket.access_key_id.get_secret_value()
    if bucket.secret_access_key is not None:
        config["secret_access_key"] = bucket.secret_access_key.get_secret_value()
    if bucket.session_token is not None:
        config["session_token"] = bucket.session_token.get_secret_value()
    return config


def _client_options(bucket: Bucket, answer: timedelta) -> "ClientConfig":
    return {
        "allow_http": bucket.endpoint is not None and bucket.endpoint.startswith("http:"),
        "connect_timeout": timedelta(seconds=5),
        "read_timeout": answer,
        "timeout": timedelta(seconds=_REQUEST_S),
    }
