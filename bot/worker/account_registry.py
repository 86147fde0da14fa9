"""Names the accounts of this process and registers them in the store.

An account's name is a keyed hash of its API key. If that key were the current secret, a new secret would
rename every account: all would be retired, and jobs that only they can continue would be lost. Therefore the
secret of the first start is stored, encrypted, as the naming key.

A worker registers the accounts that it has keys for. On SQLite there is one process, so that an account which
its settings do not name has been removed. On PostgreSQL other workers may have other keys: there an account
is retired only after no worker has registered it for a long time.
"""

from bot.security.encryption import FieldCipher, entry_context
from bot.services import Services
from bot.store import adapter_data
from bot.store.database.base import Database
from bot.store.operator.accounts import last_registered_at
from bot.store.operator.accounts import register_accounts as register

#: where the naming key is stored; no adapter has this name
_ADAPTER, _KEY = "@core", "account names"
_CONTEXT = entry_context(_ADAPTER, _KEY)
#: later than any registration
_ALWAYS = 2**62


async def find_naming_key(database: Database, cipher: FieldCipher) -> bytes | None:
    """Read the naming key; None before the first start. Raises DecryptionFailed."""
    entry = await adapter_data.get(database, _ADAPTER, _KEY)
    return None if entry is None else _decrypt(entry, cipher)


async def store_naming_key(database: Database, cipher: FieldCipher, key: bytes) -> bytes:
    """Store the naming key unless another process has; returns the stored one."""
    encrypted = cipher.encrypt(key.hex(), context=_CONTEXT)
    return _decrypt(await database.transact(adapter_data.put_new, _ADAPTER, _KEY, encrypted), cipher)


def _decrypt(entry: adapter_data.Entry, cipher: FieldCipher) -> bytes:
    return bytes.fromhex(cipher.decrypt(entry.encrypted, context=_CONTEXT))


async def register_accounts(services: Services) -> None:
    """Register the accounts of this worker, and retire those that no worker has."""
    now = services.clock()
    is_only_process = services.settings.database.startswith("sqlite")
    await services.database.transact(
        register,
        accounts={account: provider.name for account, provider in services.providers.items()},
        lanes={
            (account, lane): (limits.concurrent, limits.per_minute)
            for account, provider in services.providers.items()
            for lane, limits in provider.limits.items()
        },
        now=now,
        retire_before=_ALWAYS if is_only_process else now - services.times.account_lost,
    )


async def renew_registration(services: Services, account: str) -> None:
    """Register again if the last registration of this account was long ago."""
    if services.settings.database.startswith("sqlite"):
        return  # There is no other process that could retire it.
    registered_at = await last_registered_at(services.database, account)
    if registered_at is None or services.clock() - registered_at >= services.times.account_hold:
        await register_accounts(services)
