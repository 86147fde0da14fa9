"""What is accepted: one command with its jobs, and the records that it becomes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bot.domain.access import QueueLimits
from bot.domain.cards.card import Card
from bot.domain.cards.decisions import Purpose
from bot.domain.errors import NotAllowed
from bot.domain.generations.requests import AnyRequest
from bot.domain.identity import Caller, Place
from bot.domain.jobs.job import Hold, Job, State, state_once_accepted
from bot.domain.money.pricing import show_money
from bot.domain.money.quota import Defaults
from bot.domain.policy.check import Terms, moderators_place, policy_terms
from bot.domain.policy.record import Moderators, Policy
from bot.store.database.base import Row
from bot.store.queue.card_copies import CardCopy
from bot.store.queue.queue_stats import QueuePosition
from bot.store.queue.votes import Vote
from bot.store.rows import card_row


@dataclass(frozen=True, slots=True, kw_only=True)
class NewJob:
    id: str
    provider: str
    #: jobs of one queue share one virtual time
    queue: str
    #: jobs of one class have similar durations
    duration_class: str
    request: AnyRequest
    title: str
    #: micro-dollars
    price: int
    parent: str | None
    #: the account that must take it; None: any
    account_required: str | None = None
    #: id of the generation that it changes
    edited_generation: str | None = None
    #: stored files that it builds on
    files: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Acceptance:
    """One command whose jobs are to be accepted."""

    card: str
    #: id of the platform's event; the same id again returns the same card
    event: str
    caller: Caller
    place: Place
    encrypted_reply_token: str
    jobs: tuple[NewJob, ...]
    defaults: Defaults
    queue_limits: QueueLimits
    now: int
    #: deadline in the queue
    deadline: int
    #: the account of the workspace's own key, which its jobs are billed to; None: the operator's accounts
    own_account: str | None = None
    #: who may show the first revision, and until when; None: any publisher
    lease_owner: str | None = None
    lease_until: int | None = None
    #: names member, job and emoji of a reaction; None where it was none
    reaction: str | None = None
    #: the same reaction returns the same card if that was accepted after this time
    reaction_since: int = 0
    #: the caller is an admin of the workspace or an operator
    is_admin: bool = False
    #: deadlines of a confirmation and of an approval, where the workspace's rules ask for one
    confirmation_deadline: int = 0
    approval_deadline: int = 0
    #: milliseconds of one second of the time to undo
    undo_second: int = 1_000
    #: id of the card for the moderators if an admin has to approve, and its reply token; empty: not prepared
    approval_card: str = ""
    encrypted_approval_token: str = ""
    #: nobody's own allowance pays, only what limits the workspace as a whole
    paid_by_workspace: bool = False
    #: it is accepted once enough members have voted for it
    vote: Vote | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewCard:
    """A card as it was inserted, with everything that is needed to show it."""

    card: Card
    jobs: Sequence[Job]
    #: of each job that is queued
    queue_positions: Mapping[str, QueuePosition]


@dataclass(frozen=True, slots=True, kw_only=True)
class AcceptedCard:
    card: str
    #: this event or reaction had been accepted before
    repeated: bool = False
    #: the votes so far where more are needed; nothing but the vote was recorded then
    votes: int = 0
    #: what was inserted; None for a repeated event, whose jobs may have changed since
    new: NewCard | None = field(default=None, compare=False)
    #: of a repeated event: the rows of its card and jobs as they are now
    rows: tuple[Row | None, Sequence[Row]] = field(default=(None, ()), compare=False)


def terms_of(policy: Policy, item: Acceptance) -> Terms:
    """What the rules of the workspace say about an item; raises NotAllowed where they forbid it."""
    terms = policy_terms(
        policy,
        [new.request for new in item.jobs],
        sum(new.price for new in item.jobs),
        caller=item.caller,
        place=item.place,
        is_admin=item.is_admin,
        is_vote=item.vote is not None,
    )
    if terms.hold is Hold.APPROVAL and not item.approval_card:
        raise NotAllowed("The rules of this workspace have just been changed. Please try again.")
    return terms


def approval_copy(item: Acceptance, moderators: Moderators) -> CardCopy:
    """The card that asks the moderators to approve an item."""
    price = show_money(sum(new.price for new in item.jobs))
    several = f"{len(item.jobs)} jobs, {price} together" if len(item.jobs) > 1 else price
    return CardCopy(
        card=item.approval_card,
        event=f"{item.event}/approval",
        caller=item.caller,
        place=moderators_place(moderators, item.place),
        encrypted_reply_token=item.encrypted_approval_token,
        job=item.jobs[0].id,
        now=item.now,
        purpose=Purpose.APPROVAL,
        note=f"{item.caller.name} asks for {several}",
    )


def card_of(item: Acceptance) -> Card:
    """The card as it is inserted."""
    return Card(
        id=item.card,
        place=item.place,
        member=item.caller.member,
        person=item.caller.person,
        wanted_rev=1,
        shown_rev=0,
        shown_digest="",
        # A receiver that answers the command itself may post before it can record that.
        posting_since=item.now if item.lease_owner else None,
        tries=0,
        created_at=item.now,
    )


def new_card_row(item: Acceptance) -> dict[str, Any]:
    return {
        "id": item.card,
        "event": item.event,
        **card_row(item.place, item.caller, item.encrypted_reply_token),
        "reaction": item.reaction,
        "posting_since": item.now if item.lease_owner else None,
        "lease_owner": item.lease_owner,
        "lease_until": item.lease_until,
        "run_at": item.now,
        "created_at": item.now,
    }


def job_of(item: Acceptance, new: NewJob, position: int, virtual_time: int, *, terms: Terms) -> Job:
    """The job as it is inserted."""
    return Job(
        id=new.id,
        card=item.card,
        position=position,
        workspace=item.caller.workspace,
        member=item.caller.member,
        person=item.caller.person,
        member_name=item.caller.name,
        provider=new.provider,
        lane=new.request.lane,
        queue=new.queue,
        request=new.request,
        title=new.title,
        price=new.price,
        state=State.HELD if terms.hold is not None else state_once_accepted(new.request),
        virtual_time=virtual_time,
        created_at=item.now,
        deadline=_deadline(item, terms.hold),
        run_at=item.now + terms.undo_s * item.undo_second,
        hold=terms.hold,
        parent=new.parent,
        private=item.place.private,
        spoiler=terms.spoiler,
        account_required=new.account_required,
        edited_generation=new.edited_generation,
    )


def _deadline(item: Acceptance, hold: Hold | None) -> int:
    match hold:
        case None:
            return item.deadline
        case Hold.CONFIRMATION:
            return item.confirmation_deadline
        case Hold.APPROVAL:
            return item.approval_deadline
