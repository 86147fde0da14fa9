"""The key that accounts are named by, kept in the store so that it outlives every REVERIE_SECRET_KEY.

An account's name is a keyed hash of its API key. Were that key the secret of the day, replacing the secret
would rename every account: all would be retired, and the jobs that only they can go on with be lost. So the
first start keeps the secret that the names come from, encrypted like everything else.
"""

from bot.security.encryption import FieldCipher, entry_context
from bot.store import adapter_data as vault
from bot.store.database.base import Database

#: no adapter has this name
_ADAPTER, _KEY = "@core", "account names"
_CONTEXT = entry_context(_ADAPTER, _KEY)


async def find_naming_key(database: Database, seal: FieldCipher) -> bytes | None:
    """Read the key that names accounts; None before the first start. Raises BadSeal where no secret fits."""
    kept = await vault.get(database, _ADAPTER, _KEY)
    return None if kept is None else _opened(kept, seal)


async def keep_naming_key(database: Database, seal: FieldCipher, key: bytes) -> bytes:
    """Keep a key for good, unless another process was faster; answers the one that is kept."""
    item = vault.Put(adapter=_ADAPTER, key=_KEY, sealed=seal.seal(key.hex(), context=_CONTEXT))
    return _opened(await database.write(vault.put_new, item), seal)


def _opened(kept: vault.Kept, seal: FieldCipher) -> bytes:
    return bytes.fromhex(seal.open(kept.sealed, context=_CONTEXT))
