"""The playground adapter: a chat page in the browser, served by the bot itself."""

from urllib.parse import urlsplit

from adapters.playground.access.origin_guard import password_of
from bot.security.loopback import is_loopback_name
from bot.service.plugin import Adapter, AdapterContext, AdapterPlugin
from bot.settings import PLAYGROUND_PASSWORD_MIN, Settings, Switch


def _enabled(settings: Settings) -> bool:
    match settings.playground:
        case Switch.OFF:
            return False
        case Switch.ON:
            password = password_of(settings)
            if password is None:
                raise ValueError(
                    "REVERIE_PLAYGROUND=on needs a password: set REVERIE_PLAYGROUND_PASSWORD, "
                    "or leave REVERIE_PLAYGROUND at auto"
                )
            if len(password) < PLAYGROUND_PASSWORD_MIN:
                raise ValueError(
                    f"REVERIE_PLAYGROUND_PASSWORD has {len(password)} characters, and REVERIE_PLAYGROUND=on "
                    f"needs at least {PLAYGROUND_PASSWORD_MIN}: set a longer one"
                )
            return True
        case Switch.AUTO:
            return settings.simulated and _is_local_only(settings.public_url)


def _is_local_only(public_url: str | None) -> bool:
    """Whether the public address leads to this machine only."""
    return public_url is None or is_loopback_name(urlsplit(public_url).hostname or "")


def _build(context: AdapterContext) -> Adapter:
    from adapters.playground.adapter import build  # noqa: PLC0415  # imported only when enabled

    return build(context)


plugin = AdapterPlugin(name="playground", enabled=_enabled, build=_build)
