"""Downloads URLs from people and providers into files."""

import asyncio
import socket
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.cookiejar import CookieJar, DefaultCookiePolicy
from pathlib import Path
from types import TracebackType
from typing import Self

import httpx

from bot.domain.errors import MediaRefused, MediaUnavailable, ProcessingFailed
from bot.media.disk import disk_failure
from bot.media.download.body import FetchedFile, SpeedLimits, receive
from bot.media.download.transport import (
    OPTIONS,
    CheckedTransport,
    FetchOptions,
    FetchRules,
    check_certificate,
    origin,
    parsed,
)

_MAX_REDIRECTS = 5
#: only public addresses, no proxy
_NO_RULES, _SPEED = FetchRules(), SpeedLimits()
#: resolver errors that mean that the name does not exist; all others may be temporary
_UNKNOWN_NAME = frozenset(
    getattr(socket, name) for name in ("EAI_NONAME", "EAI_NODATA", "EAI_ADDRFAMILY") if hasattr(socket, name)
)
_HEADERS = {
    "accept": "*/*",
    # Media files are compressed already.
    "accept-encoding": "identity",
    "user-agent": "Reverie",
}


class Fetcher:
    """Downloads files over HTTP from the addresses that its rules allow."""

    def __init__(self, rules: FetchRules = _NO_RULES, *, speed: SpeedLimits = _SPEED) -> None:
        self._speed = speed
        self._transport = CheckedTransport(rules, head_s=speed.head_s)
        self._client = httpx.AsyncClient(
            transport=self._transport,
            trust_env=False,
            follow_redirects=True,
            max_redirects=_MAX_REDIRECTS,
            headers=_HEADERS,
            timeout=None,  # noqa: S113 - `fetch` limits the whole, the transport each part
            # Downloads share no cookies, so that servers cannot link them.
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
        )

    async def __aenter__(self) -> Self:
        await self._client.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._client.__aexit__(kind, error, trace)

    def check(self, url: str, *, from_platform: bool = False) -> None:
        """Raise MediaRefused for a URL that `fetch` would refuse without I/O.

        Addresses of the host and redirects are checked only by `fetch`.
        """
        self._transport.check(parsed(url), from_platform=from_platform)

    async def fetch(
        self,
        url: str,
        *,
        max_bytes: int,
        timeout_s: float,
        into: Path | None = None,
        admit: Callable[[int], None] = lambda _size: None,
        from_platform: bool = False,
        headers: Mapping[str, str] | None = None,
    ) -> FetchedFile:
        """Download a URL into a new file in the folder `into`, within `timeout_s` in total.

        `admit` is called from another thread with the number of bytes before they are written, and may raise.
        `from_platform` means that the URL comes from a configured provider or platform, not from a person:
        it may have a trusted origin, and a proxy may resolve its host.
        `headers` are sent only to the URL's own origin, since they may contain a key. Raises MediaRefused if
        a retry cannot succeed, MediaUnavailable if it may.
        """
        target = parsed(url)
        options = FetchOptions(from_platform=from_platform, headers=headers or {}, origin=origin(target))
        try:
            async with asyncio.timeout(timeout_s):
                with _translated():
                    async with self._client.stream("GET", target, extensions={OPTIONS: options}) as response:
                        return await receive(
                            response, max_bytes=max_bytes, speed=self._speed, into=into, admit=admit
                        )
        except TimeoutError as error:
            raise MediaUnavailable(f"The file did not arrive within {timeout_s:g} s.") from error


@contextmanager
def _translated() -> Iterator[None]:
    """Translate errors of sockets, resolvers and disks; the messages contain no addresses."""
    try:
        yield
    except httpx.TooManyRedirects as error:
        raise MediaRefused("This URL redirects too often.") from error
    except httpx.TransportError as error:
        check_certificate(error)
        raise MediaUnavailable("The connection to the server of this URL failed.") from error
    except socket.gaierror as error:
        if error.errno in _UNKNOWN_NAME:
            raise MediaRefused(
                "The host of this URL does not exist: check the spelling of the address."
            ) from error
        raise MediaUnavailable("The host of this URL could not be looked up just now.") from error
    except UnicodeError as error:
        raise MediaRefused("This is not a valid URL.") from error
    except OSError as error:
        text = disk_failure(error.errno) or "The file could not be written to our storage."
        raise ProcessingFailed(text) from error
