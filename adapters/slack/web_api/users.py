"""Who somebody is in their workspace, as Slack says it now."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import structlog

from adapters.chat.ttl_cache import TtlCache
from adapters.slack.web_api.client import WebApi
from adapters.slack.web_api.errors import ApiError
from adapters.slack.web_api.request_sharing import SharedRequests
from bot.domain.errors import Delayed, Refused

_log = structlog.get_logger(__name__)

#: how long a member is believed to be one; an admin is asked for each time, so that a lost role ends at once
_KEPT_MS = 60_000
#: groups change rarely, and all of a workspace are asked for at once
_GROUPS_KEPT_MS = 5 * 60_000
#: names change rarely, and no right hangs on them
_NAMES_KEPT_MS = 60 * 60_000
#: look-ups of names that one person may cause in a minute
_LOOKUPS, _LOOKUPS_MS = 10, 60_000
_REMEMBERED = 5_000
_ROLES = ("is_admin", "is_owner", "is_primary_owner")
#: Slack's own bot, of which `users.info` says that it is none
_SLACKBOT = "USLACKBOT"


class UserUnknown(Refused):
    """Slack does not say who you are at the moment, so nothing was started and nothing was charged.

    Try again in a moment.
    """

    def __init__(self, why: str = "") -> None:
        text = " ".join((type(self).__doc__ or "").split())
        super().__init__(f"{text} ({why})" if why else text)


class UserKind(StrEnum):
    """What somebody is to the workspace in which they do something."""

    MEMBER = "member"
    #: a single- or multi-channel guest
    GUEST = "guest"
    #: of another organisation, in a channel that both share
    STRANGER = "stranger"
    #: an app, a workflow or Slack's own bot
    BOT = "bot"
    #: a closed account
    DEACTIVATED = "deactivated"


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkspaceUser:
    """A user of a workspace."""

    name: str
    standing: UserKind = UserKind.MEMBER
    is_admin: bool = False
    #: as their client is set, for example `de-DE`; empty where Slack does not say
    locale: str = ""


class UserDirectory:
    """Asks Slack, and remembers for a while."""

    def __init__(self, slack: WebApi, clock: Callable[[], int], *, admins: frozenset[str]) -> None:
        self._slack = slack
        self._clock = clock
        #: named by the operator, as `U…`, `<team>:U…` or `slack:<team>:U…`
        self._admins = admins
        self._seen: TtlCache[tuple[str, str], WorkspaceUser] = TtlCache(_REMEMBERED)
        #: what people are called, who may be anybody; empty where Slack does not say
        self._names: TtlCache[tuple[str, str], str] = TtlCache(_REMEMBERED)
        #: names that were looked up for somebody in a minute, by team and id
        self._lookups: TtlCache[tuple[str, str], list[str]] = TtlCache(_REMEMBERED)
        #: team → members of each of its groups
        self._groups: TtlCache[str, Mapping[str, frozenset[str]]] = TtlCache(_REMEMBERED)
        #: somebody, or why Slack does not tell
        self._shared: SharedRequests[WorkspaceUser | str] = SharedRequests(str)

    async def look(self, team: str, user: str, *, enterprise: str | None = None) -> WorkspaceUser:
        """Who a user is.

        Raises Unrecognised where Slack does not tell: neither a right nor a person is ever assumed.
        """
        known = self._seen.get((team, user), self._clock())
        if known is not None:
            return known
        found = await self._shared.ask((team, user), lambda: self._ask(team, user, enterprise))
        if isinstance(found, str):
            raise UserUnknown(found)
        return found

    async def name(self, team: str, user: str, *, asker: str, enterprise: str | None = None) -> str:
        """What a user is called whom somebody names; empty where that is not known.

        Everybody in a workspace shares its limit of Slack's, so each has few look-ups a minute.
        """
        now = self._clock()
        known = self._names.get((team, user), now)
        if known is not None:
            return known
        made = self._lookups.get((team, asker), now)
        if made is None:
            made = []
            self._lookups.put((team, asker), made, now, ttl_ms=_LOOKUPS_MS)
        if len(made) >= _LOOKUPS:
            return ""
        made.append(user)
        try:
            return (await self.look(team, user, enterprise=enterprise)).name
        except UserUnknown:
            self._names.put((team, user), "", now, ttl_ms=_KEPT_MS)
            return ""

    async def groups(self, team: str, user: str, *, enterprise: str | None = None) -> frozenset[str]:
        """Ids of the user groups that somebody is in. Raises Refusal and DeliveryError."""
        known = self._groups.get(team, self._clock())
        if known is None:
            org: dict[str, Any] = {"team_id": team} if enterprise else {}
            said = await self._slack.call(
                "usergroups.list", team, enterprise=enterprise, include_users=True, **org
            )
            known = {str(one["id"]): frozenset(one.get("users", ())) for one in said["usergroups"]}
            self._groups.put(team, known, self._clock(), ttl_ms=_GROUPS_KEPT_MS)
        return frozenset(group for group, users in known.items() if user in users)

    async def _ask(self, team: str, user: str, enterprise: str | None) -> WorkspaceUser | str:
        try:
            said = await self._slack.call("users.info", team, enterprise=enterprise, user=user)
        except ApiError as refusal:
            _log.warning("user_not_recognised", team=team, user=user, code=refusal.code)
            return refusal.told if refusal.needed else ""
        except Delayed as error:
            _log.warning("user_not_recognised", team=team, user=user, error=str(error))
            return ""
        told = said.get("user")
        if not isinstance(told, Mapping):
            _log.warning("user_not_recognised", team=team, user=user, error="no user in the answer")
            return ""
        named = not self._admins.isdisjoint({user, f"{team}:{user}", f"slack:{team}:{user}"})
        someone = read_user(told, team, enterprise, named=named)
        self._names.put((team, user), someone.name, self._clock(), ttl_ms=_NAMES_KEPT_MS)
        if not someone.is_admin:
            self._seen.put((team, user), someone, self._clock(), ttl_ms=_KEPT_MS)
        return someone


def read_user(
    told: Mapping[str, Any], team: str, enterprise: str | None, *, named: bool = False
) -> WorkspaceUser:
    """Read `users.info` as somebody of this workspace; `named`: the operator has made them an admin."""
    profile = _part(told, "profile")
    names = (profile.get("display_name"), profile.get("real_name"), told.get("real_name"), told.get("name"))
    home = told.get("team_id") or profile.get("team")
    standing = _standing(told, home, team, enterprise)
    # The flags tell of the workspace that the account belongs to, and a closed account keeps them.
    flagged = home in (None, team) and any(told.get(role) is True for role in _ROLES)
    return WorkspaceUser(
        name=next((str(name) for name in names if name), ""),
        standing=standing,
        is_admin=standing in (UserKind.MEMBER, UserKind.GUEST) and (named or flagged),
        locale=str(told.get("locale") or ""),
    )


def _standing(told: Mapping[str, Any], home: Any, team: str, enterprise: str | None) -> UserKind:
    if told.get("is_bot") or told.get("is_workflow_bot") or told.get("id") == _SLACKBOT:
        return UserKind.BOT
    if told.get("deleted"):
        return UserKind.DEACTIVATED
    if told.get("is_stranger") or _is_foreign(told, home, team, enterprise):
        return UserKind.STRANGER
    if told.get("is_restricted") or told.get("is_ultra_restricted"):
        return UserKind.GUEST
    return UserKind.MEMBER


def _is_foreign(told: Mapping[str, Any], home: Any, team: str, enterprise: str | None) -> bool:
    """Whether the account belongs to another organisation, or to another workspace outside of ours.

    People of one organisation may work in several of its workspaces.
    """
    account = _part(told, "enterprise_user")
    organisation = told.get("enterprise_id") or account.get("enterprise_id")
    if organisation and enterprise:
        return bool(organisation != enterprise)
    teams = account.get("teams")
    return home not in (None, team) and team not in (teams if isinstance(teams, list) else ())


def _part(told: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    part = told.get(name)
    return part if isinstance(part, Mapping) else {}
