"""Commands that are shown before they are started: nothing is reserved until their button is pressed.

They are stored, so that the button works after a restart and in another process. A command is started once,
however often its button is pressed.
"""

from dataclasses import replace

from bot.domain.commands import CATALOGUE, Command, GenerateCommand, MydataForget, Reframe
from bot.domain.errors import InvalidRequest
from bot.domain.identity import Caller, Invocation
from bot.domain.ids import short_id
from bot.domain.pricing import is_estimate, is_upper_bound, show_money
from bot.domain.workspace_keys import OWN_KEY
from bot.jobs.pending_commands import StoredCommand, find_command, remove_command, store_command
from bot.service import framing, mydata, ordering, queries
from bot.service.durable_writes import until_known
from bot.service.replies import CardReply, PendingCommand, PrivateReply, Reply, ReplyFile
from bot.services import Services
from bot.store.workspaces import find_workspace

_EXPIRED = "This preview is no longer available; nothing was started or charged. Give the command again."


async def ask(
    services: Services,
    command: GenerateCommand,
    invocation: Invocation,
    context: ordering.CommandContext,
    *,
    notice: str = "",
) -> PrivateReply:
    """Show what a command will do and what it costs; raises what `execute` would refuse it with now."""
    caller, place = invocation.caller, invocation.place
    command = await ordering.complete_command(services, command, caller, place, context)
    order = await ordering.resolve_complete(services, command, caller, place)
    own_account = (await find_workspace(services.database, caller.workspace)).own_account
    jobs = await ordering.new_jobs(services, order, own_account)
    # Nothing is fetched for what would be refused in any case.
    await queries.check_acceptable(services, caller, place, ())
    if isinstance(command, Reframe):
        fetched = await framing.with_fetched_source(services, command, caller, place)
        if fetched is not command:
            command = fetched
            order = await ordering.resolve_complete(services, command, caller, place)
            jobs = await ordering.new_jobs(services, order, own_account)
    await queries.check_acceptable(services, caller, place, jobs)
    shown = (
        await framing.show_framing(services, order, caller)
        if isinstance(command, Reframe)
        else framing.FramingPreview(text="")
    )
    request = jobs[0].request
    price = show_money(sum(job.price for job in jobs), estimate=is_estimate(request))
    bound = f"up to {price}" if is_upper_bound(request) else price
    pending = PendingCommand(id=services.new_id(), start_label=f"Start · {bound}")
    stored = StoredCommand(
        command=command.name,
        options=command.model_dump_json(exclude_unset=True),
        member=caller.member,
        price=sum(job.price for job in jobs),
    )
    await until_known(services, lambda: store_command(services, pending.id, stored))
    builds_on = f"It builds on #{short_id(order.parent)}." if order.parent else ""
    payer = f"{OWN_KEY[0].upper()}{OWN_KEY[1:]}." if own_account else ""
    picture = None
    if shown.picture is not None:
        picture = ReplyFile(name="preview.png", mime="image/png", content=shown.picture, alt=shown.text)
    lines = (notice, shown.text, " ".join(filter(None, (builds_on, payer))))
    return PrivateReply(
        title=f"Start this /{command.name}?",
        text="\n".join(filter(None, lines)),
        pending=pending,
        file=picture,
    )


async def find(services: Services, pending: str, caller: Caller) -> Command:
    """The command that was shown to the caller; raises InvalidRequest where it is no longer available."""
    return _command(await _stored(services, pending, caller))


async def start(services: Services, pending: str, invocation: Invocation) -> Reply:
    """Start a command at the price that was shown; one that has become dearer is shown again instead."""
    caller, place = invocation.caller, invocation.place
    stored = await _stored(services, pending, caller)
    command = _command(stored)
    if isinstance(command, MydataForget):
        return await mydata.forget(services, caller)
    assert isinstance(command, GenerateCommand)  # noqa: S101 - no other command is stored
    order = await ordering.resolve_complete(services, command, caller, place)
    # By its own id: a second press of the button, which is another event, has no second effect.
    once = replace(invocation, key=f"pending/{pending}")
    try:
        reply = await ordering.accept(services, order, once, max_price=stored.price)
    except ordering.PriceRisen:
        notice = f"The price has risen from {show_money(stored.price)}, so nothing was started yet."
        return await ask(services, command, invocation, ordering.CommandContext(), notice=notice)
    if isinstance(reply, CardReply) and reply.repeated:
        return PrivateReply(title="Already started", text="/history lists your jobs.")
    return reply


async def discard(services: Services, pending: str, caller: Caller) -> PrivateReply:
    """Forget a command; one that was started goes on."""
    command = _command(await _stored(services, pending, caller))
    await remove_command(services, pending)
    done = "Nothing was deleted." if isinstance(command, MydataForget) else "Nothing was started."
    return PrivateReply(title="Closed", text=done)


async def _stored(services: Services, pending: str, caller: Caller) -> StoredCommand:
    stored = await find_command(services, pending)
    if stored is None or stored.member != caller.member:
        raise InvalidRequest(_EXPIRED)
    return stored


def _command(stored: StoredCommand) -> Command:
    try:
        return CATALOGUE[stored.command].model_validate_json(stored.options)
    except (KeyError, ValueError) as error:
        # Stored by another version.
        raise InvalidRequest(_EXPIRED) from error
