"""A loop that fails is started again; neither the process nor the others end with it."""

import asyncio
import socket
from collections.abc import Callable
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from structlog.testing import capture_logs

from bot.supervision import Supervised
from bot.timing import Timing
from bot.web.operator_socket import SOCKET
from bot.web.server import Server, WebServer, listen
from tests.cli.running import folder
from tests.engine.harness import open_engine
from tests.patience import PATIENCE_S, until
from tests.web.running_app import RunningApp

SOON = {"restart": 1, "restart_max": 4, "restart_steady": 300}


class FailingReceiver:
    """A receiver that fails as often as it is told, and stays from then on."""

    def __init__(self, *failures: Callable[[], None]) -> None:
        self.failures = list(failures)
        self.starts, self.ends = 0, 0

    async def run(self) -> None:
        self.starts += 1
        await asyncio.sleep(0)
        if self.failures:
            self.failures.pop(0)()
            return
        try:
            await asyncio.Event().wait()
        finally:
            self.ends += 1


def odd_answer() -> None:
    raise ValueError("<html>that is no answer</html>")


def group() -> None:
    raise ExceptionGroup("inner tasks", [KeyError("url")])


def leaked_cancellation() -> None:
    raise asyncio.CancelledError


def ended() -> None:
    """It just ends."""


@pytest.mark.parametrize("failure", [odd_answer, group, leaked_cancellation, ended])
async def test_a_failing_receiver_is_reported_and_restarted_without_affecting_others(
    tmp_path: Path, failure: Callable[[], None]
) -> None:
    broken, well = FailingReceiver(failure, failure, failure), FailingReceiver()
    app = RunningApp(tmp_path, receivers=[("broken", broken), ("well", well)], times=SOON)
    async with app.running() as http:
        await until(lambda: broken.starts == 4)
        told = (await http.get("/readyz")).json()
        assert not told["ready"]
        (reason,) = (reason for reason in told["reasons"] if reason.startswith("broken: it "))
        assert "being restarted" in reason
        assert (1, 0) == (well.starts, well.ends)
        while not (await http.get("/readyz")).json()["ready"]:  # noqa: ASYNC110 - it is over by itself
            await asyncio.sleep(0.01)
        assert (4, 1) == (broken.starts, well.starts)
    assert (1, 1) == (broken.ends, well.ends)


async def test_pauses_grow_while_it_fails_and_begin_anew_after_it_ran_well() -> None:
    stopping, runs = asyncio.Event(), 0

    async def loop() -> None:
        nonlocal runs
        runs += 1
        if runs == 6:
            await until(lambda: supervised.fault is None)
        if runs == 8:
            stopping.set()
        raise RuntimeError

    times = Timing(restart=1, restart_max=4, restart_steady=50)
    supervised = Supervised("test", loop, times=times, stopping=stopping)
    with capture_logs() as logged:
        async with asyncio.timeout(PATIENCE_S):
            await supervised.run()
    pauses = [entry["pause_ms"] for entry in logged if entry["event"] == "loop_restarting"]
    assert [1, 2, 4, 4, 4, 1, 2] == pauses
    assert 8 == len([entry for entry in logged if entry["event"] == "loop_failed"])


async def test_a_stop_during_the_pause_starts_nothing_more() -> None:
    stopping, starts = asyncio.Event(), 0

    async def loop() -> None:
        nonlocal starts
        starts += 1
        raise RuntimeError

    times = Timing(restart=3_600_000)
    async with asyncio.timeout(PATIENCE_S), asyncio.TaskGroup() as tasks:
        supervised = Supervised("test", loop, times=times, stopping=stopping)
        tasks.create_task(supervised.run())
        await until(lambda: supervised.fault is not None)
        stopping.set()
    assert 1 == starts


async def test_a_cancelled_loop_is_not_started_again() -> None:
    receiver = FailingReceiver()
    supervised = Supervised("test", receiver.run, times=Timing(restart=1), stopping=asyncio.Event())
    task = asyncio.create_task(supervised.run())
    await until(lambda: receiver.starts == 1)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert (1, 1) == (receiver.starts, receiver.ends)


async def test_every_loop_of_the_engine_can_be_begun_again(tmp_path: Path) -> None:
    async with open_engine(tmp_path, start=None) as bot:
        bot.start()
        await asyncio.sleep(0)
        await bot.dropped()
        bot.start()
        await bot.ends(await bot.ask())


async def test_an_operators_socket_that_cannot_be_made_keeps_nobody_from_working() -> None:
    with folder() as bot:
        (bot / SOCKET).mkdir()
        async with RunningApp(bot).running() as http:
            assert 200 == (await http.get("/healthz")).status_code


async def test_an_adapter_that_cannot_be_closed_keeps_none_open(tmp_path: Path) -> None:
    closed: list[str] = []

    class Unclosable(FailingReceiver):
        async def close(self) -> None:
            closed.append("broken")
            raise OSError("the connection is gone")

    class Closable(FailingReceiver):
        async def close(self) -> None:
            closed.append("well")

    receivers = [("broken", Unclosable()), ("well", Closable())]
    async with RunningApp(tmp_path, receivers=receivers).running():
        pass
    assert ["broken", "well"] == closed


class FailingServer(Server):
    """Fails once it serves, as often as it is told."""

    failures = 0
    starts = 0

    async def main_loop(self) -> None:
        type(self).starts += 1
        if type(self).failures:
            type(self).failures -= 1
            raise RuntimeError("the server's own loop")
        await super().main_loop()


async def test_a_web_server_that_fails_is_restarted_without_affecting_the_rest(tmp_path: Path) -> None:
    class Failing(FailingServer):
        failures = 2

    well = FailingReceiver()
    app = RunningApp(tmp_path, receivers=[("well", well)], times=SOON, server=Failing)
    with capture_logs() as logged:
        async with app.running() as http:
            await until(lambda: Failing.starts == 3)
            assert 200 == (await http.get("/healthz")).status_code
            assert (1, 0) == (well.starts, well.ends)
            assert await app.say("/imagine a red fox")
    failed = [entry for entry in logged if entry["event"] == "loop_failed"]
    assert ["web", "web"] == [entry["loop"] for entry in failed]
    assert "the server's own loop" in failed[0]["error"]
    assert (1, 1) == (well.starts, well.ends)


async def test_whoever_connects_while_the_web_server_is_away_is_served_later() -> None:
    async def alive(_: Request) -> Response:
        return PlainTextResponse("alive")

    class Failing(FailingServer):
        failures = 1

    with listen("127.0.0.1", 0) as listener:
        host, port = listener.getsockname()
        web = WebServer(Starlette(routes=[Route("/", alive)]), listener, started=lambda: None, make=Failing)
        with pytest.raises(RuntimeError, match="own loop"):
            await web.run()
        reader, writer = await asyncio.open_connection(host, port)
        writer.write(b"GET / HTTP/1.1\r\nHost: bot.test\r\nConnection: close\r\n\r\n")
        serving = asyncio.create_task(web.run())
        async with asyncio.timeout(PATIENCE_S):
            assert (await reader.read()).endswith(b"alive")
        writer.close()
        web.stop()
        await serving


async def test_a_bot_whose_web_server_cannot_start_still_stops(tmp_path: Path) -> None:
    class Failing(FailingServer):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            type(self).starts += 1
            raise OSError(f"no room for {sockets}")

    app = RunningApp(tmp_path, times=SOON, server=Failing).app
    async with asyncio.timeout(PATIENCE_S), asyncio.TaskGroup() as tasks:
        tasks.create_task(app.run())
        await until(lambda: Failing.starts >= 2)
        app.stop()
