"""Who somebody is in their workspace, as Slack says it now."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from adapters.slack.api.client import Slack
from adapters.slack.api.refusals import Refusal
from bot.domain.errors import Delayed

#: how long an admin who is none any longer may still be taken for one
_KEPT_MS = 60_000
#: groups change rarely, and all of a workspace are asked for at once
_GROUPS_KEPT_MS = 5 * 60_000
_REMEMBERED = 5_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Someone:
    """A person in a workspace."""

    name: str
    is_admin: bool = False
    is_bot: bool = False
    #: as their client is set, for example `de-DE`; empty where Slack does not say
    locale: str = ""


class People:
    """Asks Slack, and remembers for a while."""

    def __init__(self, slack: Slack, clock: Callable[[], int], *, admins: frozenset[str]) -> None:
        self._slack = slack
        self._clock = clock
        #: named by the operator, as `U…`, `<team>:U…` or `slack:<team>:U…`
        self._admins = admins
        self._seen: dict[tuple[str, str], tuple[Someone, int]] = {}
        #: team → members of each of its groups
        self._groups: dict[str, tuple[Mapping[str, frozenset[str]], int]] = {}

    async def look(self, team: str, user: str, *, enterprise: str | None = None) -> Someone:
        """Who a user is.

        Where Slack does not tell, nobody is an admin but whom the operator has named: rights are never
        guessed, and somebody who is none can still make pictures.
        """
        known, until = self._seen.get((team, user), (None, 0))
        if known is not None and until > self._clock():
            return known
        named = not self._admins.isdisjoint({user, f"{team}:{user}", f"slack:{team}:{user}"})
        try:
            said = await self._slack.call("users.info", team, enterprise=enterprise, user=user)
        except (Refusal, Delayed):
            return Someone(name="", is_admin=named)
        someone = _read(said["user"], named=named)
        if len(self._seen) >= _REMEMBERED:
            self._seen.clear()
        self._seen[team, user] = (someone, self._clock() + _KEPT_MS)
        return someone

    async def groups(self, team: str, user: str, *, enterprise: str | None = None) -> frozenset[str]:
        """Ids of the user groups that somebody is in. Raises Refusal and DeliveryError."""
        known, until = self._groups.get(team, ({}, 0))
        if until <= self._clock():
            org: dict[str, Any] = {"team_id": team} if enterprise else {}
            said = await self._slack.call(
                "usergroups.list", team, enterprise=enterprise, include_users=True, **org
            )
            known = {str(one["id"]): frozenset(one.get("users", ())) for one in said["usergroups"]}
            self._groups[team] = (known, self._clock() + _GROUPS_KEPT_MS)
        return frozenset(group for group, users in known.items() if user in users)


def _read(user: Mapping[str, Any], *, named: bool) -> Someone:
    profile = user.get("profile") or {}
    names = (profile.get("display_name"), profile.get("real_name"), user.get("real_name"), user.get("name"))
    roles = ("is_admin", "is_owner", "is_primary_owner")
    return Someone(
        name=next((str(name) for name in names if name), ""),
        # A closed account keeps its flags.
        is_admin=not user.get("deleted") and (named or any(user.get(role) for role in roles)),
        is_bot=bool(user.get("is_bot")),
        locale=str(user.get("locale") or ""),
    )
