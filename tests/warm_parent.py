"""The parent of warm processes: imports the bot once, and forks a process for whoever asks; see `warm`.

Started by `run_servers`; it prints the path of its socket. Each connection asks for one process: a line of
JSON (`Order`) with its three standard streams. It is answered by the process's id, and by its exit code once
it has ended. The process is killed when the connection is closed, so it outlives nobody who has asked for it.
"""

import gc
import importlib
import json
import os
import selectors
import signal
import socket
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import NoReturn

import bot.tls
from tests.run_servers import run_environment
from tests.warm import Order
from tests.warm_media import use_warm_servers

#: what a running bot and most commands import, also what they import late
_IMPORTED = (
    "adapters.discord.settings",
    "adapters.playground.adapter",
    "adapters.slack.settings",
    "anyio._backends._asyncio",
    "bot.bootstrap",
    "bot.cli",
    "bot.cli.doctor.examine",
    "bot.log",
    "bot.media.codecs.probing",
    "bot.media.codecs.transcoding",
    "bot.media.sandbox.server",
    "bot.simulation.builtin",
    "bot.simulation.standalone",
    "bot.store.database.postgres",
    "bot.store.database.sqlite",
    "bot.web.server",
    "encodings.idna",
    "h11",
    "httpcore",
    "importlib.readers",
    "simulator.drawing.picture",
    "simulator.video.render",
    "starlette.staticfiles",
    "tests.crash.bot_process",
    "tests.crash.simulator_process",
    "uvicorn.lifespan.off",
)

_ORDER_MAX = 1 << 20


class _Parent:
    def __init__(self, path: str) -> None:
        self._selector = selectors.DefaultSelector()
        self._listening = socket.socket(socket.AF_UNIX)
        self._listening.bind(path)
        self._listening.listen(64)
        self._woken, wake = os.pipe()
        os.set_blocking(wake, False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(wake)
        #: who has asked for a process → that process
        self._children: dict[socket.socket, int] = {}
        for one in (0, self._listening, self._woken):
            self._selector.register(one, selectors.EVENT_READ)

    def serve(self) -> None:
        """Serve until standard input ends."""
        while True:
            ready = {key.fileobj for key, _ in self._selector.select()}
            if self._woken in ready:
                os.read(self._woken, 1024)
                self._reap()
            if self._listening in ready:
                self._fork(self._listening.accept()[0])
            for connection in self._children.keys() & ready:
                # Nothing comes over it: readable means that its other end is closed.
                self._selector.unregister(connection)
                os.kill(self._children[connection], signal.SIGKILL)
            if 0 in ready:
                for pid in self._children.values():
                    os.kill(pid, signal.SIGKILL)
                return

    def _fork(self, connection: socket.socket) -> None:
        content, streams, _, _ = socket.recv_fds(connection, _ORDER_MAX, 3)
        while content and not content.endswith(b"\n"):
            content += connection.recv(_ORDER_MAX)
        if not content:
            return
        pid = os.fork()
        if pid == 0:
            _become(Order(**json.loads(content)), streams)
        for one in streams:
            os.close(one)
        self._children[connection] = pid
        self._selector.register(connection, selectors.EVENT_READ)
        _tell(connection, pid)

    def _reap(self) -> None:
        while self._children:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if not pid:
                return
            connection = next(asked for asked, child in self._children.items() if child == pid)
            del self._children[connection]
            if connection in self._selector.get_map():
                self._selector.unregister(connection)
            _tell(connection, os.waitstatus_to_exitcode(status))
            connection.close()


def _tell(connection: socket.socket, number: int) -> None:
    with suppress(OSError):  # nobody waits for it any more
        connection.sendall(b"%d\n" % number)


def _become(order: Order, streams: Sequence[int]) -> NoReturn:
    """Become that process."""
    code = 1
    try:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        for number, stream in enumerate(streams):
            os.dup2(stream, number)
        os.closerange(3, os.sysconf("SC_OPEN_MAX"))
        run = run_environment()
        os.environ.clear()
        os.environ.update(order.environment | run)
        os.chdir(order.folder)
        sys.argv[:] = order.arguments
        use_warm_servers()
        module, _, function = order.target.partition(":")
        getattr(importlib.import_module(module), function)()
        code = 0
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    except BaseException:  # noqa: BLE001 - as an interpreter ends
        sys.excepthook(*sys.exc_info())
    finally:
        with suppress(Exception):
            sys.stdout.flush()
            sys.stderr.flush()
        # The parent's loop must not go on twice.
        os._exit(code)


def main() -> None:
    for name in _IMPORTED:
        importlib.import_module(name)
    # Done before the first child what every child would else do for itself.
    sys.modules["bot.bootstrap"].find_plugins()
    bot.tls.tls_context()
    path = f"{sys.argv[1]}/warm"
    parent = _Parent(path)
    # What the collector does not look at stays shared with the children.
    gc.collect()
    gc.freeze()
    os.write(1, f"{path}\n".encode())
    parent.serve()


if __name__ == "__main__":
    main()
