"""Which provider makes a request, of those that have an account for it."""

from collections.abc import Collection, Mapping

from bot.domain.errors import InvalidRequest
from bot.domain.generations.concepts import check_concepts, fetched_concepts
from bot.domain.generations.models import Model
from bot.domain.generations.offers import Offers, Routed, offered_values, route
from bot.domain.generations.requests import AnyRequest, VideoRequest
from bot.domain.jobs.job import Job
from bot.domain.workspace.workspace_keys import OwnAccount
from bot.services import Services
from bot.settings import Role
from bot.store.admin.workspaces import find_workspace
from bot.store.operator.accounts import known_accounts, list_accounts, list_workspace_accounts


async def usable_accounts(
    services: Services, own_account: OwnAccount | None, required: str | None
) -> Mapping[str, str]:
    """The accounts that a workspace's jobs may use, with their providers.

    A gateway uses those of the workers.
    With a key of its own that is its own account alone: nobody else pays for it, and it pays for nobody.
    """
    if own_account is not None:
        return {own_account.id: own_account.provider}
    own = {account: provider.name for account, provider in services.providers.items()}
    if services.settings.role is not Role.GATEWAY and (required is None or required in own):
        return own
    return await known_accounts(services.database)


async def has_own_keys_only(services: Services) -> bool:
    """Whether every account is that of a workspace; a gateway sees it by the accounts in the store."""
    if services.settings.role is not Role.GATEWAY:
        return services.settings.own_keys_only
    shared = await list_accounts(services.database)
    return not shared and bool(await list_workspace_accounts(services.database))


def account_required(request: AnyRequest, sources: Mapping[str, Job]) -> str | None:
    """The account that made the videos which this one names by their generations; no other knows them."""
    accounts = {sources[one.job].account for one in request.generations if one.job is not None}
    if len(accounts) > 1:
        raise InvalidRequest(
            "These two videos were made by different accounts of the generation service, and it joins only "
            "videos of one account; make one of them again with 🎲"
        )
    return next(iter(accounts), None)


def route_request(
    services: Services,
    request: AnyRequest,
    open_fields: Collection[str],
    *,
    required: str | None,
    preferred: str,
    accounts: Mapping[str, str],
) -> Routed:
    """Choose the provider of a request among those of `accounts`; raises InvalidRequest.

    `required` is the one account that can make it, `preferred` the provider that is asked first.
    """
    if required is not None and required not in accounts:
        remedy = (
            "/animate can begin with one of its pictures instead."
            if isinstance(request, VideoRequest)
            else "Make the video again with 🎲, and then change that one."
        )
        raise InvalidRequest(
            f"The account that made this video is no longer in use, and no other can build on it. {remedy}"
        )
    if isinstance(request, VideoRequest):
        check_concepts(request.concepts, fetched_concepts(services.vocabularies))
    usable = {accounts[required]} if required is not None else set(accounts.values())
    return route(request, _offers(services, usable, preferred), open_fields)


async def offered_choices(services: Services, workspace: str) -> Mapping[str, frozenset[str]]:
    """By option, the values that the providers of a workspace offer."""
    return offered_values(await _offers_of(services, workspace))


async def offered_models(services: Services, workspace: str) -> Mapping[str, tuple[Model, ...]]:
    """By kind of request, the models that make it for a workspace, the preferred ones first."""
    found: dict[str, dict[Model, None]] = {}
    for offers in (await _offers_of(services, workspace)).values():
        for offer in offers:
            found.setdefault(offer.kind, {})[offer.model] = None
    return {kind: tuple(models) for kind, models in found.items()}


async def _offers_of(services: Services, workspace: str) -> Offers:
    """What the providers of a workspace offer."""
    own_account = (await find_workspace(services.database, workspace)).own_account
    accounts = await usable_accounts(services, own_account, None)
    return _offers(services, set(accounts.values()), "")


def _offers(services: Services, usable: Collection[str], preferred: str) -> Offers:
    """What usable providers offer, in the order of the settings."""
    names = dict.fromkeys((preferred, *services.settings.providers, *sorted(usable)))
    known = {name: services.capabilities_of(name) for name in names if name in usable}
    return {name: can.offers for name, can in known.items() if can is not None}
