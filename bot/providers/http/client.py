"""HTTP client of one account at a generation API. Sends each request once and never repeats it."""

import asyncio
import ipaddress
import re
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from types import MappingProxyType

import httpx
import orjson
from pydantic import SecretStr

from bot.domain.errors import NotSent, ProviderError
from bot.domain.text import parse_json
from bot.providers.http.errors import (
    ABOUT_ACCOUNT,
    Call,
    RequestTrace,
    read_detail,
    read_retry_after,
    refusal,
    translated,
)
from bot.tls import tls_context

#: seconds; short, because a create that was not sent can be sent later
_POOL_TIMEOUT, _CONNECT_TIMEOUT = 2.0, 5.0
#: seconds after which an unused connection is closed. Load balancers usually do so after 60, and a create
#: sent at that moment has an unknown outcome
IDLE_S = 45
#: bytes of a response, several times the size of a full page of a list; what is larger is not read to its end
RESPONSE_MAX = 10_000_000
_CONNECTIONS = httpx.Limits(max_connections=16, max_keepalive_connections=16, keepalive_expiry=IDLE_S)


class ApiClient:
    """Sends one account's requests and translates their failures into provider errors."""

    def __init__(
        self,
        *,
        api_key: SecretStr,
        base_url: str,
        api_paths: Sequence[str],
        key_header: str,
        key_prefix: str = "",
        headers: Mapping[str, str] = MappingProxyType({}),
        forbidden_account: re.Pattern[str] = ABOUT_ACCOUNT,
        proxy: str | None,
        timeout: float,
        transport: httpx.AsyncBaseTransport | None,
    ) -> None:
        """`key_header` carries the key, after `key_prefix`. `timeout` bounds a whole call, in seconds.

        `api_paths` are the paths under which the API stands at its origin, the longest first.
        `forbidden_account` is that of `refusal`. Raises ValueError for an invalid key or base URL.
        """
        self._forbidden_account = forbidden_account
        self._key = _checked_key(api_key)
        base = _checked_url(base_url)
        self.origin = api_origin(base_url, api_paths)
        self._timeout = timeout
        if transport is None and _is_loopback(base.host):
            # With a transport of its own, httpx ignores the proxy settings of the environment.
            transport = httpx.AsyncHTTPTransport(verify=tls_context(), limits=_CONNECTIONS)
        #: for URLs that carry their own permission, which must not get the key
        self._bare = httpx.AsyncClient(
            timeout=timeout,
            limits=_CONNECTIONS,
            verify=tls_context(),
            proxy=None if transport else proxy,
            transport=transport,
            follow_redirects=False,
        )
        self._http = httpx.AsyncClient(
            base_url=base,
            headers={
                key_header: f"{key_prefix}{self._key.get_secret_value()}",
                "Accept": "application/json",
                "User-Agent": "reverie",
                **headers,
            },
            timeout=httpx.Timeout(
                timeout, pool=min(timeout, _POOL_TIMEOUT), connect=min(timeout, _CONNECT_TIMEOUT)
            ),
            limits=_CONNECTIONS,
            verify=tls_context(),
            proxy=None if transport else proxy,
            transport=transport,
            follow_redirects=False,
        )

    async def send(
        self,
        call: Call,
        method: str,
        path: str,
        *,
        body: Mapping[str, object] | None = None,
        query: Mapping[str, int] | None = None,
    ) -> bytes:
        """Send one request once; returns the body of a successful response."""
        if self._http.is_closed:
            raise NotSent("This account's client is closed")
        trace = RequestTrace()
        with translated(call, trace):
            async with asyncio.timeout(self._timeout):
                async with self._http.stream(
                    method,
                    path,
                    content=None if body is None else orjson.dumps(body),
                    headers=None if body is None else {"Content-Type": "application/json"},
                    params=query,
                    extensions={"trace": trace},
                ) as response:
                    content = await _beginning(response)
        if response.is_success:
            if len(content) > RESPONSE_MAX:
                raise call.lost("The generation API's response is too large")
            return content
        now_ms = time.time_ns() // 1_000_000
        raise self.refusal(
            call,
            response.status_code,
            content,
            retry_after_ms=read_retry_after(response.headers.get("Retry-After"), now_ms=now_ms),
        )

    def refusal(
        self, call: Call, status: int, content: bytes, *, retry_after_ms: int | None = None
    ) -> ProviderError:
        """The error for a response with this status and body."""
        return refusal(
            call,
            status,
            read_detail(content, api_key=self._key.get_secret_value()),
            retry_after_ms=retry_after_ms,
            forbidden_account=self._forbidden_account,
        )

    async def document(
        self,
        call: Call,
        method: str,
        path: str,
        *,
        body: Mapping[str, object] | None = None,
        query: Mapping[str, int] | None = None,
    ) -> object:
        """Send one request once; returns the JSON document of a successful response."""
        content = await self.send(call, method, path, body=body, query=query)
        try:
            document: object = parse_json(content)
        except ValueError as error:
            raise call.lost("The generation API's response is not JSON") from error
        return document

    async def put_file(self, url: str, headers: Mapping[str, str], content: AsyncIterator[bytes]) -> None:
        """Send a file to a URL that the API has returned for it, without the account's key.

        Raises NotSent if it may be sent again.
        """
        # With its slash: the origin `http://api:80` is not that of `http://api:8080`.
        if not url.startswith(("https://", f"{self.origin.rstrip('/')}/")):
            raise NotSent("The generation API's address for an upload is not safe")
        trace = RequestTrace()
        with translated(Call.ACCOUNT, trace):
            async with self._bare.stream(
                "PUT", url, headers=headers, content=content, extensions={"trace": trace}
            ) as response:
                await _beginning(response)
        if not response.is_success:
            raise NotSent(f"The upload of a file was answered with HTTP {response.status_code}")

    async def close(self) -> None:
        await self._bare.aclose()
        await self._http.aclose()


async def _beginning(response: httpx.Response) -> bytes:
    """The body of a response; of one that is too large, a little more than the largest."""
    content = bytearray()
    async for chunk in response.aiter_bytes():
        content += chunk
        if len(content) > RESPONSE_MAX:
            break
    return bytes(content)


def api_origin(base_url: str, api_paths: Sequence[str]) -> str:
    """Scheme, host and port of an API, and what precedes its own path; raises ValueError."""
    base = _checked_url(base_url)
    return f"{base.scheme}://{base.netloc.decode()}{_path_above_api(base.path, api_paths)}"


def _checked_key(api_key: SecretStr) -> SecretStr:
    key = api_key.get_secret_value()
    if not key or not all("!" <= character <= "~" for character in key):
        raise ValueError("An API key is one word of printable ASCII characters")
    return api_key


def _checked_url(base_url: str) -> httpx.URL:
    try:
        url = httpx.URL(base_url)
    except httpx.InvalidURL:
        url = httpx.URL("")
    # Credentials in the URL would replace the API key in the Authorization header.
    if url.scheme not in {"http", "https"} or not url.host or url.userinfo:
        raise ValueError("The API's base URL must begin with http:// or https:// and a host")
    return url


def _path_above_api(path: str, api_paths: Sequence[str]) -> str:
    """The path prefix that a gateway or a simulator puts in front of the API's own path."""
    path = path.rstrip("/")
    own = next((own for own in api_paths if own and path.endswith(own)), None)
    above = "" if own is None else path.removesuffix(own)
    return f"{above}/" if above else ""


def _is_loopback(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
