"""What `reverie doctor` finds about the providers: each account is checked without spending."""

from collections.abc import AsyncIterator

from bot.domain.errors import AccountProblem, ProviderError, ReverieError, StoreError
from bot.domain.pricing import Rates, has_price, show_money
from bot.domain.workspace_keys import OWN_KEYS_ONLY
from bot.providers.accounts import CAPABILITIES, SIMULATOR, setting_names
from bot.providers.base import Provider
from bot.resources import likely_naming_key, naming_key_of, providers_of, rates_of, secrets_of
from bot.security.encryption import DecryptionFailed
from bot.security.secret_keys import UnusableSecret
from bot.service.plugin import Diagnosis, Severity
from bot.settings import Settings
from bot.store.database.connect import connect


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
        return  # told among the settings
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
    told = "" if credit is None else f", credit {show_money(credit)}"
    return Diagnosis(what=f"account {provider.account} works{told}")


def _unpriced(settings: Settings) -> list[Diagnosis]:
    """Models that are offered and have no price, so that they are refused."""
    try:
        rates: Rates = rates_of(settings)
    except ReverieError:
        return []  # told among the settings
    offers = [offer for name in settings.providers for offer in CAPABILITIES[name].offers]
    return [
        Diagnosis(
            what=f"{model} has no price, so that it cannot be used",
            level=Severity.WARNING,
            remedy="add it to the file that REVERIE_RATES_FILE names, like in bot/domain/rates.toml",
        )
        for model in dict.fromkeys(offer.model for offer in offers)
        if not has_price(model, rates)
    ]


async def _naming_key(settings: Settings) -> bytes:
    """The key from which the running bot derives account names."""
    secrets = secrets_of(settings)
    try:
        async with connect(settings.database, read_only=True) as database:
            return await naming_key_of(settings, secrets, database)
    except (DecryptionFailed, StoreError):
        # Reported by the check of the store.
        return likely_naming_key(settings, secrets, ())
