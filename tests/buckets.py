"""The buckets that tests run on: each test has an empty one, on the one server of the run.

Import the fixture into a `conftest.py`.
"""

import asyncio
import hashlib
import hmac
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self
from urllib.parse import parse_qsl, quote, urlsplit
from uuid import uuid4

import httpx
import pytest
from pydantic import SecretStr

from bot.media.storage.bucket import BucketStorage
from bot.media.storage.bucket_client import BucketClient
from bot.media.storage.bucket_location import Bucket
from bot.media.storage.cache import LocalCache
from bot.media.storage.folder import FileLocks
from tests.run_servers import run_server

KEY, SECRET_KEY, REGION = "AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "eu-central-1"


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenBucket:
    """An empty bucket."""

    endpoint: str
    name: str
    prefix: str = "media/of-tests"

    @property
    def url(self) -> str:
        return f"s3://{self.name}/{self.prefix}"

    @property
    def location(self) -> Bucket:
        return Bucket(
            name=self.name,
            prefix=self.prefix,
            endpoint=self.endpoint,
            region=REGION,
            access_key_id=SecretStr(KEY),
            secret_access_key=SecretStr(SECRET_KEY),
        )

    @property
    def settings(self) -> dict[str, Any]:
        """The fields of the bot's settings."""
        return {
            "media_url": self.url,
            "aws_access_key_id": SecretStr(KEY),
            "aws_secret_access_key": SecretStr(SECRET_KEY),
            "aws_region": REGION,
            "aws_endpoint_url": self.endpoint,
        }

    @property
    def environment(self) -> dict[str, str]:
        return {
            "REVERIE_MEDIA_URL": self.url,
            "AWS_ACCESS_KEY_ID": KEY,
            "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
            "AWS_REGION": REGION,
            "AWS_ENDPOINT_URL": self.endpoint,
        }

    def at(self, endpoint: str) -> "GivenBucket":
        """The same behind another address."""
        return replace(self, endpoint=endpoint)

    async def keys(self) -> list[str]:
        """The keys of its objects, without the prefix."""
        return [one.key async for page in BucketClient(self.location).listed() for one in page]


@contextmanager
def open_bucket(
    given: GivenBucket, folder: Path, *, links: bool = False, **cache: int
) -> Iterator[BucketStorage]:
    """A storage in the bucket, whose reservations are locks in a folder."""
    limits = {"max_bytes": 10**9} | cache
    copies = LocalCache(folder / "cache", **limits)
    try:
        yield BucketStorage(BucketClient(given.location), copies, FileLocks(folder / "locks"), links=links)
    finally:
        copies.close()


@pytest.fixture
def bucket() -> GivenBucket:
    server = run_server("tests.bucket_server")
    name = f"test-{uuid4().hex}"
    httpx.put(f"{server}/{name}", trust_env=False).raise_for_status()
    return GivenBucket(endpoint=server, name=name)


def signature_of(url: str) -> str:
    """The signature that a presigned URL must have, by the documentation of Amazon.

    https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html
    """
    parts = urlsplit(url)
    query = [(name, value) for name, value in parse_qsl(parts.query) if name != "X-Amz-Signature"]
    values = dict(query)
    canonical_query = "&".join(
        f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in sorted(query)
    )
    request = "\n".join(
        ["GET", parts.path, canonical_query, f"host:{parts.netloc}", "", "host", "UNSIGNED-PAYLOAD"]
    )
    scope = values["X-Amz-Credential"].partition("/")[2]
    signed = "\n".join(
        ["AWS4-HMAC-SHA256", values["X-Amz-Date"], scope, hashlib.sha256(request.encode()).hexdigest()]
    )
    key = f"AWS4{SECRET_KEY}".encode()
    for part in [*scope.split("/"), signed]:
        key = hmac.digest(key, part.encode(), "sha256")
    return key.hex()


class BucketProxy:
    """Stands before a server of buckets, and answers itself while a test wants the bucket to be at fault."""

    def __init__(self, endpoint: str) -> None:
        self._target = urlsplit(endpoint)
        self._answer: bytes | None = None
        self._most: int | None = None
        self._connections: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        self._hang_up()
        await asyncio.gather(*self._connections, return_exceptions=True)
        await self._server.wait_closed()

    def refuse(self, status: str = "403 Forbidden", code: str = "AccessDenied") -> None:
        body = f"<Error><Code>{code}</Code></Error>"
        self._answer = f"HTTP/1.1 {status}\r\ncontent-length: {len(body)}\r\n\r\n{body}".encode()
        self._hang_up()

    def break_off(self, size: int) -> None:
        """Break every connection off once so many bytes have come from the bucket."""
        self._most = size
        self._hang_up()

    def work(self) -> None:
        self._answer = self._most = None

    def _hang_up(self) -> None:
        for connection in self._connections:
            connection.cancel()

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = asyncio.create_task(self._serve(reader, writer))
        self._connections.add(connection)
        connection.add_done_callback(self._connections.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            if self._answer is not None:
                await reader.readuntil(b"\r\n\r\n")
                writer.write(self._answer)
                await writer.drain()
                return
            answers, sends = await asyncio.open_connection(self._target.hostname, self._target.port)
            try:
                async with asyncio.TaskGroup() as group:
                    sending = group.create_task(_copy(reader, sends))
                    await _copy(answers, writer, self._most)
                    sending.cancel()
            finally:
                sends.close()
        except* (ConnectionError, asyncio.IncompleteReadError):
            pass  # the other side had enough
        finally:
            writer.close()


async def _copy(source: asyncio.StreamReader, target: asyncio.StreamWriter, most: int | None = None) -> None:
    copied = 0
    while chunk := await source.read(65_536):
        target.write(chunk)
        await target.drain()
        copied += len(chunk)
        if most is not None and copied > most:
            return
