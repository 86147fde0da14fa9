"""The playground: a chat page in the browser, served by the bot itself."""

from bot.engine.adapter import Adapter, Plug, Surroundings
from bot.settings import Settings, Switch


def _enabled(settings: Settings) -> bool:
    match settings.playground:
        case Switch.OFF:
            return False
        case Switch.ON:
            password = settings.playground_password
            if password is None or not password.get_secret_value().strip():
                raise ValueError(
                    "REVERIE_PLAYGROUND=on needs a password: set REVERIE_PLAYGROUND_PASSWORD, "
                    "or leave REVERIE_PLAYGROUND at auto"
                )
            return True
        case Switch.AUTO:
            return settings.simulated and settings.public_url is None


def _build(surroundings: Surroundings) -> Adapter:
    from adapters.playground.connecting import connect  # noqa: PLC0415  # imported only when enabled

    return connect(
        settings=surroundings.settings,
        studio=surroundings.studio,
        vault=surroundings.vault,
        incoming=surroundings.library.incoming,
        signer=surroundings.signer,
        clock=surroundings.clock,
    )


adapter = Plug(name="playground", enabled=_enabled, build=_build)
