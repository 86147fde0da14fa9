"""Where alerts are sent: a webhook, and the direct messages of operators. Each raises DeliveryError."""

import asyncio
from collections.abc import Mapping
from typing import Protocol

import httpx
from pydantic import SecretStr

from bot.domain.errors import Delayed
from bot.domain.reports.alerts import Notice, direct_place
from bot.ports import Publisher
from bot.settings import Settings
from bot.tls import tls_context

WEBHOOK = "webhook"
#: seconds for one request as a whole; a process that stops waits for it
_TIMEOUT_S = 5.0


class AlertTarget(Protocol):
    async def send(self, notice: Notice) -> None:
        """Send one message. Raises Delayed to be tried again, Undeliverable to be given up."""
        ...


class Webhook:
    """An address that receives each message as JSON."""

    def __init__(self, url: SecretStr, proxy: str | None) -> None:
        self._url = url
        self._proxy = proxy

    async def send(self, notice: Notice) -> None:
        status = await self.post(notice.body)
        if not httpx.codes.is_success(status):
            raise Delayed(f"the webhook answered {status}")

    async def post(self, body: object) -> int:
        """Post a document; returns the status of the answer. Raises Delayed without one."""
        url = self._url.get_secret_value()
        proxy = self._proxy if url.startswith("https:") else None
        try:
            async with (
                asyncio.timeout(_TIMEOUT_S),
                httpx.AsyncClient(proxy=proxy, trust_env=False, verify=tls_context()) as client,
            ):
                return (await client.post(url, json=body)).status_code
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError) as error:
            # Without its text, which may hold the address.
            raise Delayed(f"the webhook cannot be reached: {type(error).__name__}") from None


class DirectMessages:
    """The direct messages of one operator."""

    def __init__(self, operator: str, publisher: Publisher) -> None:
        self._place = direct_place(operator)
        self._publisher = publisher

    async def send(self, notice: Notice) -> None:
        await self._publisher.post_notice(notice.message, self._place)


def webhook_of(settings: Settings) -> Webhook | None:
    """The webhook of the settings; None without one."""
    if settings.alert_webhook is None:
        return None
    return Webhook(settings.alert_webhook, settings.https_proxy)


def alert_targets(settings: Settings, publishers: Mapping[str, Publisher]) -> dict[str, AlertTarget]:
    """Everything that this process can send alerts to, by name; an operator named twice is told once."""
    targets: dict[str, AlertTarget] = {}
    if (webhook := webhook_of(settings)) is not None:
        targets[WEBHOOK] = webhook
    seen = set()
    for operator in settings.operators:
        platform, _, user = operator.partition(":")
        person = (platform, user.rpartition(":")[2])
        publisher = publishers.get(platform)
        if publisher is not None and user and person not in seen:
            seen.add(person)
            targets[operator] = DirectMessages(operator, publisher)
    return targets
