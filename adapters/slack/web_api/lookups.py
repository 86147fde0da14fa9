"""Cached look-ups: who a user is in a workspace, and whether the bot is in a channel."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import structlog

from adapters.chat.ttl_cache import TtlCache
from adapters.slack.places import is_direct
from adapters.slack.web_api.client import WebApi
from adapters.slack.web_api.errors import ApiError, ErrorAction
from adapters.slack.web_api.rate_limits import SharedRequests
from bot.domain.errors import Delayed, NotAllowed, Refused

_log = structlog.get_logger(__name__)

#: how long a member is cached; admins are not, so that a lost role counts at once
_USER_TTL_MS = 60_000
#: names rarely change, and give no rights
_NAME_TTL_MS = 60 * 60_000
#: name look-ups that one person may cause in a minute
_NAME_LOOKUPS, _NAME_LOOKUPS_MS = 10, 60_000
#: how long a channel is cached; where the bot was removed meanwhile, the card takes another route
_CHANNEL_TTL_MS = 5 * 60_000
_MAX_USERS, _MAX_CHANNELS = 5_000, 10_000
_ADMIN_FLAGS = ("is_admin", "is_owner", "is_primary_owner")
#: `users.info` does not mark Slack's own bot as one
_SLACKBOT = "USLACKBOT"


class UserUnknown(Refused):
    """Slack does not confirm who you are right now. Nothing was started and nothing was charged.

    Try again in a moment.
    """

    def __init__(self, reason: str = "") -> None:
        text = " ".join((type(self).__doc__ or "").split())
        super().__init__(f"{text} ({reason})" if reason else text)


class BotNotInChannel(NotAllowed):
    """I am not in this channel, so I cannot post the result here. Nothing was charged.

    Type `/invite @Reverie` and try again, or get it in your direct messages.
    """

    def __init__(self) -> None:
        super().__init__(" ".join((type(self).__doc__ or "").split()))


class UserKind(StrEnum):
    """What a user is to the workspace in which they do something."""

    MEMBER = "member"
    #: a single- or multi-channel guest
    GUEST = "guest"
    #: of another organisation, in a shared channel
    EXTERNAL = "external"
    #: an app, a workflow or Slack's own bot
    BOT = "bot"
    DEACTIVATED = "deactivated"


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkspaceUser:
    """A user in a workspace."""

    name: str
    kind: UserKind = UserKind.MEMBER
    is_admin: bool = False


class UserDirectory:
    """Looks users up with `users.info`."""

    def __init__(self, api: WebApi, clock: Callable[[], int], *, admins: frozenset[str]) -> None:
        self._api = api
        self._clock = clock
        #: set by the operator, as `U…`, `<team>:U…` or `slack:<team>:U…`
        self._admins = admins
        self._users: TtlCache[tuple[str, str], WorkspaceUser] = TtlCache(_MAX_USERS)
        #: (team, user) → name, whoever it is; empty where Slack gives none
        self._names: TtlCache[tuple[str, str], str] = TtlCache(_MAX_USERS)
        #: (team, asker) → names looked up for them within a minute
        self._lookups: TtlCache[tuple[str, str], list[str]] = TtlCache(_MAX_USERS)
        #: a user, or why Slack gives none
        self._requests: SharedRequests[WorkspaceUser | str] = SharedRequests(str)

    async def get(self, team: str, user: str, *, enterprise: str | None = None) -> WorkspaceUser:
        """Look a user up.

        Raises UserUnknown where Slack does not answer: neither a right nor a person is ever assumed.
        """
        known = self._users.get((team, user), self._clock())
        if known is not None:
            return known
        found = await self._requests.run((team, user), lambda: self._fetch(team, user, enterprise))
        if isinstance(found, str):
            raise UserUnknown(found)
        return found

    async def name(self, team: str, user: str, *, asker: str, enterprise: str | None = None) -> str:
        """The name of a user whom somebody mentions; empty where it is unknown.

        The workspace's rate limit is shared, so each asker has few look-ups a minute.
        """
        now = self._clock()
        known = self._names.get((team, user), now)
        if known is not None:
            return known
        lookups = self._lookups.get((team, asker), now)
        if lookups is None:
            lookups = []
            self._lookups.put((team, asker), lookups, now, ttl_ms=_NAME_LOOKUPS_MS)
        if len(lookups) >= _NAME_LOOKUPS:
            return ""
        lookups.append(user)
        try:
            return (await self.get(team, user, enterprise=enterprise)).name
        except UserUnknown:
            self._names.put((team, user), "", now, ttl_ms=_USER_TTL_MS)
            return ""

    async def _fetch(self, team: str, user: str, enterprise: str | None) -> WorkspaceUser | str:
        try:
            response = await self._api.call("users.info", team, enterprise=enterprise, user=user)
        except ApiError as error:
            _log.warning("user_not_identified", team=team, user=user, code=error.code)
            return error.reason if error.needed else ""
        except Delayed as error:
            _log.warning("user_not_identified", team=team, user=user, error=str(error))
            return ""
        account = response.get("user")
        if not isinstance(account, Mapping):
            _log.warning("user_not_identified", team=team, user=user, error="no user in the response")
            return ""
        is_admin = not self._admins.isdisjoint({user, f"{team}:{user}", f"slack:{team}:{user}"})
        found = parse_user(account, team, enterprise, set_as_admin=is_admin)
        self._names.put((team, user), found.name, self._clock(), ttl_ms=_NAME_TTL_MS)
        if not found.is_admin:
            self._users.put((team, user), found, self._clock(), ttl_ms=_USER_TTL_MS)
        return found


class ChannelMembership:
    """Checks with `conversations.info` that the bot is in a channel, before money is spent."""

    def __init__(self, api: WebApi, clock: Callable[[], int]) -> None:
        self._api = api
        self._clock = clock
        #: (team, channel) that the bot was found in; a channel may be shared by teams with a bot each
        self._joined: TtlCache[tuple[str, str], bool] = TtlCache(_MAX_CHANNELS)
        #: why nothing can be posted in a channel; empty where it can
        self._requests: SharedRequests[NotAllowed | str] = SharedRequests(str)

    async def require(self, team: str, channel: str, *, enterprise: str | None = None) -> None:
        """Return where the bot can post in a channel, or where Slack does not say: delivery finds out.

        Raises BotNotInChannel, and NotAllowed where nobody can post.
        """
        if not channel or channel.startswith("@") or self._joined.get((team, channel), self._clock()):
            return
        problem = await self._requests.run((team, channel), lambda: self._fetch(team, channel, enterprise))
        if isinstance(problem, BotNotInChannel):
            raise BotNotInChannel
        if isinstance(problem, NotAllowed):
            raise NotAllowed(str(problem))

    async def _fetch(self, team: str, channel: str, enterprise: str | None) -> NotAllowed | str:
        try:
            response = await self._api.call(
                "conversations.info", team, enterprise=enterprise, channel=channel
            )
        except ApiError as error:
            if error.action is ErrorAction.GONE:
                return BotNotInChannel()
            _log.info("membership_unknown", channel=channel, code=error.code)
            return ""
        except Delayed as error:
            _log.info("membership_unknown", channel=channel, error=str(error))
            return ""
        known = response.get("channel")
        problem = _problem(channel, known) if isinstance(known, Mapping) else ""
        if not problem:
            self._joined.put((team, channel), True, self._clock(), ttl_ms=_CHANNEL_TTL_MS)
        return problem


def parse_user(
    account: Mapping[str, Any], team: str, enterprise: str | None, *, set_as_admin: bool = False
) -> WorkspaceUser:
    """Parse `users.info` for a workspace; `set_as_admin`: the operator's settings name the user."""
    profile = _part(account, "profile")
    names = (
        profile.get("display_name"), profile.get("real_name"), account.get("real_name"), account.get("name"),
    )  # fmt: skip
    home = account.get("team_id") or profile.get("team")
    kind = _kind(account, home, team, enterprise)
    # The flags hold for the account's home workspace, and a deactivated account keeps them.
    flagged = home in (None, team) and any(account.get(flag) is True for flag in _ADMIN_FLAGS)
    return WorkspaceUser(
        name=next((str(name) for name in names if name), ""),
        kind=kind,
        is_admin=kind in (UserKind.MEMBER, UserKind.GUEST) and (set_as_admin or flagged),
    )


def _kind(account: Mapping[str, Any], home: Any, team: str, enterprise: str | None) -> UserKind:
    if account.get("is_bot") or account.get("is_workflow_bot") or account.get("id") == _SLACKBOT:
        return UserKind.BOT
    if account.get("deleted"):
        return UserKind.DEACTIVATED
    if account.get("is_stranger") or _is_external(account, home, team, enterprise):
        return UserKind.EXTERNAL
    if account.get("is_restricted") or account.get("is_ultra_restricted"):
        return UserKind.GUEST
    return UserKind.MEMBER


def _is_external(account: Mapping[str, Any], home: Any, team: str, enterprise: str | None) -> bool:
    """Whether the account belongs to another organisation, or to a workspace outside of ours.

    People of one organisation may work in several of its workspaces.
    """
    grid = _part(account, "enterprise_user")
    organisation = account.get("enterprise_id") or grid.get("enterprise_id")
    if organisation and enterprise:
        return bool(organisation != enterprise)
    teams = grid.get("teams")
    return home not in (None, team) and team not in (teams if isinstance(teams, list) else ())


def _part(account: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    part = account.get(name)
    return part if isinstance(part, Mapping) else {}


def _problem(channel: str, known: Mapping[str, Any]) -> NotAllowed | str:
    if known.get("is_archived"):
        return NotAllowed("This channel is archived, so nothing can be posted here. Nothing was charged")
    joined = known.get("is_im") or known.get("is_mpim") or is_direct(channel) or known.get("is_member")
    return "" if joined else BotNotInChannel()
