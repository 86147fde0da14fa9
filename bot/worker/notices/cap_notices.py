"""Tells admins that a spending cap is near or reached, and conversations that their queued jobs wait for it.

Each is told once in the cap's period. The cap itself is enforced where money is reserved and jobs are
claimed.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from bot.domain.access import Workspace
from bot.domain.errors import DeliveryError
from bot.domain.identity import Place
from bot.domain.money.caps import Cap, CapState, near_notice, paused_notice, reached_notice
from bot.domain.money.pricing import cheapest_picture
from bot.domain.money.quota import Level, show_end
from bot.jobs.routing import offered_models
from bot.ports import Publisher
from bot.services import Services, log
from bot.store.admin.groups import workspaces_of_group
from bot.store.admin.workspaces import find_workspace
from bot.store.quotas.caps import claim_cap_notice, conversation_target, current_caps, waiting_conversations


async def post_cap_notices(services: Services, publishers: Mapping[str, Publisher]) -> None:
    """Post notices about caps until the process stops."""

    async def post() -> None:
        await post_due_cap_notices(services, publishers)

    async for _ in services.ticks("caps", services.times.cap_interval):
        await services.guarded("cap notices", post)


async def post_due_cap_notices(services: Services, publishers: Mapping[str, Publisher]) -> None:
    """Post what nobody has been told yet about the caps that are nearly used up."""
    for cap in await current_caps(services.database, now=services.clock()):
        state = cap.state(await _cheapest(services, cap))
        if state is not CapState.OPEN:
            await _tell_admins(services, publishers, cap, state)
        if cap.is_paused:
            await _tell_conversations(services, publishers, cap)


async def _cheapest(services: Services, cap: Cap) -> int:
    """Micro-dollars of the cheapest picture that can be made below a cap."""
    # What counts for several workspaces is made with the operator's accounts.
    workspace = cap.subject if cap.level in (Level.WORKSPACE, Level.CEILING) else ""
    offered = await offered_models(services, workspace)
    return cheapest_picture(services.rates, offered.get("image", ()))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Notice:
    """What is told about a cap, and as what it is remembered."""

    cap: Cap
    state: CapState
    target: str
    place: Place
    text: str


async def _tell_admins(
    services: Services, publishers: Mapping[str, Publisher], cap: Cap, state: CapState
) -> None:
    """Post to the admin channels; about the whole bot's budget the operator has the log."""
    if cap.level is Level.EVERYTHING:
        if await services.database.transact(claim_cap_notice, cap.meter, state, "", now=services.clock()):
            log.warning("total_cap", state=state, period=cap.period, used=cap.used, amount=cap.amount)
        return
    if cap.level is not Level.GROUP:
        workspace = await find_workspace(services.database, cap.subject)
        await _tell_workspace(services, publishers, cap, state, workspace)
        return
    for one in await workspaces_of_group(services.database, cap.subject):
        workspace = await find_workspace(services.database, one)
        if workspace.own_account is None:
            await _tell_workspace(services, publishers, cap, state, workspace)


async def _tell_workspace(
    services: Services, publishers: Mapping[str, Publisher], cap: Cap, state: CapState, workspace: Workspace
) -> None:
    publisher = publishers.get(workspace.admin_adapter)
    if workspace.admin_channel is None or publisher is None:
        return
    place = Place(adapter=workspace.admin_adapter, workspace=workspace.id, channel=workspace.admin_channel.id)
    tell = near_notice if state is CapState.NEAR else reached_notice
    notice = _Notice(
        cap=cap,
        state=state,
        # In a group each workspace is told by itself.
        target=workspace.id if cap.level is Level.GROUP else "",
        place=place,
        text=tell(cap, show_end(cap.period_end, workspace.timezone)),
    )
    await _post(services, publisher, notice)


async def _tell_conversations(services: Services, publishers: Mapping[str, Publisher], cap: Cap) -> None:
    for place in await waiting_conversations(services.database, cap, publishers):
        zone = (await find_workspace(services.database, place.workspace)).timezone
        notice = _Notice(
            cap=cap,
            state=CapState.REACHED,
            target=conversation_target(place),
            place=place,
            text=paused_notice(cap, show_end(cap.period_end, zone)),
        )
        await _post(services, publishers[place.adapter], notice)


async def _post(services: Services, publisher: Publisher, notice: _Notice) -> None:
    # Recorded first: a notice that is lost with this process does less harm than one that is posted twice.
    if not await services.database.transact(
        claim_cap_notice, notice.cap.meter, notice.state, notice.target, now=services.clock()
    ):
        return
    try:
        await publisher.post_notice(notice.text, notice.place)
    except DeliveryError as error:
        log.info("cap_notice_not_posted", adapter=notice.place.adapter, error=str(error))
