"""Encrypts everything stored with the current secret, after a secret was replaced."""

from bot.security.encryption import DecryptionFailed, FieldCipher
from bot.services import log
from bot.store.database.base import Database
from bot.store.reencrypt import EncryptedValue, encrypted_values, replace_values


async def reseal_all(database: Database, cipher: FieldCipher) -> dict[str, int]:
    """Encrypt every stored value with the first secret, and return how many values there were of each kind.

    Other processes write what they change meanwhile with their own first secret.
    """
    counts = {"resealed": 0, "current": 0, "unreadable": 0}
    async for page in encrypted_values(database):
        changes = []
        for value in page:
            try:
                if cipher.is_current(value.value, context=value.context):
                    counts["current"] += 1
                else:
                    changes.append((value, _reencrypted(value, cipher)))
            except DecryptionFailed:
                counts["unreadable"] += 1
                log.warning(
                    "value_not_resealed",
                    adapter=value.adapter,
                    workspace=value.workspace,
                    card=value.key if value.adapter is None and value.workspace is None else None,
                )
        if changes:
            counts["resealed"] += await database.transact(replace_values, changes)
    return counts


def _reencrypted(value: EncryptedValue, cipher: FieldCipher) -> str:
    return cipher.encrypt(cipher.decrypt(value.value, context=value.context), context=value.context)
