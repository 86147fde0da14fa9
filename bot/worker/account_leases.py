"""Holding accounts: workers say which keys they have, and only what no worker holds any more is retired.

On SQLite there is one process, so an account that its settings do not name has been removed. On PostgreSQL
other workers may have other keys: there an account is retired once nobody has held it for a long time.
"""

from bot.services import Services
from bot.store.accounts import Registration, held_at, register

#: later than any time at which an account can have been held
_ALWAYS = 2**62


async def hold_accounts(core: Services) -> None:
    """Say that this worker holds the accounts that its settings name."""
    now = core.clock()
    alone = core.settings.database.startswith("sqlite")
    item = Registration(
        accounts={account: provider.name for account, provider in core.providers.items()},
        lanes={
            (account, lane): (limits.concurrent, limits.per_minute)
            for account, provider in core.providers.items()
            for lane, limits in provider.limits.items()
        },
        now=now,
        held_before=_ALWAYS if alone else now - core.times.account_lost,
    )
    await core.database.write(register, item)


async def keep_holding(core: Services, account: str) -> None:
    """Say it again where that was long ago."""
    if core.settings.database.startswith("sqlite"):
        return  # no other process asks
    at = await held_at(core.database, account)
    if at is None or core.clock() - at >= core.times.account_hold:
        await hold_accounts(core)
