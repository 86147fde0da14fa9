"""Prices the actions on finished jobs, with the routing and the rates that their orders would have now."""

from collections.abc import Hashable, Mapping, Sequence
from contextlib import suppress
from typing import TypeVar

from bot.domain.errors import InvalidRequest
from bot.domain.generations.concepts import fetched_concepts
from bot.domain.generations.models import ASPECT_RATIOS, AspectRatio
from bot.domain.generations.requests import PROMPT_MAX, PROMPT_MIN, AnyRequest
from bot.domain.jobs.actions import (
    GENERATING,
    Action,
    ActionInput,
    ActionPrices,
    available_actions,
    follow_up_request,
    open_fields,
)
from bot.domain.jobs.job import Job
from bot.domain.money.pricing import Price, price_of
from bot.jobs.routing import account_required, route_request, usable_accounts
from bot.services import Services
from bot.store.admin.workspaces import find_workspace
from bot.store.operator.accounts import known_accounts
from bot.store.rows import UNREADABLE, log_unreadable

_Key = TypeVar("_Key", Action, AspectRatio)
#: kinds of jobs whose prices are kept
_KINDS = 500


async def action_prices(
    services: Services, jobs: Sequence[Job], workspace: str
) -> Mapping[str, ActionPrices]:
    """What the actions on these jobs cost in a workspace now, by job; unfinished jobs are left out."""
    finished = [(job, actions) for job in jobs if (actions := available_actions(job))]
    if not finished:
        return {}
    own_account = (await find_workspace(services.database, workspace)).own_account
    accounts = await usable_accounts(services, own_account, None)
    if own_account is None and any(job.account not in accounts for job, _ in finished):
        # Videos are changed by the account that made them, which may be one of another worker.
        accounts = {**await known_accounts(services.database), **accounts}
    found = {}
    for job, actions in finished:
        try:
            found[job.id] = _kept_prices(services, job, actions, accounts)
        except UNREADABLE as error:
            # Its card is shown without prices, and no other card suffers.
            log_unreadable("job", job.id, type(error).__name__)
    return found


def _kept_prices(
    services: Services, job: Job, actions: tuple[Action, ...], accounts: Mapping[str, str]
) -> ActionPrices:
    """The prices of a job, found once for all jobs of its kind: routing its actions takes a millisecond."""
    kind, cache = _kind(services, job, actions, accounts), services.price_cache
    rates, prices = cache.pop(kind, (None, None))
    if prices is None or rates is not services.rates:
        prices = _prices(services, job, actions, accounts)
    cache[kind] = (services.rates, prices)
    if len(cache) > _KINDS:
        del cache[next(iter(cache))]
    return prices


def _kind(services: Services, job: Job, actions: tuple[Action, ...], accounts: Mapping[str, str]) -> Hashable:
    """All that the prices of a job depend on besides the rates; no names, and no words but their length."""
    result = job.result
    return (
        job.request.model_copy(update={"prompt": ""}),
        _counted_length(job.request.prompt),
        _counted_length(job.prompt_text),
        result and (result.width, result.height, result.duration_ms),
        (job.provider, job.account, actions),
        frozenset(accounts.items()),
        tuple(services.capabilities_of(name) for name in sorted(set(accounts.values()))),
        fetched_concepts(services.vocabularies),
    )


def _counted_length(prompt: str) -> tuple[bool, ...]:
    """What checks tell apart of the length of a prompt."""
    length = len(prompt.strip())
    return (length > 0, length >= PROMPT_MIN, length <= PROMPT_MAX)


def _prices(
    services: Services, job: Job, actions: Sequence[Action], accounts: Mapping[str, str]
) -> ActionPrices:
    requests = {
        action: request
        for action in actions
        if action in GENERATING and (request := _request(services, action, job, accounts)) is not None
    }
    by_ratio: Mapping[AspectRatio, Price] = {}
    if (reframing := requests.get(Action.REFRAME)) is not None:
        offered = [ratio for ratio in AspectRatio if ratio in ASPECT_RATIOS[reframing.model]]
        shaped = {ratio: reframing.model_copy(update={"aspect_ratio": ratio}) for ratio in offered}
        by_ratio = _priced(services, shaped)
    return ActionPrices(by_action=_priced(services, requests), by_ratio=by_ratio)


def _priced(services: Services, requests: Mapping[_Key, AnyRequest]) -> Mapping[_Key, Price]:
    """The prices of those that have one: whoever uses another is told why."""
    prices = {}
    for key, request in requests.items():
        with suppress(InvalidRequest):
            prices[key] = price_of(request, services.rates)
    return prices


def _request(services: Services, action: Action, job: Job, accounts: Mapping[str, str]) -> AnyRequest | None:
    """The request of an action as its provider would make it; None where it cannot be made."""
    try:
        if action in (Action.AGAIN, Action.EDIT):
            # The same request, whatever its prompt. The account that made what it builds on is not looked
            # for: that needs further jobs.
            request, required = job.request, None
        else:
            request = follow_up_request(action, job)
            required = account_required(request, {job.id: job})
        return route_request(
            services,
            request,
            open_fields(action, ActionInput()),
            required=required,
            preferred=job.provider,
            accounts=accounts,
        ).request
    except InvalidRequest:
        return None
