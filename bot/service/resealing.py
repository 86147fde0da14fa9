"""Encrypting everything anew with the secret that writes, so that the ones before it can be taken away."""

from bot.security.encryption import DecryptionFailed, FieldCipher
from bot.services import log
from bot.store.database.base import Database
from bot.store.reseal import EncryptedValue, Resealing, encrypted_values, replace_values


async def reseal_all(database: Database, cipher: FieldCipher) -> dict[str, int]:
    """Encrypt every value anew that the first secret has not; answers how many there were of each kind.

    What changes meanwhile is written with the first secret of whoever writes it.
    """
    counts = {"resealed": 0, "current": 0, "unreadable": 0}
    async for page in encrypted_values(database):
        changes = []
        for value in page:
            try:
                if cipher.is_current(value.value, context=value.context):
                    counts["current"] += 1
                else:
                    changes.append((value, _anew(value, cipher)))
            except DecryptionFailed:
                counts["unreadable"] += 1
                log.warning(
                    "value_not_resealed",
                    adapter=value.adapter,
                    card=value.key if value.adapter is None else None,
                )
        if changes:
            counts["resealed"] += await database.write(replace_values, Resealing(changes=tuple(changes)))
    return counts


def _anew(value: EncryptedValue, cipher: FieldCipher) -> str:
    return cipher.encrypt(cipher.decrypt(value.value, context=value.context), context=value.context)
