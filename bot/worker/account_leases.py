"""Holding accounts: workers say which keys they have, and only what no worker holds any more is retired.

On SQLite there is one process, so an account that its settings do not name has been removed. On PostgreSQL
other workers may have other keys: there an account is retired once nobody has held it for a long time.
"""

from bot.services import Services
from bot.store.accounts import AccountRegistration, last_registered_at, register_accounts

#: later than any time at which an account can have been held
_ALWAYS = 2**62


async def hold_accounts(services: Services) -> None:
    """Say that this worker holds the accounts that its settings name."""
    now = services.clock()
    alone = services.settings.database.startswith("sqlite")
    item = AccountRegistration(
        accounts={account: provider.name for account, provider in services.providers.items()},
        lanes={
            (account, lane): (limits.concurrent, limits.per_minute)
            for account, provider in services.providers.items()
            for lane, limits in provider.limits.items()
        },
        now=now,
        held_before=_ALWAYS if alone else now - services.times.account_lost,
    )
    await services.database.write(register_accounts, item)


async def keep_holding(services: Services, account: str) -> None:
    """Say it again where that was long ago."""
    if services.settings.database.startswith("sqlite"):
        return  # no other process asks
    at = await last_registered_at(services.database, account)
    if at is None or services.clock() - at >= services.times.account_hold:
        await hold_accounts(services)
