"""One Dream Machine account: every call is sent once, and a create is never sent again."""

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

from bot.domain.errors import AccountProblem, GenerationNotFound, NotSent, Rejected
from bot.domain.models import ImageModel, Lane, VideoModel
from bot.domain.requests import AnyRequest
from bot.domain.text import parse_json
from bot.providers.base import Capabilities, Generation, LaneLimits, Page, Vocabulary
from bot.providers.luma import requests as wire
from bot.providers.luma import responses as answers
from bot.providers.luma.error_details import read_detail
from bot.providers.luma.errors import Call, Departure, read_retry_after, refusal, translated
from bot.providers.luma.fingerprints import fingerprint
from bot.tls import tls_context

PUBLIC_API = "https://api.lumalabs.ai/dream-machine/v1"
#: what the Build tier allows
BUILD_TIER: Mapping[Lane, LaneLimits] = {
    Lane.IMAGE: LaneLimits(concurrent=40, per_minute=80),
    Lane.VIDEO: LaneLimits(concurrent=10, per_minute=20),
}

#: seconds; a create waits for no connection long enough to grow stale, for it can be sent later
_POOL_TIMEOUT, _CONNECT_TIMEOUT = 2.0, 5.0
_CONNECTIONS = httpx.Limits(max_connections=16, max_keepalive_connections=16, keepalive_expiry=60)


def account_id(api_key: SecretStr, secret: bytes) -> str:
    """Name an account by a keyed hash of its key, from which nobody can find or check the key."""
    digest = hmac.digest(secret, b"account:" + api_key.get_secret_value().encode(), hashlib.sha256)
    return base64.b32encode(digest[:10]).decode().lower()


#: the same for every account
CAPABILITIES = Capabilities(
    kinds=frozenset({"image", "video", "reframe_image", "reframe_video"}),
    models=frozenset({*ImageModel, *VideoModel}),
    lists=True,
    callbacks=True,
)


class LumaProvider:
    """A `Provider` over the Dream Machine API, or over anything that speaks it."""

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
        """`timeout` bounds a whole call, in seconds. Raises ValueError for a key or address that is none."""
        self.name = name
        self.account = account
        self.limits = limits
        self.capabilities = CAPABILITIES
        self._key = _checked_key(api_key)
        base = _checked_url(base_url)
        self.origin = f"{base.scheme}://{base.netloc.decode()}{_path_above_api(base.path)}"
        self._timeout = timeout
        if transport is None and _is_loopback(base.host):
            # A transport of our own keeps proxies from the environment out.
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
        _, body = wire.create(request, media=media)
        return fingerprint(body)

    async def submit(
        self, request: AnyRequest, *, media: Mapping[str, str], callback_url: str | None
    ) -> Generation:
        """Create a generation: one request, sent once."""
        path, body = wire.create(request, media=media, callback_url=callback_url)
        document = _document(Call.CREATE, await self._send(Call.CREATE, "POST", path, body=body))
        generation = answers.read_generation(document)
        if generation is None:
            raise Call.CREATE.lost("The generation API took the request but named no generation")
        return generation

    async def get(self, generation_id: str) -> Generation:
        """Look at one generation; raises GenerationNotFound where it is unknown."""
        path = answers.generation_path(generation_id)
        generation = answers.read_generation(
            _document(Call.GENERATION, await self._send(Call.GENERATION, "GET", path))
        )
        if generation is None:
            raise Call.GENERATION.lost("The generation API's answer is no generation")
        return generation

    async def page(self, *, limit: int, offset: int) -> Page:
        """Read one page of the account's generations; entries that cannot be read are left out."""
        query = {"limit": limit, "offset": offset}
        content = await self._send(Call.ACCOUNT, "GET", "/generations", query=query)
        page = answers.read_page(_document(Call.ACCOUNT, content), limit=limit)
        if page is None:
            raise Call.ACCOUNT.lost("The generation API's answer is no list of generations")
        return page

    async def delete(self, generation_id: str) -> None:
        """Remove a generation; one that is gone already is no error."""
        try:
            await self._send(Call.GENERATION, "DELETE", answers.generation_path(generation_id))
        except GenerationNotFound:
            return

    async def check(self) -> int | None:
        """Ask for the account's credit in micro-dollars; raises AccountProblem where nothing is left."""
        content = await self._send(Call.ACCOUNT, "GET", "/credits")
        credit = answers.read_credit(_document(Call.ACCOUNT, content))
        if credit is not None and credit <= 0:
            raise AccountProblem("The account has no credit left")
        return credit

    async def vocabulary(self) -> Vocabulary:
        """Ask for the concepts and camera motions that the video models know."""
        concepts = await self._words("/generations/concepts/list")
        try:
            motions = await self._words("/generations/camera_motion/list")
        except Rejected:
            # Told of in the guide, and gone from the API's own description: it may not be there any more.
            motions = ()
        return Vocabulary(concepts=frozenset(concepts), camera_motions=motions)

    async def _words(self, path: str) -> tuple[str, ...]:
        words = answers.read_words(_document(Call.ACCOUNT, await self._send(Call.ACCOUNT, "GET", path)))
        if words is None:
            raise Call.ACCOUNT.lost("The generation API's answer is no list of words")
        return words

    async def ping(self) -> None:
        """Ask whether the API is there at all; raises NotSent where it is not."""
        await self._send(Call.ACCOUNT, "GET", "/ping")

    async def close(self) -> None:
        await self._http.aclose()

    async def _send(
        self,
        call: Call,
        method: str,
        path: str,
        *,
        body: wire.Body | None = None,
        query: Mapping[str, int] | None = None,
    ) -> bytes:
        """Send one request once; answers the body of a success."""
        if self._http.is_closed:
            raise NotSent("This account's client is closed")
        departure = Departure()
        with translated(call, departure):
            async with asyncio.timeout(self._timeout):
                response = await self._http.request(
                    method,
                    path,
                    content=None if body is None else orjson.dumps(body),
                    headers=None if body is None else {"Content-Type": "application/json"},
                    params=query,
                    extensions={"trace": departure},
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
        raise call.lost("The generation API's answer is no JSON") from error
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
    # A password in the address would take the place of the key.
    if url.scheme not in {"http", "https"} or not url.host or url.userinfo:
        raise ValueError("The API's base URL must begin with http:// or https:// and a host")
    return url


def _path_above_api(path: str) -> str:
    """What a gateway or a simulator puts before the path of the API, for whatever else it has there."""
    above = path.rstrip("/").removesuffix(httpx.URL(PUBLIC_API).path)
    return f"{above}/" if above and above != path.rstrip("/") else ""


def _is_loopback(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
