"""Commands and actions that are shown before they are started: nothing is reserved until a button is pressed.

They are stored, so that the button works after a restart and in another process. Each is started once,
however often its button is pressed.
"""

from dataclasses import dataclass, replace

from bot.domain.commands import CATALOGUE, Command, GenerateCommand, Reframe
from bot.domain.errors import InvalidRequest
from bot.domain.identity import Caller, Invocation, Place
from bot.domain.ids import short_id
from bot.domain.jobs.actions import EMOJI, LABELS, Action, ActionInput
from bot.domain.money.pricing import show_money
from bot.domain.workspace.workspace_keys import OWN_KEY
from bot.jobs.pending_commands import StoredCommand, find_command, remove_command, store_command
from bot.service.commands import framing, ordering
from bot.service.durable_writes import until_known
from bot.service.members import questions
from bot.service.queries import member_queries
from bot.service.queries.job_lookup import visible_job
from bot.service.replies import CardReply, PendingCommand, PendingStart, PrivateReply, Reply, ReplyFile
from bot.services import Services
from bot.store.admin.workspaces import find_workspace

_EXPIRED = "This preview is no longer available; nothing was started or charged. Give the command again."


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingAction:
    """An action on a job that is shown before it is started."""

    action: Action
    job: str
    action_input: ActionInput


Pending = GenerateCommand | PendingAction


async def execute(
    services: Services,
    command: GenerateCommand,
    invocation: Invocation,
    context: ordering.CommandContext,
) -> Reply:
    """Start a command; one that asks first, or costs more than its form has shown, is shown instead."""
    if context.asks_first:
        return await ask(services, command, invocation, context)
    order = await ordering.resolve_command(services, command, invocation.caller, invocation.place, context)
    try:
        return await ordering.accept(services, order, invocation, max_price=context.shown_price)
    except ordering.PriceRisen:
        shown = show_money(context.shown_price or 0)
        notice = f"This costs more than the {shown} that the form showed, so nothing was started yet."
        return await ask(services, command, invocation, context, notice=notice)


async def ask(
    services: Services,
    pending: Pending,
    invocation: Invocation,
    context: ordering.CommandContext | None = None,
    *,
    notice: str = "",
) -> PrivateReply:
    """Show what will be started and what it costs; raises what starting it would be refused with now."""
    caller, place = invocation.caller, invocation.place
    if isinstance(pending, GenerateCommand):
        context = context or ordering.CommandContext()
        pending = await ordering.complete_command(services, pending, caller, place, context)
    order = await _order(services, pending, caller, place)
    own_account = (await find_workspace(services.database, caller.workspace)).own_account
    jobs = await ordering.new_jobs(services, order, own_account)
    # Nothing is fetched for what would be refused in any case.
    await member_queries.check_acceptable(services, caller, place, ())
    if isinstance(pending, Reframe):
        fetched = await framing.with_fetched_source(services, pending, caller, place)
        if fetched is not pending:
            pending = fetched
            order = await ordering.resolve_complete(services, fetched, caller, place)
            jobs = await ordering.new_jobs(services, order, own_account)
    await member_queries.check_acceptable(services, caller, place, jobs)
    shown = (
        await framing.show_framing(services, order, caller)
        if isinstance(pending, Reframe)
        else framing.FramingPreview(text="")
    )
    price = ordering.price_of_jobs(jobs)
    button = PendingCommand(id=services.new_id(), start_label=f"Start · {price.text}")
    stored = _stored_form(pending, caller, price.total)
    await until_known(services, lambda: store_command(services, button.id, stored))
    builds_on = f"It builds on #{short_id(order.parent)}." if order.parent else ""
    payer = f"{OWN_KEY[0].upper()}{OWN_KEY[1:]}." if own_account else ""
    picture = None
    if shown.picture is not None:
        picture = ReplyFile(name="preview.png", mime="image/png", content=shown.picture, alt=shown.text)
    lines = (notice, shown.text, " ".join(filter(None, (builds_on, payer))))
    return PrivateReply(
        title=f"Start {_name(pending)}?",
        text="\n".join(filter(None, lines)),
        pending=button,
        file=picture,
    )


def risen(shown: int) -> str:
    """Why what was priced before is shown again; `shown` are micro-dollars."""
    return f"The price has risen from {show_money(shown)}, so nothing was started yet."


def _name(pending: Pending) -> str:
    if isinstance(pending, PendingAction):
        return f"{EMOJI[pending.action]} {LABELS[pending.action]}"
    return f"this /{pending.name}"


def _stored_form(pending: Pending, caller: Caller, price: int) -> StoredCommand:
    if isinstance(pending, PendingAction):
        return StoredCommand(
            action=pending.action,
            job=pending.job,
            action_input=pending.action_input,
            member=caller.member,
            price=price,
        )
    return StoredCommand(
        command=pending.name,
        options=pending.model_dump_json(exclude_unset=True),
        member=caller.member,
        price=price,
    )


async def _order(services: Services, pending: Pending, caller: Caller, place: Place) -> ordering.Order:
    if not isinstance(pending, PendingAction):
        return await ordering.resolve_complete(services, pending, caller, place)
    job = await visible_job(services.database, pending.job, caller, place)
    return await ordering.resolve_action(
        services, pending.action, job, pending.action_input, caller=caller, place=place
    )


async def find(services: Services, pending: str, invocation: Invocation) -> PendingStart:
    """What was shown to the caller; raises InvalidRequest where it is no longer available."""
    found = _pending(await _stored(services, pending, invocation.caller))
    if isinstance(found, Command):
        return PendingStart(private=not found.is_public, command=found)
    order = await _order(services, found, invocation.caller, invocation.place)
    return PendingStart(private=order.private, words=_name(found))


async def start(services: Services, pending: str, invocation: Invocation) -> Reply:
    """Start what was shown at the price that was shown; where that has risen, it is shown again instead."""
    caller, place = invocation.caller, invocation.place
    stored = await _stored(services, pending, caller)
    found = _pending(stored)
    if not isinstance(found, Pending):
        # A question, whose buttons were of this kind in earlier versions.
        return await questions.answer(services, pending, caller, confirmed=True)
    order = await _order(services, found, caller, place)
    # By its own id: a second press of the button, which is another event, has no second effect.
    once = replace(invocation, key=f"pending/{pending}")
    try:
        reply = await ordering.accept(services, order, once, max_price=stored.price)
    except ordering.PriceRisen:
        return await ask(services, found, invocation, notice=risen(stored.price))
    if isinstance(reply, CardReply) and reply.repeated:
        return PrivateReply(title="Already started", text="/history lists your jobs.")
    return reply


async def discard(services: Services, pending: str, caller: Caller) -> PrivateReply:
    """Forget a command; one that was started goes on."""
    if not isinstance(_pending(await _stored(services, pending, caller)), Pending):
        return await questions.answer(services, pending, caller, confirmed=False)
    await remove_command(services, pending)
    return PrivateReply(title="Closed", text="Nothing was started.")


async def _stored(services: Services, pending: str, caller: Caller) -> StoredCommand:
    stored = await find_command(services, pending)
    if stored is None or stored.member != caller.member:
        raise InvalidRequest(_EXPIRED)
    return stored


def _pending(stored: StoredCommand) -> Command | PendingAction:
    if stored.action is not None:
        return PendingAction(action=stored.action, job=stored.job, action_input=stored.action_input)
    try:
        return CATALOGUE[stored.command].model_validate_json(stored.options)
    except (KeyError, ValueError) as error:
        # Stored by another version.
        raise InvalidRequest(_EXPIRED) from error
