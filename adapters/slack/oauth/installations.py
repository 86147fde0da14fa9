"""Where the app is installed, and with whose tokens: encrypted in the vault, for all processes alike."""

import asyncio
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass

import structlog
from pydantic import ValidationError
from slack_sdk.oauth.installation_store import Bot, Installation
from slack_sdk.oauth.installation_store.async_installation_store import AsyncInstallationStore

from adapters.slack.oauth.records import InstallationRecord, PersonRecord, joined, key_of
from adapters.slack.oauth.token_rotation import Refresh
from bot.domain.errors import Delayed, DeliveryError, Undeliverable
from bot.service.adapter_data import AdapterData

#: how long another process's change may go unseen
_FRESH_MS = 30_000
#: how long before its end a token is replaced; they live for 12 hours
_AHEAD_MS = 2 * 3_600_000
#: between two exchanges of one installation, by all processes together: longer than one may take
_TURN_MS = 15_000
_LOOK_S = 0.25
_PAGE = 500

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Seen:
    record: InstallationRecord
    until: int


class InstallationStore(AsyncInstallationStore):
    """Gives the token for a workspace, and is bolt's store of installations.

    An installation is found by its team, or by its organisation where that has the app as a whole. Its bot
    token lives in one place alone: a refresh token is good once, and a copy would soon be a dead one.
    """

    def __init__(self, adapter_data: AdapterData, clock: Callable[[], int], refresh: Refresh) -> None:
        self._adapter_data = adapter_data
        self._clock = clock
        self._refresh = refresh
        self._seen: dict[str, _Seen] = {}
        self._reading: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        #: the organisation of each team that has none but its organisation's installation
        self._above: dict[str, str] = {}

    async def token(self, team: str, enterprise: str | None = None) -> str | None:
        """The bot token for a workspace; None where the app is not installed (any more).

        Raises Delayed where the token has ended and Slack cannot be asked for the next one.
        """
        record = await self.find(team, enterprise)
        return record.token if record is not None else None

    async def find(
        self, team: str | None, enterprise: str | None = None, *, org_wide: object = False
    ) -> InstallationRecord | None:
        """The installation that speaks in a workspace: its own one, or its organisation's."""
        own = key_of(enterprise, team, org_wide=org_wide)
        if own and (found := await self._read(own)) is not None:
            return found
        if not team:
            return None
        other = team if own != team else await self._organisation(team, enterprise)
        return await self._read(other) if other is not None else None

    async def forget(self, team: str | None, enterprise: str | None, *, before: int) -> bool:
        """Forget an installation that ended at `before`; one that was made after it stays."""
        key = key_of(enterprise, team)
        record = await self._load(key)
        if record is None or record.installed_at > before:
            return False
        await self.async_delete_all(enterprise_id=enterprise, team_id=team)
        return True

    async def async_save(self, installation: Installation) -> None:
        """Keep an installation in place of an older one of the same workspace or organisation."""
        person = PersonRecord.of(installation)
        record = InstallationRecord.of(installation)
        key = key_of(
            installation.enterprise_id, installation.team_id, org_wide=installation.is_enterprise_install
        )
        if person is not None:
            await self._adapter_data.put(f"person/{key}/{person.user}", person.model_dump_json())
        if record is not None:
            await self._keep(record)
            _log.info("slack_app_installed", team=record.team, enterprise=record.enterprise)

    async def async_save_bot(self, bot: Bot) -> None:
        record = InstallationRecord.of(bot)
        if record is not None:
            await self._keep(record)

    async def async_find_bot(
        self,
        *,
        enterprise_id: str | None,
        team_id: str | None,
        is_enterprise_install: bool | None = False,
    ) -> Bot | None:
        record = await self.find(team_id, enterprise_id, org_wide=is_enterprise_install)
        return record.as_bot() if record is not None else None

    async def async_find_installation(
        self,
        *,
        enterprise_id: str | None,
        team_id: str | None,
        user_id: str | None = None,
        is_enterprise_install: bool | None = False,
    ) -> Installation | None:
        """What somebody installed; without a person, the installation as its last installer made it."""
        record = await self.find(team_id, enterprise_id, org_wide=is_enterprise_install)
        if record is None:
            return None
        user = user_id or record.installer
        kept = await self._adapter_data.get(f"person/{record.id}/{user}") if user else None
        if kept is None:
            return None if user_id else joined(record, None)
        return joined(record, PersonRecord.model_validate_json(kept))

    async def async_delete_bot(self, *, enterprise_id: str | None, team_id: str | None) -> None:
        key = key_of(enterprise_id, team_id)
        await self._adapter_data.remove(f"bot/{key}")
        self._seen.pop(key, None)
        _log.info("slack_app_left", team=team_id, enterprise=enterprise_id)

    async def async_delete_installation(
        self, *, enterprise_id: str | None, team_id: str | None, user_id: str | None = None
    ) -> None:
        """Forget what one person installed, or what everybody did."""
        prefix = f"person/{key_of(enterprise_id, team_id)}/"
        if user_id is not None:
            await self._adapter_data.remove(f"{prefix}{user_id}")
            return
        while people := await self._adapter_data.latest(prefix, limit=_PAGE):
            for entry in people:
                await self._adapter_data.remove(entry.key)

    async def _organisation(self, team: str, enterprise: str | None) -> str | None:
        """A team's organisation; what names only a team later, a message to somebody, finds it by this."""
        known = self._above.get(team)
        if known is None or (enterprise is not None and known != enterprise):
            known = enterprise or await self._adapter_data.get(f"grid/{team}")
            if enterprise is not None and await self._adapter_data.get(f"bot/{enterprise}") is not None:
                await self._adapter_data.put(f"grid/{team}", enterprise)
            if known is not None:
                self._above[team] = known
        return known

    async def _read(self, key: str) -> InstallationRecord | None:
        """What was seen a moment ago, else what the vault has, with a token that is good for a while."""
        if (known := self._known(key)) is not None:
            return known
        lock, old = self._reading[key], self._seen.get(key)
        if lock.locked() and old is not None and not self._ends(old.record, 0):
            # Somebody here is asking for the next token; this one still works.
            return old.record
        async with lock:
            if (known := self._known(key)) is not None:
                return known
            record = await self._load(key)
            if record is not None and self._ends(record, _AHEAD_MS):
                record = await self._renewed(record)
            if record is not None:
                self._seen[key] = _Seen(record=record, until=self._clock() + _FRESH_MS)
            return record

    def _known(self, key: str) -> InstallationRecord | None:
        seen = self._seen.get(key)
        # A clock that was set back must not keep a token that was revoked meanwhile.
        fresh = seen is not None and seen.until - _FRESH_MS <= self._clock() < seen.until
        return seen.record if seen is not None and fresh else None

    def _ends(self, record: InstallationRecord, milliseconds: int) -> bool:
        return record.ends_within(milliseconds, now=self._clock())

    async def _renewed(self, old: InstallationRecord) -> InstallationRecord | None:
        """The installation with its next token; one process at a time, for a refresh token is good once."""
        now = self._clock()
        turn = await self._adapter_data.turn(f"rotate/{old.id}", now=now, every=_TURN_MS)
        if turn > now and not self._ends(old, 0):
            return old
        record = await self._load(old.id)
        while record is not None and self._ends(record, _AHEAD_MS) and self._clock() < turn:
            await asyncio.sleep(_LOOK_S)
            record = await self._load(old.id)
        if record is None or not self._ends(record, _AHEAD_MS):
            return record
        try:
            renewed = await self._refresh(record)
        except DeliveryError as error:
            _log.warning("slack_token_not_renewed", installation=record.id, error=str(error))
            if not self._ends(record, 0):
                return record
            if isinstance(error, Undeliverable):
                return None
            raise
        if await self._load(record.id) != record:
            # Installed anew or gone meanwhile: this token belongs to what is no more.
            return await self._load(record.id)
        await self._keep(renewed)
        return renewed

    async def _keep(self, record: InstallationRecord) -> None:
        await self._adapter_data.put(f"bot/{record.id}", record.model_dump_json())
        self._seen.pop(record.id, None)

    async def _load(self, key: str) -> InstallationRecord | None:
        kept = await self._adapter_data.get(f"bot/{key}")
        try:
            return InstallationRecord.model_validate_json(kept) if kept is not None else None
        except ValidationError as error:
            # Not "not installed": then what waits for this workspace would be given up.
            raise Delayed(f"The installation of {key} cannot be read; install the app anew") from error
