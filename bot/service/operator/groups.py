"""The operator's use cases about groups of workspaces, called like those of `operator`."""

import os
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from bot.domain.errors import InvalidRequest
from bot.domain.ids import ENTROPY_BYTES, new_id
from bot.domain.money.groups import Group, read_group_name
from bot.domain.money.limits import group_limit
from bot.domain.money.pricing import read_money, show_money
from bot.domain.money.quota import Meter
from bot.store.admin.groups import (
    create_group,
    delete_group,
    join_group,
    leave_group,
    list_groups,
    rename_group,
    set_group_budget,
)
from bot.store.admin.workspaces import AuditEntry
from bot.store.database.base import Database
from bot.store.quotas.limits import meters_of

Answer = dict[str, Any] | list[dict[str, Any]]


class GroupOperator:
    """Groups over a database; each change is audited."""

    def __init__(
        self,
        database: Database,
        clock: Callable[[], int],
        audit: Callable[[str, str], AuditEntry],
        require_known: Callable[[str], Awaitable[None]],
    ) -> None:
        self._database = database
        self._clock = clock
        #: what the audit records of an action and its subject
        self._audit = audit
        #: raises InvalidRequest for a workspace that has not used the bot
        self._require_known = require_known

    @property
    def calls(self) -> Mapping[str, Callable[..., Awaitable[Answer]]]:
        """Every use case by its name on the command line and the socket."""
        return {
            "groups_list": self.show,
            "groups_create": self.create,
            "groups_rename": self.rename,
            "groups_budget": self.budget,
            "groups_delete": self.delete,
            "groups_add": self.add,
            "groups_remove": self.remove,
        }

    async def show(self) -> Answer:
        """Every group with its workspaces and what they have used of its budget this month."""
        groups = await list_groups(self._database)
        limits = [group_limit(one.group, now=self._clock()) for one in groups]
        meters = await meters_of(self._database, limits)
        counted = [meters.get(limit.meter, Meter()) for limit in limits]
        return [
            {
                "group": one.group.name,
                "workspaces": list(one.workspaces),
                "budget_microusd": one.group.budget,
                "used_microusd": meter.used,
                "reserved_microusd": meter.reserved,
                "resets": limit.resets,
            }
            for one, limit, meter in zip(groups, limits, counted, strict=True)
        ]

    async def create(self, *, group: str, amount: str) -> Answer:
        """Make a group without workspaces."""
        made = Group(
            id=new_id(self._clock(), os.urandom(ENTROPY_BYTES)),
            name=read_group_name(group),
            budget=_read(amount),
        )
        await self._database.transact(create_group, made, audit=self._audit("group create", made.name))
        return {"group": made.name, "budget": show_money(made.budget), "period": "month"}

    async def rename(self, *, group: str, name: str) -> Answer:
        """Rename a group; its budget and what it has used stay."""
        new_name = read_group_name(name)
        await self._database.transact(rename_group, group, new_name, audit=self._audit("group rename", group))
        return {"group": new_name, "before": group}

    async def budget(self, *, group: str, amount: str) -> Answer:
        """Change what a group may spend in a calendar month, from now on."""
        budget = _read(amount)
        before = await self._database.transact(
            set_group_budget, group, budget, audit=self._audit("group budget", group)
        )
        return {"group": group, "budget": show_money(budget), "before": show_money(before.budget)}

    async def delete(self, *, group: str) -> Answer:
        """Remove a group; its workspaces keep their own budgets."""
        emptied = await self._database.transact(delete_group, group, audit=self._audit("group delete", group))
        return {"group": group, "workspaces": emptied, "deleted": True}

    async def add(self, *, group: str, workspace: str) -> Answer:
        """Put a workspace into a group; what it spends from now on counts there."""
        await self._require_known(workspace)
        await self._database.transact(join_group, group, workspace, audit=self._audit("group add", workspace))
        return {"group": group, "workspace": workspace, "added": True}

    async def remove(self, *, group: str, workspace: str) -> Answer:
        """Take a workspace out of a group; what it has spent stays counted there."""
        await self._database.transact(
            leave_group, group, workspace, audit=self._audit("group remove", workspace)
        )
        return {"group": group, "workspace": workspace, "removed": True}


def _read(amount: str) -> int:
    try:
        return read_money(amount)
    except ValueError as error:
        raise InvalidRequest(str(error)) from error
