"""The simulator alone on a port of its own."""

from collections.abc import Callable

import structlog

from bot.providers.simulator.settings import SimulatorSettings
from bot.providers.simulator.simulator import Simulator
from bot.serving import Server, listen, on_stop

_log = structlog.get_logger()


async def serve(
    settings: SimulatorSettings,
    *,
    host: str,
    port: int,
    started: Callable[[int], None] | None = None,
) -> None:
    """Run until SIGTERM or SIGINT; `started` is told the port once requests are taken.

    Raises OSError, before anything else is done, when the port cannot be had.
    """
    with listen(host, port) as listener:
        port = listener.getsockname()[1]

        def announce() -> None:
            _log.info("simulator_started", host=host, port=port)
            if started is not None:
                started(port)

        async with Simulator(settings) as simulator:
            server = Server(simulator.app, started=announce)

            def stop() -> None:
                server.should_exit = True

            with on_stop(stop):
                await server.serve(sockets=[listener])
    _log.info("simulator_stopped")
