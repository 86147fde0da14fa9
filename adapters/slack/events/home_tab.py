"""Shows people their Home tab when they open it, and keeps it true while they look at it."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import structlog

from adapters.chat.result_files import MediaLinker
from adapters.slack.delivery.uploaded_media import UploadKind, UploadStore
from adapters.slack.messages.home_view import MADE, HomeButton, HomeTabData, home_view
from bot.domain.actions import Action
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
from bot.domain.identity import Caller, Place
from bot.domain.ids import parse_job_id
from bot.service.facade import BotService
from bot.service.replies import PrivateReply

#: how long somebody who opened it may still be looking at it
_LOOKS_MS = 3_600_000
#: people of whom that is remembered; whoever opened it first is forgotten first
_LOOKERS = 1_000
#: between two refreshes
PACE_S = 3.0

_log = structlog.get_logger(__name__)


class ViewPublisher(Protocol):
    """The one door to Slack's API."""

    async def call(
        self, method: str, team: str, *, enterprise: str | None = None, spare: bool = False, **arguments: Any
    ) -> Mapping[str, Any]:
        """Raises Delayed, or another ReverieError where Slack refuses for good."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Viewer:
    """Somebody at their Home tab."""

    caller: Caller
    team: str
    enterprise: str | None = None
    #: their id in the team
    user: str

    @property
    def key(self) -> str:
        return f"{self.team}/{self.user}"


class HomeTab:
    """One tab for each person, published whole each time."""

    def __init__(
        self,
        service: BotService,
        slack: ViewPublisher,
        uploads: UploadStore,
        link: MediaLinker,
        clock: Callable[[], int],
        *,
        pace_s: float = PACE_S,
    ) -> None:
        self._service = service
        self._slack = slack
        self._uploads = uploads
        self._link = link
        self._clock = clock
        self._pace_s = pace_s
        #: when each opened it last
        self._opened: dict[str, int] = {}
        self._stale: dict[str, Viewer] = {}
        self._bell = asyncio.Event()

    async def open(self, visitor: Viewer, notice: str = "") -> None:
        """Publish the tab that somebody has just opened, with what there is to tell them."""
        self._opened.pop(visitor.key, None)
        while len(self._opened) >= _LOOKERS:
            self._opened.pop(next(iter(self._opened)))
        self._opened[visitor.key] = self._clock()
        await self._publish(visitor, notice)

    def touch(self, visitor: Viewer) -> None:
        """Note that somebody has done something; if they may be looking, what they see is made true soon."""
        if self._clock() - self._opened.get(visitor.key, -_LOOKS_MS) < _LOOKS_MS:
            self._stale[visitor.key] = visitor
            self._bell.set()

    async def press(self, visitor: Viewer, action_id: str, value: str, *, key: str) -> None:
        """Do what a button of the tab asks, and tell there what became of it; `key` is the event's own id."""
        if action_id not in set(HomeButton):
            # Of a view that another version has published.
            await self._publish(visitor)
            return
        try:
            note = await self._do(HomeButton(action_id), visitor.caller, value, key)
        except Refused as refusal:
            notice = str(refusal)
        except ReverieError as error:
            _log.warning("slack_home_button_failed", action=action_id, error=str(error))
            notice = str(ServiceUnavailable())
        else:
            notice = " – ".join(part for part in (note.title, note.text) if part) if note else ""
        await self._publish(visitor, notice)

    async def run(self) -> None:
        """Publish what has become stale, for each person once in a while at most, until cancelled."""
        while True:
            await self._bell.wait()
            self._bell.clear()
            stale, self._stale = self._stale, {}
            async with asyncio.TaskGroup() as group:
                for visitor in stale.values():
                    group.create_task(self._refresh(visitor), name="slack home")
            await asyncio.sleep(self._pace_s)

    async def _refresh(self, visitor: Viewer) -> None:
        try:
            await self._publish(visitor, spare=True)
        except Exception as error:  # noqa: BLE001 - one tab that fails leaves the others true
            _log.error("slack_home_failed", member=visitor.caller.member, error=repr(error))

    async def _do(self, button: HomeButton, caller: Caller, value: str, key: str) -> PrivateReply | None:
        place = Place(
            adapter=caller.platform, workspace=caller.workspace, channel=f"@{caller.person}", private=True
        )
        match button:
            case HomeButton.REFRESH:
                return None
            case HomeButton.CANCEL:
                answer = await self._service.execute(_cancel(value), caller, place, key=key)
            case HomeButton.SEND:
                answer = await self._service.act(Action.SEND, value, caller, place, key=key)
            case HomeButton.PAUSE:
                answer = await self._service.execute(StudioPause(), caller, place, key=key)
            case HomeButton.RESUME:
                answer = await self._service.execute(StudioResume(), caller, place, key=key)
        return answer if isinstance(answer, PrivateReply) else None

    async def _publish(self, visitor: Viewer, notice: str = "", *, spare: bool = False) -> None:
        try:
            overview = await self._look(visitor.caller, notice)
            try:
                await self._send(visitor, overview, thumbnails=True, spare=spare)
            except Delayed:
                raise
            except ReverieError:
                # Slack refuses the whole view where it cannot fetch one picture of it.
                await self._send(visitor, overview, thumbnails=False, spare=spare)
        except ReverieError as error:
            # Nothing hangs on it: it is published anew when it is opened or something is done.
            _log.warning("slack_home_not_published", member=visitor.caller.member, error=str(error))

    async def _send(self, visitor: Viewer, overview: HomeTabData, *, thumbnails: bool, spare: bool) -> None:
        view = home_view(overview, link=self._link, now=self._clock(), thumbnails=thumbnails)
        await self._slack.call(
            "views.publish",
            visitor.team,
            enterprise=visitor.enterprise,
            spare=spare,
            user_id=visitor.user,
            view=view,
        )

    async def _look(self, caller: Caller, notice: str) -> HomeTabData:
        glance = self._service.answer_query
        usage: PrivateReply | None = None
        quotas: PrivateReply | None = None
        try:
            usage, quotas = await glance(StudioUsage(), caller), await glance(QuotasShow(), caller)
        except NotAllowed:
            _log.debug("slack_home_without_studio", member=caller.member)
        history = await glance(History(count=MADE), caller)
        return HomeTabData(
            quota=await glance(Quota(), caller),
            running=await glance(Status(), caller),
            history=history,
            pictures=await self._pictures(history),
            usage=usage,
            quotas=quotas,
            notice=notice,
        )

    async def _pictures(self, history: PrivateReply) -> dict[str, str]:
        """What lies at Slack already, since the cards show it."""
        found = {}
        for view in history.views:
            for job in view.jobs:
                upload = await self._uploads.get(view.card, job.id, UploadKind.PICTURE)
                if upload is not None and upload.ready and not upload.lost:
                    found[job.id] = upload.file
        return found


def _cancel(job: str) -> Cancel:
    # A button names its job by the whole id; words would find another one.
    if parse_job_id(job) is None:
        raise InvalidRequest("This button is of an older version; open the tab anew")
    return Cancel(job=job)
