"""Every encrypted value of the store, in pages, and its replacement by the same text encrypted anew.

A value is replaced only where it is still the one that was read. It keeps its number, so that no reader of
new entries sees it again.
"""

from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass

from bot.security.encryption import card_context, entry_context, workspace_key_context
from bot.store.database.base import Database, Transaction
from bot.store.database.named_sql import load

sql = load("reencrypt")

#: rows of one transaction
PAGE = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class EncryptedValue:
    """An encrypted value: an adapter's entry, a workspace's API key, or else a card's reply token."""

    adapter: str | None = None
    workspace: str | None = None
    #: of an entry its key, of an API key its account, of a reply token its card
    key: str
    value: str

    @property
    def context(self) -> str:
        if self.workspace is not None:
            return workspace_key_context(self.workspace, self.key)
        return card_context(self.key) if self.adapter is None else entry_context(self.adapter, self.key)


async def encrypted_values(database: Database) -> AsyncIterator[list[EncryptedValue]]:
    """Read every encrypted value, in pages."""
    adapter = key = card = account = ""
    while rows := await database.fetch(sql.entries_after, adapter=adapter, key=key, count=PAGE):
        yield [EncryptedValue(adapter=row["adapter"], key=row["key"], value=row["value"]) for row in rows]
        adapter, key = rows[-1]["adapter"], rows[-1]["key"]
    while rows := await database.fetch(sql.cards_after, id=card, count=PAGE):
        yield [EncryptedValue(key=row["id"], value=row["reply_token"]) for row in rows]
        card = rows[-1]["id"]
    while rows := await database.fetch(sql.keys_after, account=account, count=PAGE):
        yield [
            EncryptedValue(workspace=row["workspace"], key=row["account"], value=row["value"]) for row in rows
        ]
        account = rows[-1]["account"]


async def replace_values(tx: Transaction, changes: Iterable[tuple[EncryptedValue, str]]) -> int:
    """Replace values, each by a new one, in the order in which they were read; returns how many were."""
    return sum([await _replace(tx, old, new) for old, new in changes])


async def _replace(tx: Transaction, old: EncryptedValue, new: str) -> int:
    if old.workspace is not None:
        return await tx.run(sql.replace_key, account=old.key, old=old.value, new=new)
    if old.adapter is None:
        return await tx.run(sql.replace_card, id=old.key, old=old.value, new=new)
    return await tx.run(sql.replace_entry, adapter=old.adapter, key=old.key, old=old.value, new=new)
