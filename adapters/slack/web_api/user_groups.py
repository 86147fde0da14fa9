"""Cached look-ups of user groups, which are the roles of a Slack workspace."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import structlog

from adapters.chat.ttl_cache import TtlCache
from adapters.slack.web_api.client import WebApi
from adapters.slack.web_api.errors import ApiError
from adapters.slack.web_api.rate_limits import SharedRequests
from bot.domain.errors import Delayed

_log = structlog.get_logger(__name__)

#: how long the groups of a workspace are cached, and that they could not be looked up
_TTL_MS = 60_000
_MAX_TEAMS = 5_000
#: Slack's codes where a workspace's plan has no user groups
_WITHOUT_GROUPS = frozenset({"paid_teams_only", "plan_upgrade_required", "team_not_eligible"})


@dataclass(frozen=True, slots=True, kw_only=True)
class UserGroup:
    id: str
    #: as it is mentioned, without the `@`
    handle: str
    users: frozenset[str]


#: the groups of a workspace; None where Slack does not say
Groups = tuple[UserGroup, ...] | None


class UserGroups:
    """Looks user groups up with `usergroups.list`."""

    def __init__(self, api: WebApi, clock: Callable[[], int]) -> None:
        self._api = api
        self._clock = clock
        #: a list of one, because None is an answer too
        self._groups: TtlCache[str, list[Groups]] = TtlCache(_MAX_TEAMS)
        self._requests: SharedRequests[list[Groups]] = SharedRequests(lambda: [None])

    async def of_team(self, team: str, *, enterprise: str | None = None) -> Groups:
        """The groups of a workspace; None where Slack does not say, so that nothing may be assumed."""
        known = self._groups.get(team, self._clock())
        if known is None:
            known = await self._requests.run(team, lambda: self._fetch(team, enterprise))
        return known[0]

    async def roles_of(self, team: str, user: str, *, enterprise: str | None = None) -> frozenset[str] | None:
        """The ids of a user's groups; None where they are not known."""
        groups = await self.of_team(team, enterprise=enterprise)
        return None if groups is None else frozenset(one.id for one in groups if user in one.users)

    async def _fetch(self, team: str, enterprise: str | None) -> list[Groups]:
        found: Groups = None
        try:
            response = await self._api.call(
                "usergroups.list", team, enterprise=enterprise, include_users="true", team_id=team
            )
            found = tuple(_group(one) for one in response["usergroups"])
        except ApiError as error:
            if error.code in _WITHOUT_GROUPS:
                found = ()
            else:
                _log.info("user_groups_unknown", team=team, code=error.code)
        except (Delayed, LookupError, TypeError, AttributeError) as error:
            _log.info("user_groups_unknown", team=team, error=repr(error))
        self._groups.put(team, [found], self._clock(), ttl_ms=_TTL_MS)
        return [found]


def _group(group: Mapping[str, object]) -> UserGroup:
    users = group.get("users")
    members = users if isinstance(users, list) else []
    return UserGroup(
        id=str(group["id"]),
        handle=str(group.get("handle") or group["id"]),
        users=frozenset(map(str, members)),
    )
