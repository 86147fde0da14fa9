"""HTTP client of one Dream Machine account. Sends each request once; never repeats a create."""

import asyncio
import base64
import hashlib
import hmac
import ipaddress
import time
from collections.abc import Mapping

import httpx
import orjson
from pydantic import SecretStr

from bot.domain.concepts import Vocabulary
from bot.domain.errors import AccountProblem, GenerationNotFound, NotSent, Rejected
from bot.domain.models import ImageModel, Lane, VideoModel
from bot.domain.requests import AnyRequest
from bot.domain.text import parse_json
from bot.providers.base import Capabilities, Generation, LaneLimits, Page
from bot.providers.luma import requests, responses
from bot.providers.luma.error_details import read_detail
from bot.providers.luma.errors import Call, RequestTrace, read_retry_after, refusal, translated
from bot.providers.luma.fingerprints import fingerprint
from bot.tls import tls_context

PUBLIC_API = "https://api.lumalabs.ai/dream-machine/v1"
#: limits of the Build tier
BUILD_TIER: Mapping[Lane, LaneLimits] = {
    Lane.IMAGE: LaneLimits(concurrent=40, per_minute=80),
    Lane.VIDEO: LaneLimits(concurrent=10, per_minute=20),
}

#: seconds; short, because a create that was not sent can be sent later
_POOL_TIMEOUT, _CONNECT_TIMEOUT = 2.0, 5.0
_CONNECTIONS = httpx.Limits(max_connections=16, max_keepalive_connections=16, keepalive_expiry=60)


def account_id(api_key: SecretStr, secret: bytes) -> str:
    """Name an account by a keyed hash of its API key, which reveals nothing about the key."""
    digest = hmac.digest(secret, b"account:" + api_key.get_secret_value().encode(), hashlib.sha256)
    return base64.b32encode(digest[:10]).decode().lower()


CAPABILITIES = Capabilities(
    kinds=frozenset({"image", "video", "reframe_image", "reframe_video"}),
    models=frozenset({*ImageModel, *VideoModel}),
    lists=True,
    callbacks=True,
)


class LumaProvider:
    """A `Provider` for the Dream Machine API or a compatible one."""

    def __init__(
        self,
        *,
        api_key: SecretStr,
        account: str,
        base_url: str = PUBLIC_API,
        limits: Mapping[Lane, LaneLimits] = BUILD_TIER,
        name: str = "luma",
        proxy: str | None = None,
        timeout: float = 30.0,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        """`timeout` bounds a whole call, in seconds. Raises ValueError for an invalid key or base URL."""
        self.name = name
        self.account = account
        self.limits = limits
        self.capabilities = CAPABILITIES
        self._key = _checked_key(api_key)
        base = _checked_url(base_url)
        self.origin = f"{base.scheme}://{base.netloc.decode()}{_path_above_api(base.path)}"
        self._timeout = timeout
        if transport is None and _is_loopback(base.host):
            # With a transport of its own, httpx ignores the proxy settings of the environment.
            transport = httpx.AsyncHTTPTransport(verify=tls_context(), limits=_CONNECTIONS)
        self._http = httpx.AsyncClient(
            base_url=base,
            headers={
                "Authorization": f"Bearer {self._key.get_secret_value()}",
                "Accept": "application/json",
                "User-Agent": "reverie",
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

    def fingerprint(self, request: AnyRequest, media: Mapping[str, str]) -> str:
        """Digest of what `submit` would send, comparable with `Generation.fingerprint`."""
        _, body = requests.create(request, media=media)
        return fingerprint(body)

    async def submit(
        self, request: AnyRequest, *, media: Mapping[str, str], callback_url: str | None
    ) -> Generation:
        """Create a generation: one request, sent once."""
        path, body = requests.create(request, media=media, callback_url=callback_url)
        document = _document(Call.CREATE, await self._send(Call.CREATE, "POST", path, body=body))
        generation = responses.read_generation(document)
        if generation is None:
            raise Call.CREATE.lost("The generation API accepted the request but returned no generation")
        return generation

    async def get(self, generation_id: str) -> Generation:
        """Read one generation; raises GenerationNotFound."""
        path = responses.generation_path(generation_id)
        generation = responses.read_generation(
            _document(Call.GENERATION, await self._send(Call.GENERATION, "GET", path))
        )
        if generation is None:
            raise Call.GENERATION.lost("The generation API's response is not a generation")
        return generation

    async def page(self, *, limit: int, offset: int) -> Page:
        """Read one page of the account's generations; unreadable entries are skipped."""
        query = {"limit": limit, "offset": offset}
        content = await self._send(Call.ACCOUNT, "GET", "/generations", query=query)
        page = responses.read_page(_document(Call.ACCOUNT, content), limit=limit)
        if page is None:
            raise Call.ACCOUNT.lost("The generation API's response is not a list of generations")
        return page

    async def delete(self, generation_id: str) -> None:
        """Delete a generation; a missing one is no error."""
        try:
            await self._send(Call.GENERATION, "DELETE", responses.generation_path(generation_id))
        except GenerationNotFound:
            return

    async def check(self) -> int | None:
        """Read the account's credit in micro-dollars; raises AccountProblem if none is left."""
        content = await self._send(Call.ACCOUNT, "GET", "/credits")
        credit = responses.read_credit(_document(Call.ACCOUNT, content))
        if credit is not None and credit <= 0:
            raise AccountProblem("The account has no credit left")
        return credit

    async def vocabulary(self) -> Vocabulary:
        """Read the concepts and camera motions that the video models understand."""
        concepts = await self._terms("/generations/concepts/list")
        try:
            motions = await self._terms("/generations/camera_motion/list")
        except Rejected:
            # The guide names this endpoint, the API's OpenAPI description no longer does.
            motions = ()
        return Vocabulary(concepts=frozenset(concepts), camera_motions=motions)

    async def _terms(self, path: str) -> tuple[str, ...]:
        terms = responses.read_terms(_document(Call.ACCOUNT, await self._send(Call.ACCOUNT, "GET", path)))
        if terms is None:
            raise Call.ACCOUNT.lost("The generation API's response is not a list of terms")
        return terms

    async def close(self) -> None:
        await self._http.aclose()

    async def _send(
        self,
        call: Call,
        method: str,
        path: str,
        *,
        body: requests.Body | None = None,
        query: Mapping[str, int] | None = None,
    ) -> bytes:
        """Send one request once; returns the body of a successful response."""
        if self._http.is_closed:
            raise NotSent("This account's client is closed")
        trace = RequestTrace()
        with translated(call, trace):
            async with asyncio.timeout(self._timeout):
                response = await self._http.request(
                    method,
                    path,
                    content=None if body is None else orjson.dumps(body),
                    headers=None if body is None else {"Content-Type": "application/json"},
                    params=query,
                    extensions={"trace": trace},
                )
        if response.is_success:
            return response.content
        now_ms = time.time_ns() // 1_000_000
        raise refusal(
            call,
            response.status_code,
            read_detail(response.content, api_key=self._key.get_secret_value()),
            retry_after_ms=read_retry_after(response.headers.get("Retry-After"), now_ms=now_ms),
        )


def _document(call: Call, content: bytes) -> object:
    try:
        document: object = parse_json(content)
    except ValueError as error:
        raise call.lost("The generation API's response is not JSON") from error
    return document


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


def _path_above_api(path: str) -> str:
    """The path prefix that a gateway or a simulator puts in front of the API's own path."""
    above = path.rstrip("/").removesuffix(httpx.URL(PUBLIC_API).path)
    return f"{above}/" if above and above != path.rstrip("/") else ""


def _is_loopback(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
