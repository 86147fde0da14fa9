"""Turns a command or an action into durable jobs with their money reserved (T1)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from bot.domain.access import Workspace, is_operator
from bot.domain.commands import GenerateCommand
from bot.domain.commands.base import EXAMPLE_ID
from bot.domain.errors import InvalidRequest, NotAllowed, ReverieError
from bot.domain.generations.media import MediaKind, Reference
from bot.domain.generations.requests import AnyRequest
from bot.domain.identity import Caller, Invocation, Place
from bot.domain.jobs.actions import Action, ActionInput, follow_up_request, open_fields
from bot.domain.jobs.inputs import require_result
from bot.domain.jobs.job import UNTITLED, Job, State, queue_name
from bot.domain.money.pricing import Price, is_estimate, is_upper_bound, price
from bot.domain.workspace.workspace_keys import NO_ACCOUNT, OwnAccount
from bot.jobs.estimates import view_of, view_of_new, with_inputs
from bot.jobs.media import check_results, check_urls
from bot.jobs.routing import account_required, has_own_keys_only, route_request, usable_accounts
from bot.security.encryption import FieldCipher, card_context
from bot.service.defaults import private_by_default, with_defaults, with_presets
from bot.service.durable_writes import until_known
from bot.service.queries.job_lookup import must_be_private, only, visible_job, with_named_jobs, with_whole_ids
from bot.service.replies import CardReply, PrivateReply, Reply
from bot.services import Services, Topic, jobs_topic, log
from bot.store.admin.workspaces import find_workspace
from bot.store.listings.job_search import newest_usable
from bot.store.queue.accept import accept as accept_jobs
from bot.store.queue.acceptance import Acceptance, NewJob
from bot.store.queue.cards import read_accepted
from bot.store.queue.jobs import jobs_by_id, jobs_of_cards
from bot.store.queue.votes import Vote


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """A resolved request, ready to be accepted as jobs."""

    request: AnyRequest
    #: what the result shows, in words
    title: str
    #: job whose result it is made from
    parent: str | None = None
    #: jobs that it uses, by id
    sources: Mapping[str, Job]
    #: number of equal jobs
    job_count: int = 1
    #: requested privately, or based on a private source
    private: bool = False
    #: fields of the request that nobody has chosen, so that they can follow what is offered
    open_fields: frozenset[str] = frozenset()
    #: the provider that is preferred for open fields; empty: the first in the settings
    preferred_provider: str = ""
    #: the workspace of the defaults that it has; None where none were read
    workspace: Workspace | None = None


class PriceRisen(ReverieError):
    """The price is higher than the one that the caller has seen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandContext:
    """What came with a command in the same event."""

    files: tuple[Reference, ...] = ()
    #: the job of the message that it replies to
    replied: str | None = None
    #: it is shown before it is started
    asks_first: bool = False
    #: micro-dollars that its form has shown; None where it has shown none
    shown_price: int | None = None


async def resolve_command(
    services: Services,
    command: GenerateCommand,
    caller: Caller,
    place: Place,
    context: CommandContext,
    *,
    maker: Caller | None = None,
) -> Order:
    """Resolve a command to an order; raises Refused for a source that cannot be used.

    `maker` is the member whose defaults and rights count, where that is not the caller.
    """
    complete = await complete_command(services, command, caller, place, context)
    return await resolve_complete(services, complete, caller, place, maker=maker)


async def resolve_complete(
    services: Services,
    command: GenerateCommand,
    caller: Caller,
    place: Place,
    *,
    maker: Caller | None = None,
) -> Order:
    """The order of a command that leaves no source out."""
    command = await with_presets(services, command, caller.workspace)
    sources = {job: await visible_job(services.database, job, caller, place) for job in command.jobs}
    command, workspace = await with_defaults(services, command, sources, maker or caller, place)
    request = command.request(sources)
    check_urls(services, request.references)
    parent = next(iter(command.jobs), None)
    return Order(
        request=request,
        title=_words(request) or (sources[parent].title if parent else UNTITLED[request.makes]),
        parent=parent,
        sources=sources,
        job_count=command.job_count,
        private=command.private or await must_be_private(services.database, sources.values(), caller, place),
        open_fields=command.open_fields,
        workspace=workspace,
    )


def _words(request: AnyRequest) -> str:
    """What the result shows, in words; the prompt of audio says only what is heard."""
    return "" if request.edited is not None else request.prompt


async def complete_command(
    services: Services, command: GenerateCommand, caller: Caller, place: Place, context: CommandContext
) -> GenerateCommand:
    """Fill in what the command leaves out, from its context or from the caller's newest result here."""
    command = await with_whole_ids(services.database, command, caller, place, services.clock())
    command = await with_named_jobs(services.database, command, caller, place, services.clock())
    if context.files:
        command = command.with_files(context.files)
    if context.replied is not None and not command.jobs and not command.names_source:
        replied = await visible_job(services.database, context.replied, caller, place)
        command = command.with_job(require_result(replied))
    if command.default_source is None:
        return command
    option, kind = command.default_source
    if getattr(command, option) is not None:
        return command
    newest = await newest_usable(services.database, caller, kind, place)
    if newest is None:
        what, how = ("video", "/animate") if kind is MediaKind.VIDEO else ("picture or video", "/imagine")
        raise InvalidRequest(
            f"You have no finished {what} in this conversation that everybody here may see. Make one with "
            f"{how}, or name a job by its #id, as in /{command.name} {EXAMPLE_ID}; /history lists yours.",
            option=option,
        )
    job = _readable(await jobs_by_id(services.database, [newest]), newest)
    beside = (await jobs_of_cards(services.database, [job.card])).get(job.card, [])
    usable = [one for one in beside if one.state is State.COMPLETED and not (one.deleted or one.expired)]
    # Ambiguous, and the caller would pay for a wrong guess.
    return command.with_job(only("Your newest result here", usable or [job], services.clock()))


def _readable(jobs: Mapping[str, Job], job: str) -> Job:
    """One of the jobs that were read; a damaged row is not among them."""
    if job not in jobs:
        raise InvalidRequest("The source of this job can no longer be read; name another result.")
    return jobs[job]


async def resolve_action(
    services: Services,
    action: Action,
    job: Job,
    action_input: ActionInput,
    *,
    caller: Caller,
    place: Place,
    shared: bool = False,
) -> Order:
    """Resolve a generating action on a finished job to an order.

    A `shared` one is asked for by several members, so none of them makes it private by their settings.
    """
    request = follow_up_request(action, job, action_input)
    named = {reference.job for reference in request.references if reference.job is not None}
    again = action in (Action.AGAIN, Action.EDIT)
    parent = job.parent if again else job.id
    sources = await jobs_by_id(services.database, named | ({parent} if parent else set()))
    # The sources of another member's job may be private; whoever acts on it sees only its result.
    for one in named:
        require_result(_readable(sources, one))
    check_urls(services, request.references)
    used = [job, *(sources[one] for one in named)]
    return Order(
        request=request,
        title=(action_input.prompt or job.title) if action is Action.EDIT else job.title,
        parent=parent,
        sources=sources,
        private=await must_be_private(services.database, used, caller, place)
        or (not shared and await private_by_default(services, caller, place)),
        open_fields=open_fields(action, action_input),
        preferred_provider=job.provider,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ReactionTerms:
    """What the reaction that asked for an order means in its workspace."""

    #: names member, job and emoji; counts once within a time
    key: str
    paid_by_workspace: bool = False
    #: the order is accepted once enough members have voted for it
    vote: Vote | None = None

    @property
    def event(self) -> str:
        """The event of an order that was voted for: however many votes follow, it is accepted once."""
        return f"vote/{self.vote.job}/{self.vote.emoji}" if self.vote is not None else ""


async def accept(
    services: Services,
    order: Order,
    invocation: Invocation,
    *,
    reaction: ReactionTerms | None = None,
    max_price: int | None = None,
) -> Reply:
    """Store an order as the jobs of one new card; the same event again is answered with the same card.

    The same `reaction` counts once within a time, whatever its event. With an answer window the adapter shows
    the first revision itself and calls `confirm_shown`; after the window, or without one, the publisher does.
    Raises PriceRisen where the jobs together cost more than `max_price`, in micro-dollars.
    """
    workspace = order.workspace or await find_workspace(services.database, invocation.caller.workspace)
    own_account = workspace.own_account
    jobs = await new_jobs(services, order, own_account)
    if max_price is not None and sum(job.price for job in jobs) > max_price:
        raise PriceRisen
    now = services.clock()
    card = services.new_id()
    place = replace(invocation.place, private=invocation.place.private or order.private)
    window_ms = invocation.answer_window_ms
    # Only where the rules may ask for it: few commands need one.
    approval_card = services.new_id() if workspace.policy.prices.approve_above is not None else ""
    item = Acceptance(
        card=card,
        event=(reaction.event if reaction else "") or invocation.event,
        caller=invocation.caller,
        place=place,
        encrypted_reply_token=encrypted_reply_token(services.cipher, place, card),
        jobs=jobs,
        defaults=services.settings.defaults,
        queue_limits=services.settings.patience,
        now=now,
        deadline=now + services.times.queue_deadline,
        own_account=own_account.id if own_account else None,
        lease_owner=services.answer_lease_owner if window_ms else None,
        lease_until=now + window_ms if window_ms else None,
        reaction=reaction.key if reaction else None,
        reaction_since=now - services.times.reaction_window,
        is_admin=invocation.caller.is_admin or is_operator(invocation.caller, _operators(services)),
        confirmation_deadline=now + services.times.confirmation,
        approval_deadline=now + services.times.approval,
        undo_second=services.times.undo_second,
        approval_card=approval_card,
        encrypted_approval_token=encrypted_token(services.cipher, place.channel_token, approval_card),
        paid_by_workspace=reaction is not None and reaction.paid_by_workspace,
        vote=reaction.vote if reaction else None,
    )
    accepted, inputs = await with_inputs(
        services,
        until_known(services, lambda: services.database.write(accept_jobs, item)),
        jobs[0].request.duration_class,
    )
    if accepted.votes and item.vote is not None:
        return PrivateReply(
            title="Vote counted", text=f"{accepted.votes} of {item.vote.needed} people have reacted so far."
        )
    # Where our own write was repeated after a commit of unknown outcome, the card is ours to show.
    repeated = accepted.card != card
    if not repeated:
        # Wakes only the loops that have work: each of them queries the store, and delays the next command.
        services.wake(Topic.INPUTS if order.request.references else jobs_topic(order.request.lane))
        if own_account is not None:
            services.wake(Topic.WORKSPACE_KEYS)
        if not window_ms:
            services.wake(Topic.CARDS)
        for job in item.jobs:
            log.info(
                "job_accepted", job_id=job.id, card=card, lane=job.request.lane, price_microusd=job.price
            )
    if accepted.new is not None:
        return CardReply(view=view_of_new(services, accepted.new, inputs, order.sources), repeated=repeated)
    found, shown = read_accepted(accepted, services.cipher)
    if found is None or not shown:
        return PrivateReply(title="Already accepted", text="/history lists your jobs.")
    return CardReply(view=await view_of(services, found, shown), repeated=repeated)


def encrypted_reply_token(cipher: FieldCipher, place: Place, card: str) -> str:
    """A place's reply token as it is stored with a card; empty where the place has none."""
    return encrypted_token(cipher, place.reply_token, card)


def encrypted_token(cipher: FieldCipher, token: str, card: str) -> str:
    """A reply token as it is stored with a card; empty where there is none."""
    return cipher.encrypt(token, context=card_context(card)) if token else ""


def _operators(services: Services) -> frozenset[str]:
    return frozenset(services.settings.operators)


async def new_jobs(services: Services, order: Order, own_account: OwnAccount | None) -> tuple[NewJob, ...]:
    """The jobs that an order would become now; `own_account` is that of the workspace's own key."""
    required = account_required(order.request, order.sources)
    accounts = await usable_accounts(services, own_account, required)
    if not accounts and await has_own_keys_only(services):
        raise NotAllowed(NO_ACCOUNT)
    return tuple(_new_job(services, order, accounts, own_account) for _ in range(order.job_count))


def price_of_jobs(jobs: Sequence[NewJob]) -> Price:
    """What the jobs of one order cost."""
    request = jobs[0].request
    return Price(
        each=jobs[0].price,
        count=len(jobs),
        estimate=is_estimate(request),
        upper_bound=is_upper_bound(request),
    )


def _new_job(
    services: Services, order: Order, accounts: Mapping[str, str], own_account: OwnAccount | None
) -> NewJob:
    """One job of an order, with its price and a provider that can make it."""
    own = own_account.id if own_account else None
    account = account_required(order.request, order.sources)
    routed = route_request(
        services,
        order.request,
        order.open_fields,
        required=account,
        preferred=order.preferred_provider,
        accounts=accounts,
    )
    request = routed.request
    check_results(services, request, order.sources, routed.provider)
    return NewJob(
        id=services.new_id(),
        provider=routed.provider,
        queue=queue_name(routed.provider, request.lane, own),
        duration_class=request.duration_class,
        request=request,
        title=order.title,
        price=price(request, services.rates),
        parent=order.parent,
        account_required=own or account,
        edited_generation=_edited_generation(order),
        files=tuple(one.file.file for one in request.references if one.file is not None),
    )


def _edited_generation(order: Order) -> str | None:
    """The generation that the request changes."""
    edited = order.request.edited
    return order.sources[edited.job].remote_id if edited is not None and edited.job is not None else None
