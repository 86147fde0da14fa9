"""Prices the actions on finished jobs, with the routing and the rates that their orders would have now."""

from collections.abc import Iterable, Mapping, Sequence

from bot.domain.action_prices import ActionPrices
from bot.domain.actions import (
    GENERATING,
    Action,
    ActionInput,
    available_actions,
    follow_up_request,
    open_fields,
)
from bot.domain.errors import InvalidRequest
from bot.domain.jobs import Job
from bot.domain.models import ASPECT_RATIOS, AspectRatio
from bot.domain.pricing import Price, price_of
from bot.domain.requests import AnyRequest
from bot.jobs.routing import account_required, route_request, usable_accounts
from bot.services import Services
from bot.store.accounts import known_accounts
from bot.store.rows import UNREADABLE, log_unreadable
from bot.store.workspaces import find_workspace


async def action_prices(
    services: Services, jobs: Sequence[Job], workspace: str
) -> Mapping[str, ActionPrices]:
    """What the actions on these jobs cost in a workspace now, by job; unfinished jobs are left out."""
    finished = [job for job in jobs if available_actions(job)]
    if not finished:
        return {}
    own_account = (await find_workspace(services.database, workspace)).own_account
    accounts = await usable_accounts(services, own_account, None)
    if own_account is None and any(job.account not in accounts for job in finished):
        # Videos are changed by the account that made them, which may be one of another worker.
        accounts = {**await known_accounts(services.database), **accounts}
    found = {}
    for job in finished:
        try:
            found[job.id] = _prices(services, job, accounts)
        except UNREADABLE as error:
            # Its card is shown without prices, and no other card suffers.
            log_unreadable("job", job.id, type(error).__name__)
    return found


def _prices(services: Services, job: Job, accounts: Mapping[str, str]) -> ActionPrices:
    by_action = {
        action: price
        for action in available_actions(job)
        if action in GENERATING and (price := _price(services, action, job, accounts)) is not None
    }
    return ActionPrices(by_action=by_action, by_ratio=dict(_by_ratio(services, job, accounts)))


def _price(services: Services, action: Action, job: Job, accounts: Mapping[str, str]) -> Price | None:
    """None where the action cannot be priced: whoever uses it is told why."""
    try:
        again = action in (Action.AGAIN, Action.EDIT)
        routed = _same_again(services, job, accounts) if again else _routed(services, action, job, accounts)
        return price_of(routed, services.rates)
    except InvalidRequest:
        return None


def _by_ratio(
    services: Services, job: Job, accounts: Mapping[str, str]
) -> Iterable[tuple[AspectRatio, Price]]:
    if Action.REFRAME not in available_actions(job):
        return
    try:
        request = _routed(services, Action.REFRAME, job, accounts)
        for ratio in AspectRatio:
            if ratio in ASPECT_RATIOS[request.model]:
                shaped = request.model_copy(update={"aspect_ratio": ratio})
                yield ratio, price_of(shaped, services.rates)
    except InvalidRequest:
        return


def _same_again(services: Services, job: Job, accounts: Mapping[str, str]) -> AnyRequest:
    """The request of a job, whatever its prompt; raises InvalidRequest where no provider makes it now.

    The account that made what it builds on is not looked for: that needs further jobs.
    """
    return route_request(
        services, job.request, (), required=None, preferred=job.provider, accounts=accounts
    ).request


def _routed(services: Services, action: Action, job: Job, accounts: Mapping[str, str]) -> AnyRequest:
    """The request of an action as its provider would make it; raises InvalidRequest."""
    request = follow_up_request(action, job)
    return route_request(
        services,
        request,
        open_fields(action, ActionInput()),
        required=account_required(request, {job.id: job}),
        preferred=job.provider,
        accounts=accounts,
    ).request
