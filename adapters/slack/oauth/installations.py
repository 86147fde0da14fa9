"""Installations of the app with their tokens: stored encrypted, and shared by all processes."""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Self

import structlog
from pydantic import BaseModel, ConfigDict, ValidationError
from slack_bolt.async_app import AsyncApp
from slack_sdk.oauth.installation_store import Bot, Installation
from slack_sdk.oauth.installation_store.async_installation_store import AsyncInstallationStore

from adapters.slack.oauth.token_rotation import Refresh, RotatingToken
from bot.domain.errors import Delayed, DeliveryError, Undeliverable
from bot.service.adapter_data import AdapterData

#: how long a change by another process may go unnoticed
_CACHE_MS = 30_000
#: how long before its expiry a token is refreshed; tokens live for 12 hours
_REFRESH_AHEAD_MS = 2 * 3_600_000
#: between two refreshes of one installation by any process; a refresh takes less
_REFRESH_INTERVAL_MS = 15_000
_POLL_S = 0.25
_PAGE_SIZE = 500

_log = structlog.get_logger(__name__)


class InstallationRecord(BaseModel):
    """The app in one workspace or one organisation, stored as JSON. The only copy of its tokens."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    app: str | None = None
    enterprise: str | None = None
    enterprise_name: str | None = None
    enterprise_url: str | None = None
    #: None where the whole organisation has installed the app
    team: str | None = None
    team_name: str | None = None
    org_wide: bool = False
    bot: str | None = None
    bot_user: str | None = None
    scopes: tuple[str, ...] = ()
    token: str
    #: both only with token rotation; the expiry in milliseconds UTC
    refresh_token: str | None = None
    expires_at: int | None = None
    #: the user who installed it last
    installer: str | None = None
    installed_at: int

    @property
    def id(self) -> str:
        """The key of the installation; ids of teams and organisations are distinct."""
        return installation_key(self.enterprise, self.team, org_wide=self.org_wide)

    @classmethod
    def of(cls, installation: Installation | Bot) -> Self | None:
        """Read bolt's record; None for an installation without a bot token."""
        if not installation.bot_token:
            return None
        org_wide = is_true(installation.is_enterprise_install)
        by_user = installation if isinstance(installation, Installation) else None
        expires_at = installation.bot_token_expires_at
        return cls(
            app=installation.app_id,
            enterprise=installation.enterprise_id,
            enterprise_name=installation.enterprise_name,
            enterprise_url=by_user.enterprise_url if by_user is not None else None,
            team=None if org_wide else installation.team_id,
            team_name=None if org_wide else installation.team_name,
            org_wide=org_wide,
            bot=installation.bot_id,
            bot_user=installation.bot_user_id,
            scopes=tuple(installation.bot_scopes or ()),
            token=installation.bot_token,
            refresh_token=installation.bot_refresh_token,
            expires_at=None if expires_at is None else expires_at * 1000,
            installer=by_user.user_id if by_user is not None else None,
            installed_at=round(installation.installed_at * 1000),
        )

    def expires_within(self, milliseconds: int, *, now: int) -> bool:
        """Whether its token rotates and expires by then."""
        return self.refresh_token is not None and (self.expires_at or 0) - now <= milliseconds

    def with_token(self, rotated: RotatingToken) -> Self:
        return self.model_copy(
            update={
                "token": rotated.token,
                "refresh_token": rotated.refresh_token,
                "expires_at": rotated.expires_at,
            }
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Cached:
    record: InstallationRecord
    until: int


class InstallationStore(AsyncInstallationStore):
    """Finds the token of a workspace, and stores what bolt's OAuth flow installs.

    An installation belongs to a team, or to an organisation that has installed the app as a whole. Its token
    is stored once: a refresh token is valid once, so a copy would soon be invalid.
    """

    def __init__(self, adapter_data: AdapterData, clock: Callable[[], int], refresh: Refresh) -> None:
        self._adapter_data = adapter_data
        self._clock = clock
        self._refresh = refresh
        self._cache: dict[str, _Cached] = {}
        self._locks: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        #: team → its organisation, for teams without an installation of their own
        self._organisations: dict[str, str] = {}

    async def token(self, team: str, enterprise: str | None = None) -> str | None:
        """The bot token of a workspace; None where the app is not installed.

        Raises Delayed where the token has expired and Slack cannot provide the next one.
        """
        record = await self.find(team, enterprise)
        return record.token if record is not None else None

    async def find(
        self, team: str | None, enterprise: str | None = None, *, org_wide: object = False
    ) -> InstallationRecord | None:
        """The installation of a workspace: its own, else its organisation's."""
        key = installation_key(enterprise, team, org_wide=org_wide)
        if key and (found := await self._get(key)) is not None:
            return found
        if not team:
            return None
        other = team if key != team else await self._organisation_of(team, enterprise)
        return await self._get(other) if other is not None else None

    async def async_save(self, installation: Installation) -> None:
        """Store an installation in place of an older one of the same workspace or organisation."""
        record = InstallationRecord.of(installation)
        if record is not None:
            await self._put(record)
            _log.info("slack_app_installed", team=record.team, enterprise=record.enterprise)

    async def remove(self, team: str | None, enterprise: str | None, *, ended_at: int | None = None) -> bool:
        """Remove an installation that ended at `ended_at`; one that was made later stays."""
        key = installation_key(enterprise, team)
        if ended_at is not None:
            record = await self._load(key)
            if record is None or record.installed_at > ended_at:
                return False
        await self._adapter_data.remove(f"bot/{key}")
        self._cache.pop(key, None)
        # An earlier version also stored who had installed the app.
        while people := await self._adapter_data.latest(f"person/{key}/", limit=_PAGE_SIZE):
            for entry in people:
                await self._adapter_data.remove(entry.key)
        _log.info("slack_app_uninstalled", team=team, enterprise=enterprise)
        return True

    async def _organisation_of(self, team: str, enterprise: str | None) -> str | None:
        """A team's organisation; stored, because some requests name only the team."""
        known = self._organisations.get(team)
        if known is None or (enterprise is not None and known != enterprise):
            known = enterprise or await self._adapter_data.get(f"grid/{team}")
            if enterprise is not None and await self._adapter_data.get(f"bot/{enterprise}") is not None:
                await self._adapter_data.put(f"grid/{team}", enterprise)
            if known is not None:
                self._organisations[team] = known
        return known

    async def _get(self, key: str) -> InstallationRecord | None:
        """A cached or stored installation, with a token that is valid for a while."""
        if (cached := self._cached(key)) is not None:
            return cached
        lock, old = self._locks[key], self._cache.get(key)
        if lock.locked() and old is not None and not self._expires(old.record, 0):
            # This process is refreshing the token; until then the old one is valid.
            return old.record
        async with lock:
            if (cached := self._cached(key)) is not None:
                return cached
            record = await self._load(key)
            if record is not None and self._expires(record, _REFRESH_AHEAD_MS):
                record = await self._refreshed(record)
            if record is not None:
                self._cache[key] = _Cached(record=record, until=self._clock() + _CACHE_MS)
            return record

    def _cached(self, key: str) -> InstallationRecord | None:
        cached = self._cache.get(key)
        # A clock that was set back must not keep a token that was revoked meanwhile.
        fresh = cached is not None and cached.until - _CACHE_MS <= self._clock() < cached.until
        return cached.record if cached is not None and fresh else None

    def _expires(self, record: InstallationRecord, milliseconds: int) -> bool:
        return record.expires_within(milliseconds, now=self._clock())

    async def _refreshed(self, old: InstallationRecord) -> InstallationRecord | None:
        """The installation with its next token; one process at a time refreshes it."""
        now = self._clock()
        turn = await self._adapter_data.turn(f"rotate/{old.id}", now=now, every=_REFRESH_INTERVAL_MS)
        if turn > now and not self._expires(old, 0):
            return old
        record = await self._load(old.id)
        while record is not None and self._expires(record, _REFRESH_AHEAD_MS) and self._clock() < turn:
            await asyncio.sleep(_POLL_S)
            record = await self._load(old.id)
        if record is None or not self._expires(record, _REFRESH_AHEAD_MS):
            return record
        try:
            refreshed = record.with_token(await self._refresh(record.refresh_token or ""))
        except DeliveryError as error:
            _log.warning("slack_token_not_refreshed", installation=record.id, error=str(error))
            if not self._expires(record, 0):
                return record
            if isinstance(error, Undeliverable):
                return None
            raise
        if await self._load(record.id) != record:
            # Reinstalled or removed meanwhile: the new token belongs to the old installation.
            return await self._load(record.id)
        await self._put(refreshed)
        return refreshed

    async def _put(self, record: InstallationRecord) -> None:
        await self._adapter_data.put(f"bot/{record.id}", record.model_dump_json())
        self._cache.pop(record.id, None)

    async def _load(self, key: str) -> InstallationRecord | None:
        text = await self._adapter_data.get(f"bot/{key}")
        try:
            return InstallationRecord.model_validate_json(text) if text is not None else None
        except ValidationError as error:
            # Not None, which would mean "not installed": cards of this workspace would be given up.
            raise Delayed(f"The installation of {key} cannot be read; reinstall the app") from error


def register_uninstall_events(app: AsyncApp, installations: InstallationStore) -> None:
    """Remove installations with their events; bolt's own listeners ignore which one an old event means."""

    async def uninstalled(body: dict[str, Any]) -> None:
        team, enterprise = _installation_of(body)
        await installations.remove(team, enterprise, ended_at=_ended_at(body))

    async def tokens_revoked(body: dict[str, Any]) -> None:
        if (body["event"].get("tokens") or {}).get("bot"):
            await uninstalled(body)

    app.event("app_uninstalled")(uninstalled)
    app.event("tokens_revoked")(tokens_revoked)


def installation_key(enterprise: str | None, team: str | None, *, org_wide: object = False) -> str:
    """The team's id, or the organisation's where that has installed the app as a whole."""
    key = enterprise if is_true(org_wide) or not team else team
    return key or ""


def is_true(value: object) -> bool:
    """Parse a flag that Slack sends as a boolean in some payloads and as a string in others."""
    return value is True or value == "true"


def _installation_of(body: Mapping[str, Any]) -> tuple[str | None, str | None]:
    """The team, or None for a whole organisation; and the organisation."""
    authorization = (body.get("authorizations") or [body])[0]
    enterprise = authorization.get("enterprise_id") or body.get("enterprise_id")
    if is_true(authorization.get("is_enterprise_install")):
        return None, enterprise
    return authorization.get("team_id") or body.get("team_id"), enterprise


def _ended_at(body: Mapping[str, Any]) -> int:
    """The end of the second in which it happened, in milliseconds; Slack sends no fraction."""
    return int(body["event_time"]) * 1000 + 999
