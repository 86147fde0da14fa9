"""Metrics in the Prometheus text format."""

from prometheus_client import CollectorRegistry, Gauge, generate_latest

from bot.domain.money.pricing import MICROUSD
from bot.service.queries.account_reports import account_reports, checked_prices
from bot.services import Services
from bot.store.operator.accounts import AccountState
from bot.store.queue.orphans import count_orphans
from bot.store.queue.queue_stats import count_unfinished

#: of an account; the workspace is empty where the account is the operator's
_LABELS = ("account", "provider", "workspace")


async def exposition(services: Services, *, is_ready: bool) -> bytes:
    """Collect the current values in the text format."""
    registry = CollectorRegistry()
    ready = Gauge("reverie_ready", "1 while commands are accepted and answered.", registry=registry)
    ready.set(is_ready)
    up = Gauge(
        "reverie_provider_up",
        "1 while the provider answers the calls of this process.",
        ["account"],
        registry=registry,
    )
    for account, health in services.health.items():
        up.labels(account).set(health.worked and health.failing_since is None)
    takes = Gauge("reverie_account_ready", "1 while the account takes jobs.", _LABELS, registry=registry)
    flying = Gauge(
        "reverie_account_jobs_in_flight",
        "Jobs that the provider has, by account.",
        _LABELS,
        registry=registry,
    )
    credit = Gauge(
        "reverie_account_credit_dollars",
        "Credit of the account as last read.",
        _LABELS,
        registry=registry,
    )
    days = Gauge(
        "reverie_account_credit_days",
        "Days until the credit is spent at the present pace.",
        _LABELS,
        registry=registry,
    )
    spent = Gauge(
        "reverie_account_month_dollars",
        "What the account's jobs cost in this calendar month (UTC).",
        _LABELS,
        registry=registry,
    )
    for row in await account_reports(
        services.database,
        monthly_limit=services.settings.monthly_limit,
        now=services.clock(),
        of_workspaces=True,
    ):
        labels = row.account, row.provider, row.workspace or ""
        takes.labels(*labels).set(row.state is AccountState.READY)
        flying.labels(*labels).set(row.in_flight)
        spent.labels(*labels).set(row.spent_this_month / MICROUSD)
        if row.credit is not None:
            credit.labels(*labels).set(row.credit / MICROUSD)
        if row.days_left is not None:
            days.labels(*labels).set(row.days_left)
    prices = Gauge(
        "reverie_price_ratio",
        "What the API lately took for jobs of a kind, divided by what was charged for them.",
        ["kind"],
        registry=registry,
    )
    for one in await checked_prices(services.database, dated=services.rates.dated, now=services.clock()):
        if one.expected:
            prices.labels(one.duration_class).set(one.actual / one.expected)
    jobs = Gauge("reverie_jobs", "Jobs that have not ended, by state.", ["state"], registry=registry)
    for state, number in (await count_unfinished(services.database)).items():
        jobs.labels(state).set(number)
    found, left, microusd = await count_orphans(services.database)
    _single(registry, "reverie_orphan_generations", "Generations without a job.", found)
    _single(registry, "reverie_orphan_generations_left", "Orphans still to be deleted.", left)
    _single(registry, "reverie_orphan_dollars", "What orphans have cost.", microusd / MICROUSD)
    usage = services.media_usage
    if usage.used is not None:
        _single(registry, "reverie_media_bytes", "Bytes of stored media.", usage.used)
        _single(registry, "reverie_media_free_bytes", "Bytes that their disk has left.", usage.free)
    if usage.most is not None:
        _single(registry, "reverie_media_max_bytes", "REVERIE_MEDIA_MAX_BYTES.", usage.most)
    return generate_latest(registry)


def _single(registry: CollectorRegistry, name: str, documentation: str, value: float) -> None:
    Gauge(name, documentation, registry=registry).set(value)
