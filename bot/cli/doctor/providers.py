"""What `reverie doctor` finds about the providers: each account is checked without spending."""

from collections.abc import AsyncIterator, Mapping

from bot.domain.errors import AccountProblem, InvalidRequest, ProviderError, ReverieError, StoreError
from bot.domain.generations.media import MediaKind, Reference
from bot.domain.generations.models import AspectRatio
from bot.domain.generations.offers import Offer
from bot.domain.generations.requests import ModifyVideoRequest, ReframeVideoRequest
from bot.domain.money.pricing import Rates, has_price, price, show_money
from bot.domain.workspace.workspace_keys import OWN_KEYS_ONLY
from bot.providers.accounts import CAPABILITIES, SIMULATOR, setting_names
from bot.providers.base import Provider
from bot.resources import likely_naming_key, naming_key_of, providers_of, rates_of, secrets_of
from bot.security.encryption import DecryptionFailed
from bot.security.secret_keys import UnusableSecret
from bot.service.plugin import Diagnosis, Severity
from bot.settings import Settings
from bot.store.database.connect import connect

#: by kind, the requests that may have prices of their own
_CHANGES: Mapping[str, type[ReframeVideoRequest | ModifyVideoRequest]] = {
    "reframe_video": ReframeVideoRequest,
    "modify_video": ModifyVideoRequest,
}


async def provider_findings(settings: Settings) -> AsyncIterator[Diagnosis]:
    for finding in _unpriced(settings):
        yield finding
    if settings.simulated:
        names = setting_names("luma")
        yield Diagnosis(
            what=f"the simulator needs no key; for the real API set {names.key}: {names.keys_page}, "
            f"billed at {names.billing_page}"
        )
        return
    if settings.own_keys_only:
        names = setting_names("luma")
        yield Diagnosis(
            what=OWN_KEYS_ONLY,
            level=Severity.WARNING,
            remedy=f"set {names.key} to share an account of yours: {names.keys_page}",
        )
    try:
        providers = providers_of(settings, await _naming_key(settings))
    except UnusableSecret:
        return  # reported among the settings
    except ReverieError as error:
        yield Diagnosis(
            what=str(error),
            level=Severity.FAULT,
            remedy="correct the setting, or leave the provider out of REVERIE_PROVIDER",
        )
        return
    for provider in providers:
        try:
            yield await _check(provider)
        finally:
            await provider.close()


async def _check(provider: Provider) -> Diagnosis:
    names = setting_names(provider.name)
    try:
        # The simulator runs inside the bot, which need not run now.
        credit = None if provider.name == SIMULATOR else await provider.check()
    except AccountProblem as error:
        return Diagnosis(
            what=f"account {provider.account}: {error}",
            level=Severity.FAULT,
            remedy=f"replace its key in {names.key}, or add credit: {names.keys_page}, {names.billing_page}",
        )
    except ProviderError as error:
        return Diagnosis(
            what=f"{provider.name} cannot be reached: {error}",
            level=Severity.FAULT,
            remedy=f"check the network, HTTPS_PROXY and {names.base_url}",
        )
    known_credit = "" if credit is None else f", credit {show_money(credit)}"
    return Diagnosis(what=f"account {provider.account} works{known_credit}")


def _unpriced(settings: Settings) -> list[Diagnosis]:
    """Models that are offered and have no price, so that they are refused."""
    try:
        rates: Rates = rates_of(settings)
    except ReverieError:
        return []  # reported among the settings
    offers = [offer for name in settings.providers for offer in CAPABILITIES[name].offers]
    missing = [
        f"{model} has no price, so that it cannot be used"
        for model in dict.fromkeys(offer.model for offer in offers)
        if not has_price(model, rates)
    ]
    missing += [
        f"{offer.model} has no price for changed videos, so that it cannot {_CHANGES[offer.kind].does}"
        for offer in offers
        if offer.kind in _CHANGES and has_price(offer.model, rates) and not _can_change(offer, rates)
    ]
    return [
        Diagnosis(
            what=what,
            level=Severity.WARNING,
            remedy="add it to the file that REVERIE_RATES_FILE names, like in bot/domain/rates.toml",
        )
        for what in missing
    ]


def _can_change(offer: Offer, rates: Rates) -> bool:
    """Whether a model that changes videos has a price for it, which may be one of its own."""
    source = Reference(job="any", kind=MediaKind.VIDEO)
    fields = {"source": source, "aspect_ratio": AspectRatio.LANDSCAPE, "model": offer.model}
    try:
        price(_CHANGES[offer.kind].model_validate(fields), rates)
    except InvalidRequest:
        return False
    return True


async def _naming_key(settings: Settings) -> bytes:
    """The key from which the running bot derives account names."""
    secrets = secrets_of(settings)
    try:
        async with connect(settings.database, read_only=True) as database:
            return await naming_key_of(settings, secrets, database)
    except (DecryptionFailed, StoreError):
        # Reported by the check of the store.
        return likely_naming_key(settings, secrets, ())
