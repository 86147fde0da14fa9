"""The key that accounts are named by, kept in the store so that it outlives every REVERIE_SECRET_KEY.

An account's name is a keyed hash of its API key. Were that key the secret of the day, replacing the secret
would rename every account: all would be retired, and the jobs that only they can go on with be lost. So the
first start keeps the secret that the names come from, encrypted like everything else.
"""

from bot.security.encryption import FieldCipher, entry_context
from bot.store import adapter_data
from bot.store.database.base import Database

#: no adapter has this name
_ADAPTER, _KEY = "@core", "account names"
_CONTEXT = entry_context(_ADAPTER, _KEY)


async def find_naming_key(database: Database, cipher: FieldCipher) -> bytes | None:
    """Read the key that names accounts; None before the first start. Raises DecryptionFailed."""
    kept = await adapter_data.get(database, _ADAPTER, _KEY)
    return None if kept is None else _opened(kept, cipher)


async def keep_naming_key(database: Database, cipher: FieldCipher, key: bytes) -> bytes:
    """Keep a key for good, unless another process was faster; answers the one that is kept."""
    item = adapter_data.Put(adapter=_ADAPTER, key=_KEY, sealed=cipher.encrypt(key.hex(), context=_CONTEXT))
    return _opened(await database.write(adapter_data.put_new, item), cipher)


def _opened(kept: adapter_data.Entry, cipher: FieldCipher) -> bytes:
    return bytes.fromhex(cipher.decrypt(kept.sealed, context=_CONTEXT))
