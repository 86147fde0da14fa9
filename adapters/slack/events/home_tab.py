"""The Home tab: published when somebody opens it, and refreshed while they may be looking at it."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import structlog

from adapters.chat.result_files import MediaLinker
from adapters.slack.delivery.upload_store import UploadStore
from adapters.slack.events.context import EventContext
from adapters.slack.messages.home_view import MAX_HISTORY, HomeButton, HomeTabData, home_view
from bot.domain.commands import (
    Cancel,
    History,
    Quota,
    QuotasShow,
    Status,
    StudioPause,
    StudioResume,
    StudioUsage,
)
from bot.domain.errors import Delayed, InvalidRequest, NotAllowed, Refused, ReverieError, ServiceUnavailable
from bot.domain.identity import Caller, Invocation, Place
from bot.domain.ids import parse_job_id
from bot.domain.jobs.actions import Action
from bot.domain.reports.usage import Dimension, Format
from bot.service.facade import BotService
from bot.service.replies import PrivateReply

#: how long a person who opened the tab may still look at it
_VIEWING_MS = 3_600_000
_MAX_VIEWERS = 1_000
#: between two refreshes
REFRESH_S = 3.0
#: a chart would be a file of its own
_USAGE = StudioUsage(by=Dimension.MEMBER, format=Format.TABLE)

_log = structlog.get_logger(__name__)


class ViewPublisher(Protocol):
    """The part of the Web API that is used here."""

    async def call(
        self,
        method: str,
        team: str,
        *,
        enterprise: str | None = None,
        low_priority: bool = False,
        **arguments: Any,
    ) -> Mapping[str, Any]:
        """Raises Delayed, or another ReverieError for a permanent error."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Viewer:
    """A person with a Home tab."""

    caller: Caller
    team: str
    enterprise: str | None = None
    #: their user id
    user: str

    @classmethod
    def of(cls, context: EventContext) -> "Viewer":
        return cls(caller=context.caller, team=context.team, enterprise=context.enterprise, user=context.user)

    @property
    def key(self) -> str:
        return f"{self.team}/{self.user}"


class HomeTab:
    """Publishes the tab of each person, as a whole each time."""

    def __init__(
        self,
        service: BotService,
        web_api: ViewPublisher,
        uploads: UploadStore,
        link: MediaLinker,
        clock: Callable[[], int],
        *,
        refresh_s: float = REFRESH_S,
    ) -> None:
        self._service = service
        self._web_api = web_api
        self._uploads = uploads
        self._link = link
        self._clock = clock
        self._refresh_s = refresh_s
        #: viewer key → when they last opened the tab, the earliest first
        self._opened_at: dict[str, int] = {}
        self._outdated: dict[str, Viewer] = {}
        self._has_outdated = asyncio.Event()

    async def open(self, viewer: Viewer, notice: str = "") -> None:
        """Publish the tab that somebody opened, with a notice at the top."""
        self._opened_at.pop(viewer.key, None)
        while len(self._opened_at) >= _MAX_VIEWERS:
            self._opened_at.pop(next(iter(self._opened_at)))
        self._opened_at[viewer.key] = self._clock()
        await self._publish(viewer, notice)

    def refresh(self, viewer: Viewer) -> None:
        """Publish the tab again soon, if its person may be looking at it."""
        if self._clock() - self._opened_at.get(viewer.key, -_VIEWING_MS) < _VIEWING_MS:
            self._outdated[viewer.key] = viewer
            self._has_outdated.set()

    async def press(self, viewer: Viewer, action_id: str, value: str, *, key: str) -> None:
        """Do what a button asks for and show the result as a notice; `key` is the event's id."""
        if action_id not in set(HomeButton):
            # A button of another version: its view is replaced.
            await self._publish(viewer)
            return
        try:
            reply = await self._run(HomeButton(action_id), viewer.caller, value, key)
        except Refused as refusal:
            notice = str(refusal)
        except ReverieError as error:
            _log.warning("slack_home_button_failed", action=action_id, error=str(error))
            notice = str(ServiceUnavailable())
        else:
            notice = " – ".join(part for part in (reply.title, reply.text) if part) if reply else ""
        await self._publish(viewer, notice)

    async def run(self) -> None:
        """Publish outdated tabs, each at most once per interval, until cancelled."""
        while True:
            await self._has_outdated.wait()
            self._has_outdated.clear()
            outdated, self._outdated = self._outdated, {}
            async with asyncio.TaskGroup() as group:
                for viewer in outdated.values():
                    group.create_task(self._publish_again(viewer), name="slack home")
            await asyncio.sleep(self._refresh_s)

    async def _publish_again(self, viewer: Viewer) -> None:
        try:
            await self._publish(viewer, low_priority=True)
        except Exception as error:  # noqa: BLE001 - one tab that fails must not stop the others
            _log.error("slack_home_failed", member=viewer.caller.member, error=repr(error))

    async def _run(self, button: HomeButton, caller: Caller, value: str, key: str) -> PrivateReply | None:
        place = Place(
            adapter=caller.platform, workspace=caller.workspace, channel=f"@{caller.person}", private=True
        )
        invocation = Invocation(caller=caller, place=place, key=key)
        match button:
            case HomeButton.REFRESH:
                return None
            case HomeButton.CANCEL:
                reply = await self._service.execute(_cancel(value), invocation)
            case HomeButton.SEND:
                reply = await self._service.act(Action.SEND, value, invocation)
            case HomeButton.PAUSE:
                reply = await self._service.execute(StudioPause(), invocation)
            case HomeButton.RESUME:
                reply = await self._service.execute(StudioResume(), invocation)
        return reply if isinstance(reply, PrivateReply) else None

    async def _publish(self, viewer: Viewer, notice: str = "", *, low_priority: bool = False) -> None:
        try:
            data = await self._load(viewer.caller, notice)
            try:
                await self._send(viewer, data, thumbnails=True, low_priority=low_priority)
            except Delayed:
                raise
            except ReverieError:
                # Slack refuses the whole view if it cannot fetch one picture of it.
                await self._send(viewer, data, thumbnails=False, low_priority=low_priority)
        except ReverieError as error:
            # No retry: it is published again when it is opened or something is done.
            _log.warning("slack_home_not_published", member=viewer.caller.member, error=str(error))

    async def _send(self, viewer: Viewer, data: HomeTabData, *, thumbnails: bool, low_priority: bool) -> None:
        view = home_view(data, link=self._link, now=self._clock(), thumbnails=thumbnails)
        await self._web_api.call(
            "views.publish",
            viewer.team,
            enterprise=viewer.enterprise,
            low_priority=low_priority,
            user_id=viewer.user,
            view=view,
        )

    async def _load(self, caller: Caller, notice: str) -> HomeTabData:
        query = self._service.answer_query
        usage: PrivateReply | None = None
        quotas: PrivateReply | None = None
        try:
            usage, quotas = await query(_USAGE, caller), await query(QuotasShow(), caller)
        except NotAllowed:
            _log.debug("slack_home_without_admin_part", member=caller.member)
        history = await query(History(count=MAX_HISTORY), caller)
        return HomeTabData(
            quota=await query(Quota(), caller),
            running=await query(Status(), caller),
            history=history,
            pictures=await self._uploads.listed_pictures(history.views),
            usage=usage,
            quotas=quotas,
            notice=notice,
        )


def _cancel(job: str) -> Cancel:
    # Only a whole id: words would find another job.
    if parse_job_id(job) is None:
        raise InvalidRequest("This button belongs to an older version; open the tab again")
    return Cancel(job=job)
