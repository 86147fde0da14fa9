"""Sends events over HTTP: signed, to the URLs in the manifest."""

import asyncio
import hmac
import time
from dataclasses import dataclass
from hashlib import sha256
from urllib.parse import urlencode, urlsplit

import aiohttp
import orjson

from tests.platforms.fake_slack.rules.refusals import Json
from tests.platforms.fake_slack.state.deliveries import Delivery, DeliveryKind
from tests.platforms.fake_slack.state.world import World

#: nothing is ever sent anywhere else
_LOOPBACK = {"127.0.0.1", "localhost"}


@dataclass(frozen=True, slots=True, kw_only=True)
class AppResponse:
    """The app's answer to one request."""

    status: int
    body: Json
    #: the app asks not to be told again
    no_retry: bool = False


class AppClient:
    """Sends signed requests to the app."""

    def __init__(self, world: World) -> None:
        self._world = world
        #: seconds that the service's clock is ahead of ours where it signs
        self.skew_s = 0
        #: signs with what it should, or with something else
        self.secret = world.app.signing_secret
        self._session: aiohttp.ClientSession | None = None

    async def open(self) -> None:
        self._session = aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar())

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()

    @property
    def session(self) -> aiohttp.ClientSession:
        assert self._session is not None, "the fake is not running"
        return self._session

    async def send(self, delivery: Delivery, attempt: int, reason: str | None) -> AppResponse:
        """Send one try and read the answer."""
        assert delivery.url is not None, f"the manifest names no address for {delivery.name}"
        if urlsplit(delivery.url).hostname not in _LOOPBACK:
            raise aiohttp.ClientConnectionError(delivery.url)
        body, content_type = _written(delivery)
        headers = {"Content-Type": content_type, **self.sign(body)}
        if attempt:
            headers |= {"X-Slack-Retry-Num": str(attempt), "X-Slack-Retry-Reason": reason or ""}
        async with self.session.post(delivery.url, data=body, headers=headers) as answer:
            raw = await answer.text()
            no_retry = answer.headers.get("X-Slack-No-Retry") == "1"
            return AppResponse(status=answer.status, body=_read(raw), no_retry=no_retry)

    async def verify(self) -> bool:
        """Ask the address for events to say a word back, as when it is entered in the app's settings."""
        url = self._world.app.manifest.events_url
        assert url is not None
        challenge = "3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkvFXO7tYXAYM8P"
        told = {
            "token": self._world.app.verification_token,
            "challenge": challenge,
            "type": "url_verification",
        }
        body = orjson.dumps(told)
        headers = {"Content-Type": "application/json", **self.sign(body)}
        async with self.session.post(url, data=body, headers=headers) as answer:
            raw = await answer.text()
        said = _read(raw).get("challenge") or raw
        return answer.status == 200 and said == challenge

    def sign(self, body: bytes) -> dict[str, str]:
        """Return the headers by which the app knows that it is the service who speaks."""
        moment = str(int(time.time()) + self.skew_s)
        signature = hmac.new(self.secret.encode(), f"v0:{moment}:".encode() + body, sha256).hexdigest()
        return {"X-Slack-Request-Timestamp": moment, "X-Slack-Signature": f"v0={signature}"}


async def within(world: World, sending: asyncio.Task[AppResponse], ends_ms: int) -> AppResponse | None:
    """Wait for an answer until the service's clock says that it is too late."""
    sending.add_done_callback(lambda _: world.changes.notify())
    try:
        await world.clock.reaches(ends_ms, unless=sending.done)
        return sending.result() if sending.done() else None
    finally:
        sending.cancel()


def _written(delivery: Delivery) -> tuple[bytes, str]:
    form = "application/x-www-form-urlencoded"
    if delivery.kind is DeliveryKind.COMMAND:
        return urlencode({k: v for k, v in delivery.payload.items() if v is not None}).encode(), form
    if delivery.kind is DeliveryKind.INTERACTIVE:
        return urlencode({"payload": orjson.dumps(delivery.payload).decode()}).encode(), form
    return orjson.dumps(delivery.payload), "application/json"


def _read(raw: str) -> Json:
    """Read an answer; plain words are a message of these words."""
    if not raw:
        return {}
    try:
        parsed = orjson.loads(raw)
    except orjson.JSONDecodeError:
        return {"text": raw}
    return parsed if isinstance(parsed, dict) else {"text": raw}
