"""The defaults that members set for the options of commands; those of workspaces are in their policies."""

from collections.abc import Callable

from bot.domain.identity import Caller
from bot.domain.workspace.defaults import OptionDefaults, load_defaults
from bot.store.admin.workspaces import remember_member
from bot.store.database.base import Database, Row, Transaction
from bot.store.database.named_sql import load
from bot.store.rows import log_unreadable

sql = load("members/defaults")


async def member_defaults(database: Database, member: str) -> OptionDefaults:
    """The defaults of a member; none for somebody who is not known, or whose row cannot be read."""
    return _from(member, await database.one(sql.of_member, member=member))


async def change_member_defaults(
    tx: Transaction, caller: Caller, change: Callable[[OptionDefaults], OptionDefaults], *, now: int
) -> OptionDefaults:
    """Apply a change to the caller's defaults as they are now, and return them."""
    await remember_member(tx, caller, now=now)
    after = change(_from(caller.member, await tx.one(sql.lock_member, member=caller.member)))
    await tx.run(sql.set_of_member, member=caller.member, defaults=after.dump())
    return after


def _from(member: str, row: Row | None) -> OptionDefaults:
    if row is None:
        return OptionDefaults()
    try:
        return load_defaults(row["defaults"])
    except ValueError as error:
        # Without defaults every command still works.
        log_unreadable("member", member, type(error).__name__)
        return OptionDefaults()
