"""Stops accounts that cannot submit, and checks them until they can again."""

from bot.domain.errors import AccountProblem
from bot.providers.base import Provider
from bot.services import ALL_JOBS, Services, Topic, log, queue_name
from bot.store.accounts import AccountState, list_accounts, start_account, stop_account
from bot.store.queue_stats import next_price
from bot.worker.account_registry import renew_registration

#: longest pause before a stopped account is started again, in check intervals
_PAUSE_MAX = 128


async def stop_submitting(services: Services, provider: Provider, reason: str) -> None:
    """Stop an account until a check succeeds."""
    if await services.database.transact(
        stop_account,
        provider.account,
        reason=reason or "the account cannot submit",
        now=services.clock(),
    ):
        log.error("account_stopped", account=provider.account, provider=provider.name, reason=reason)
        services.wake(Topic.CARDS, Topic.ACCOUNTS)


def request_check(services: Services, provider: Provider) -> None:
    """Have an account checked soon, because a rejected request may be about the account itself."""
    services.accounts_to_check.add(provider.account)
    services.wake(Topic.ACCOUNTS)


class AccountMonitor:
    """Checks one account: at start until it answers, while it is stopped, and when a check is requested."""

    def __init__(self, services: Services, provider: Provider) -> None:
        self._services = services
        self._provider = provider
        self._answered = False
        self._checked_at: int | None = None
        #: was started here and has not been stopped since
        self._started = False
        #: credit at the last start here
        self._credit: int | None = None
        #: consecutive starts after which it was stopped again before anything was paid
        self._futile_starts = 0
        #: monotonic time at which it was found stopped again
        self._stopped_at = 0

    async def run(self) -> None:
        """Check until the process stops."""
        async for _ in self._services.ticks(Topic.ACCOUNTS, self._services.times.account_check):
            await self._services.guarded("check account", self._check)
            await self._services.guarded("register accounts", self._register)

    async def _register(self) -> None:
        await renew_registration(self._services, self._provider.account)

    async def _check(self) -> None:
        services, account = self._services, self._provider.account
        stopped = any(
            row.id == account and row.state is AccountState.STOPPED
            for row in await list_accounts(services.database)
        )
        if self._answered and not stopped and account not in services.accounts_to_check:
            return
        now = services.monotonic()
        # Many rejected requests at once need one check.
        if self._checked_at is not None and now - self._checked_at < services.times.account_check:
            return
        self._checked_at = now
        services.accounts_to_check.discard(account)
        try:
            credit = await self._provider.check()
        except AccountProblem as error:
            self._answered = True
            await stop_submitting(services, self._provider, str(error))
            return
        self._answered = True
        if stopped:
            await self._start(credit)

    async def _start(self, credit: int | None) -> None:
        """Start a stopped account that can pay for the queued jobs; ever more rarely if that is futile."""
        services, now = self._services, self._services.monotonic()
        if self._started:
            self._futile_starts = self._futile_starts + 1 if credit == self._credit else 0
            self._started, self._stopped_at = False, now
        pause = services.times.account_check * min(2**self._futile_starts, _PAUSE_MAX)
        if self._futile_starts and now - self._stopped_at < pause:
            return
        if credit is not None and credit < await self._highest_price():
            log.info("account_needs_credit", account=self._provider.account)
            return
        if await services.database.transact(start_account, self._provider.account, now=services.clock()):
            self._started, self._credit = True, credit
            log.info("account_started", account=self._provider.account)
            services.wake(*ALL_JOBS, Topic.CARDS)

    async def _highest_price(self) -> int:
        """Micro-dollars of the most expensive job that would be submitted next."""
        name, account = self._provider.name, self._provider.account
        return max(
            [
                await next_price(
                    self._services.database, provider=name, queue=queue_name(name, lane), account=account
                )
                for lane in self._provider.limits
            ],
            default=0,
        )
