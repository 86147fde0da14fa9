"""Accepting: from a command to durable jobs with their money reserved (T1)."""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.domain.actions import Action, follow_up
from bot.domain.cards import view
from bot.domain.commands import Imagine, Reframe
from bot.domain.errors import InvalidRequest
from bot.domain.jobs import Job, State
from bot.domain.people import Caller, Place
from bot.domain.policy import require_visible
from bot.domain.pricing import price
from bot.domain.requests import AspectRatio, ImageRequest, ReframeImageRequest
from bot.engine.answers import Accepted
from bot.engine.core import CARDS, JOBS, Core, log, queue_name
from bot.engine.outlook import outlooks
from bot.store.accepting import Acceptance, AcceptedCard, NewJob
from bot.store.accepting import accept as accept_all
from bot.store.cards import find_card
from bot.store.jobs import find_job, jobs_by_id, jobs_of_cards, newest_usable


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """A request on its way to become a job."""

    request: ImageRequest | ReframeImageRequest
    #: what the picture shows in words
    title: str
    #: job whose result it builds on
    parent: str | None = None


async def wish_of(core: Core, command: Imagine | Reframe, caller: Caller) -> Wish:
    """Read a command; raises Refused for a source that cannot be used."""
    if isinstance(command, Imagine):
        request = command.request()
        return Wish(request=request, title=request.prompt)
    source = command.job or await newest_usable(core.database, caller.person)
    if source is None:
        raise InvalidRequest("You have no finished picture yet. Make one with /imagine first.")
    job = require_visible(await find_job(core.database, source), caller)
    _require_picture(job)
    reframing = command.request(source)
    return Wish(request=reframing, title=reframing.prompt or job.title, parent=source)


async def wish_of_action(core: Core, action: Action, job: Job, aspect_ratio: AspectRatio | None) -> Wish:
    """Read a generating action on a finished job."""
    request = follow_up(action, job, aspect_ratio=aspect_ratio)
    parent = job.parent if action is Action.AGAIN else job.id
    sources = await jobs_by_id(core.database, [reference.job for reference in request.references])
    for reference in request.references:
        source = sources.get(reference.job)
        if source is None or source.deleted:
            raise InvalidRequest("The picture that this builds on has been deleted")
        _require_picture(source)
    return Wish(request=request, title=job.title, parent=parent)


def _require_picture(job: Job) -> None:
    if not job.is_final:
        raise InvalidRequest(
            "This job has not finished yet; try again when it has. /status tells how it goes."
        )
    if job.state is not State.COMPLETED:
        raise InvalidRequest("This job has no picture, so nothing can be made from it")


async def accept(
    core: Core,
    wishes: Sequence[Wish],
    caller: Caller,
    place: Place,
    *,
    key: str,
    answer_window_ms: int = 0,
) -> Accepted:
    """Make wishes durable as the jobs of one card; the same `key` again answers the same card.

    With an answer window the caller shows the first revision itself within that time, and says so with
    `delivery.note_answer`; after it, or without one, the card's outlet shows it.
    """
    now = core.clock()
    card = core.new_id()
    item = Acceptance(
        card=card,
        event=f"{place.adapter}:{key}",
        caller=caller,
        place=place,
        sealed_reach=core.seal.seal(place.reach) if place.reach else "",
        jobs=tuple(_new_job(core, wish) for wish in wishes),
        defaults=core.settings.defaults,
        patience=core.settings.patience,
        now=now,
        deadline=now + core.times.queue_deadline,
        answerer=core.answerer if answer_window_ms else None,
        answer_until=now + answer_window_ms if answer_window_ms else None,
    )
    accepted = await core.database.write(accept_all, item)
    if not accepted.repeated:
        core.wake(JOBS, CARDS)
        for job in item.jobs:
            log.info(
                "job_accepted", job_id=job.id, card=card, lane=job.request.lane, price_microusd=job.price
            )
    return await _answer(core, accepted)


async def _answer(core: Core, accepted: AcceptedCard) -> Accepted:
    card = await find_card(core.database, accepted.card, core.seal)
    jobs = (await jobs_of_cards(core.database, [accepted.card]))[accepted.card]
    assert card is not None  # noqa: S101 - it has just been committed, and cards are never removed
    return Accepted(view=view(card, jobs, await outlooks(core, jobs)), repeated=accepted.repeated)


def _new_job(core: Core, wish: Wish) -> NewJob:
    request = wish.request
    provider = _provider_for(core, request)
    return NewJob(
        id=core.new_id(),
        provider=provider,
        queue=queue_name(provider, request.lane),
        pace=f"{request.kind}/{request.model}",
        request=request,
        title=wish.title,
        price=price(request, core.rates),
        parent=wish.parent,
    )


def _provider_for(core: Core, request: ImageRequest | ReframeImageRequest) -> str:
    """The first provider in the settings' order that can do it."""
    for name in core.settings.providers:
        for provider in core.providers_of(name):
            can = provider.capabilities
            if request.kind in can.kinds and request.model in can.models:
                return name
    raise InvalidRequest(f"{request.model} is not available here right now; choose another model")
