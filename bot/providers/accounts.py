"""Creates the provider of each account that the settings name."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

import httpx
from pydantic import SecretStr

from bot.domain.errors import ReverieError
from bot.domain.generations.models import Lane
from bot.providers.appypie import CAPABILITIES as APPYPIE_CAPABILITIES
from bot.providers.appypie import AppyPieProvider
from bot.providers.base import Capabilities, LaneLimits, Provider
from bot.providers.luma import CAPABILITIES as LUMA_CAPABILITIES
from bot.providers.luma import LumaProvider
from bot.providers.luma_agents import CAPABILITIES as LUMA_AGENTS_CAPABILITIES
from bot.providers.luma_agents import LumaAgentsProvider
from bot.security.tokens import account_id
from bot.settings import Role, Settings, malformed

SIMULATOR = "simulator"
#: what each provider can do, also where this process has no key
CAPABILITIES: Mapping[str, Capabilities] = {
    "luma": LUMA_CAPABILITIES,
    "luma-agents": LUMA_AGENTS_CAPABILITIES,
    "appypie": APPYPIE_CAPABILITIES,
    SIMULATOR: LUMA_CAPABILITIES,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingNames:
    """The settings of one provider, and where the operator sees to its account."""

    key: str
    base_url: str
    #: page with the account's keys
    keys_page: str
    #: page with the account's money
    billing_page: str


_NAMES: Mapping[str, SettingNames] = {
    "luma": SettingNames(
        key="LUMAAI_API_KEY",
        base_url="LUMAAI_BASE_URL",
        keys_page="https://lumalabs.ai/dream-machine/api/keys",
        billing_page="https://lumalabs.ai/dream-machine/api/billing/overview",
    ),
    "luma-agents": SettingNames(
        key="LUMA_AGENTS_API_KEY",
        base_url="LUMA_AGENTS_BASE_URL",
        keys_page="https://agents.lumalabs.ai",
        billing_page="the billing page there",
    ),
    "appypie": SettingNames(
        key="APPYPIE_SUBSCRIPTION_KEY",
        base_url="APPYPIE_BASE_URL",
        keys_page="your profile at the Appy Pie gateway",
        billing_page="your subscription there",
    ),
}


class UnusableAccount(ReverieError):
    """A provider's key or base URL cannot be used."""


def setting_names(provider: str) -> SettingNames:
    """The settings of a provider; the simulator needs none and has those of the API that it speaks."""
    return _NAMES.get(provider, _NAMES["luma"])


def create_providers(
    settings: Settings,
    naming_key: bytes,
    *,
    simulator_url: str,
    simulator: httpx.AsyncBaseTransport | None = None,
) -> list[Provider]:
    """One provider for each account in the settings, named with the help of `naming_key`.

    `simulator` is the transport to the built-in simulator. Raises UnusableAccount.
    """
    return [
        create_provider(settings, name, key, naming_key, simulator_url=simulator_url, simulator=simulator)
        for name, key in _api_keys(settings)
    ]


def create_provider(
    settings: Settings,
    name: str,
    key: SecretStr,
    naming_key: bytes,
    *,
    simulator_url: str,
    simulator: httpx.AsyncBaseTransport | None = None,
) -> Provider:
    """The provider `name` for the account of one key; raises UnusableAccount."""
    names = setting_names(name)
    if (fault := malformed(names.key, key)) is not None:
        raise UnusableAccount(fault)
    account = _account_name(name, key, naming_key)
    limits, proxy, timeout = _lane_limits(settings), settings.https_proxy, settings.times.http_timeout / 1000
    try:
        match name:
            case "luma-agents":
                return LumaAgentsProvider(
                    api_key=key,
                    account=account,
                    base_url=settings.luma_agents_base_url,
                    limits=limits,
                    proxy=proxy,
                    timeout=timeout,
                )
            case "appypie":
                return AppyPieProvider(
                    api_key=key,
                    account=account,
                    base_url=settings.appypie_base_url,
                    limits=limits[Lane.VIDEO],
                    proxy=proxy,
                    timeout=timeout,
                )
            case _:
                return LumaProvider(
                    api_key=key,
                    account=account,
                    base_url=simulator_url if name == SIMULATOR else settings.luma_base_url,
                    limits=limits,
                    name=name,
                    proxy=proxy,
                    timeout=timeout,
                    transport=simulator if name == SIMULATOR else None,
                )
    except ValueError as error:
        raise UnusableAccount(f"{names.base_url} cannot be used: {error}") from error


def _lane_limits(settings: Settings) -> Mapping[Lane, LaneLimits]:
    limits = {}
    for lane in Lane:
        concurrent, per_minute = settings.lane_limits(lane)
        limits[lane] = LaneLimits(concurrent=concurrent, per_minute=per_minute)
    return limits


def _api_keys(settings: Settings) -> Iterator[tuple[str, SecretStr]]:
    """Provider and API key of each account."""
    for name in settings.providers:
        keys = (SecretStr(SIMULATOR),) if name == SIMULATOR else settings.keys_of(name)
        # A gateway needs no key: workers submit its jobs. Of Luma, workspaces may have keys of their own.
        if not keys and not settings.own_keys_only and settings.role is not Role.GATEWAY:
            raise UnusableAccount(f"REVERIE_PROVIDER names {name}, but {setting_names(name).key} is not set")
        for key in keys:
            yield name, key


def _account_name(provider: str, api_key: SecretStr, naming_key: bytes) -> str:
    return f"{provider}-{account_id(api_key, naming_key)}"


def names_known_account(settings: Settings, secret: bytes, known: Collection[str]) -> bool:
    """Whether some account of the settings, named with the help of a secret, is a known one."""
    return any(_account_name(name, key, secret) in known for name, key in _api_keys(settings))
