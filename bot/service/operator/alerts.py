"""Tells the operator what is wrong, once when it begins and once when it is over.

Every process looks. What it finds goes into the store, where the first process that may tell a change
records the messages about it. Messages are kept until they are sent, so that an outage of a webhook or a
restart loses none; a process that dies between sending and recording sends a message twice.
"""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from typing import Protocol

import httpx
from pydantic import SecretStr

from bot.domain.errors import Delayed, DeliveryError
from bot.domain.reports.alerts import AlertRules, AlertState, Condition, Notice, direct_place
from bot.ports import Publisher
from bot.service.operator.conditions import (
    WriteCheck,
    stopped_accounts,
    stuck_queues_since,
    unresponsive_providers,
)
from bot.service.queries.account_reports import money_conditions
from bot.services import Services, log
from bot.settings import Settings
from bot.store.operator.accounts import list_accounts
from bot.store.operator.alerts import (
    Findings,
    alerts,
    any_outdated_notices,
    next_notice,
    postpone_notice,
    record_findings,
    remove_notice,
    remove_outdated_notices,
    waiting_targets,
)
from bot.store.queue.claim import acquire_lease, release_lease
from bot.tls import tls_context

WEBHOOK = "webhook"
#: seconds for one request as a whole; a process that stops waits for it
_TIMEOUT_S = 5.0
#: runs until the process stops
Loop = Callable[[], Awaitable[None]]

_TOPIC = "alerts"
#: the longest pause before a retry is the first one doubled so often
_DOUBLINGS = 10


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
                client.stream("POST", url, json=body) as response,
            ):
                # The body says nothing more, and may be of any size.
                return response.status_code
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


class AlertFinder:
    """Looks for conditions, and records what has to be told about them."""

    def __init__(self, services: Services, targets: Sequence[str]) -> None:
        self._services = services
        self._targets = targets
        self._writes = WriteCheck(services)
        self._begun = services.monotonic()
        self._money: list[Condition] = []
        self._money_at: int | None = None

    async def run(self) -> None:
        """Look until the process stops."""
        async for _ in self._services.ticks("alert findings", self._services.times.alert_interval):
            await self._services.guarded("alert findings", self.look)

    async def look(self) -> None:
        """Look once; writes only if something is wrong, or was."""
        services, times = self._services, self._services.times
        conditions = await self._conditions()
        if not conditions and not await alerts(services.database):
            return
        findings = Findings(
            conditions=list({one.id: one for one in reversed(conditions)}.values()),
            rules=AlertRules(clear=times.alert_clear, quiet=times.alert_quiet),
            targets=self._targets,
            new_id=services.new_id,
            now=services.clock(),
            may_resolve=services.monotonic() - self._begun >= times.alert_clear,
        )
        for alert in await services.database.transact(record_findings, findings):
            tell = log.warning if alert.state is AlertState.RAISED else log.info
            tell(f"alert_{alert.state}", alert=alert.id, text=alert.text)
            services.wake(_TOPIC)

    async def _conditions(self) -> list[Condition]:
        services, times = self._services, self._services.times
        return [
            *unresponsive_providers(services, for_ms=times.alert_outage),
            *stopped_accounts(await list_accounts(services.database)),
            *await self._about_money(),
            *await stuck_queues_since(services, services.clock() - times.alert_queue),
            *await self._low_disk(),
        ]

    async def _about_money(self) -> list[Condition]:
        """What is known of balances and prices, which is read as rarely as the balances are."""
        now = self._services.monotonic()
        if self._money_at is None or now - self._money_at >= self._services.times.credit_check:
            self._money, self._money_at = await money_conditions(self._services), now
        return self._money

    async def _low_disk(self) -> list[Condition]:
        found = await self._writes.low_disk()
        # Each machine has disks of its own.
        return [replace(found, subject=f"{socket.gethostname()}/{found.subject}")] if found else []


class AlertSender:
    """Sends the recorded messages, to each target in order; one that fails holds back no other."""

    def __init__(self, services: Services, targets: Mapping[str, AlertTarget]) -> None:
        self._services = services
        self._targets = targets

    async def run(self) -> None:
        """Send until the process stops."""
        async for _ in self._services.ticks(_TOPIC, self._services.times.alert_interval):
            await self._services.guarded("alerts", self.send_due)

    async def send_due(self) -> None:
        """Send what is due now, and give up what could not be sent for long."""
        services = self._services
        outdated = services.clock() - services.times.alert_deadline
        if await any_outdated_notices(services.database, before=outdated):
            for target in await services.database.transact(remove_outdated_notices, before=outdated):
                log.warning("alert_not_sent", target=target, error="it could not be sent for too long")
        async with asyncio.TaskGroup() as group:
            for target in await waiting_targets(services.database, self._targets):
                group.create_task(self._send_to(target), name=f"alerts {target}")

    async def _send_to(self, target: str) -> None:
        services, lease = self._services, f"alerts/{target}"
        while not services.stopping.is_set():
            notice, now = await next_notice(services.database, target), services.clock()
            if notice is None or notice.run_at > now:
                return
            until = now + services.times.alert_lease
            if not await services.database.transact(
                acquire_lease, lease, owner=services.owner, now=now, until=until
            ):
                return
            try:
                # Another process may have sent it before the lease was ours.
                if await next_notice(services.database, target) == notice:
                    await self._send(notice)
            finally:
                await services.database.transact(release_lease, lease, owner=services.owner)

    async def _send(self, notice: Notice) -> None:
        services = self._services
        try:
            await self._targets[notice.target].send(notice)
        except Delayed as error:
            pause = self._pause(notice, error)
            log.info("alert_delayed", target=notice.target, error=str(error), pause_ms=pause)
            run_at = services.clock() + pause
            await services.database.transact(postpone_notice, notice.id, run_at=run_at)
            return
        except DeliveryError as error:
            log.warning("alert_not_sent", target=notice.target, error=str(error))
        await services.database.transact(remove_notice, notice.id)

    def _pause(self, notice: Notice, error: Delayed) -> int:
        times = self._services.times
        pause: int = times.alert_retry * 2 ** min(notice.tries, _DOUBLINGS)
        return min(max(pause, error.retry_after_ms or 0), times.alert_retry_max)


def alert_loops(services: Services, publishers: Mapping[str, Publisher]) -> dict[str, Loop]:
    """The loops of every process; none where nobody is to be told."""
    targets = alert_targets(services.settings, publishers)
    if not targets:
        return {}
    return {
        "alert findings": lambda: AlertFinder(services, sorted(targets)).run(),
        "alerts": lambda: AlertSender(services, targets).run(),
    }
