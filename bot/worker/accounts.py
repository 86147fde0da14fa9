"""Provider accounts: stopped where they cannot submit, and checked until they can again."""

from bot.domain.errors import AccountProblem
from bot.providers.base import Provider
from bot.services import ALL_JOBS, Services, Topic, log, queue_name
from bot.store.accounts import AccountState, Stop, list_accounts, stop_account
from bot.store.jobs import next_price
from bot.worker.account_leases import keep_holding

#: longest wait before a stopped account is tried again, in checks
_WAIT_MAX = 128


async def stop(services: Services, provider: Provider, reason: str) -> None:
    """Stop submitting on an account until a check succeeds."""
    stopped = Stop(
        account=provider.account, now=services.clock(), reason=reason or "the account cannot submit"
    )
    if await services.database.write(stop_account, stopped):
        log.error("account_stopped", account=provider.account, provider=provider.name, reason=reason)
        services.wake(Topic.CARDS, Topic.ACCOUNTS)


def doubt(services: Services, provider: Provider) -> None:
    """Have an account checked soon, because what it was refused may be about the account itself."""
    services.accounts_in_doubt.add(provider.account)
    services.wake(Topic.ACCOUNTS)


class AccountMonitor:
    """Checks one account: at the start until it answers, while it is stopped, and when it is in doubt."""

    def __init__(self, services: Services, provider: Provider) -> None:
        self._services = services
        self._provider = provider
        self._answered = False
        self._checked_at: int | None = None
        #: it was started here and has not been found stopped since
        self._started = False
        #: its credit when it was last started here
        self._credit: int | None = None
        #: starts in a row after which nothing was paid before it was stopped again
        self._futile = 0
        #: when it was last found stopped again
        self._stopped_at = 0

    async def run(self) -> None:
        """Check until the process stops."""
        async for _ in self._services.ticks(Topic.ACCOUNTS, self._services.times.account_check):
            await self._services.guarded("check account", self._look)
            await self._services.guarded("hold accounts", self._hold)

    async def _hold(self) -> None:
        await keep_holding(self._services, self._provider.account)

    async def _look(self) -> None:
        services, account = self._services, self._provider.account
        stopped = any(
            row.id == account and row.state is AccountState.STOPPED
            for row in await list_accounts(services.database)
        )
        if self._answered and not stopped and account not in services.accounts_in_doubt:
            return
        now = services.monotonic()
        # Many refusals of one moment are one doubt.
        if self._checked_at is not None and now - self._checked_at < services.times.account_check:
            return
        self._checked_at = now
        services.accounts_in_doubt.discard(account)
        try:
            credit = await self._provider.check()
        except AccountProblem as error:
            self._answered = True
            await stop(services, self._provider, str(error))
            return
        self._answered = True
        if stopped:
            await self._start(credit)

    async def _start(self, credit: int | None) -> None:
        """Start a stopped account that can pay for what waits; where that gains nothing, ever more rarely."""
        services, now = self._services, self._services.monotonic()
        if self._started:
            self._futile = self._futile + 1 if credit == self._credit else 0
            self._started, self._stopped_at = False, now
        wait = services.times.account_check * min(2**self._futile, _WAIT_MAX)
        if self._futile and now - self._stopped_at < wait:
            return
        if credit is not None and credit < await self._needed():
            log.info("account_needs_credit", account=self._provider.account)
            return
        if await services.database.write(
            stop_account, Stop(account=self._provider.account, now=services.clock())
        ):
            self._started, self._credit = True, credit
            log.info("account_started", account=self._provider.account)
            services.wake(*ALL_JOBS, Topic.CARDS)

    async def _needed(self) -> int:
        """Micro-dollars of the dearest job that would be submitted next."""
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
