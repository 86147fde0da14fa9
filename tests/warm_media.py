"""Has a warm process fork its servers for media from its own parent, which has imported the codecs.

A bot starts a new interpreter for such a server, which then imports them: a sixth of a second for each of a
hundred bots. What the server does, and that it dies with its bot, is the same.
"""

import asyncio
import json
import socket
from asyncio.subprocess import Process
from pathlib import Path
from typing import Self, cast

import pytest

from bot.media.sandbox.confinement import python_folders
from bot.media.sandbox.pool import SandboxPool
from bot.media.sandbox.process import ForkServer
from tests.warm import Started, start


class WarmForkServer(ForkServer):
    """A server that is forked, and not the child of its bot."""

    @classmethod
    async def start(cls) -> Self:
        ours, theirs = socket.socketpair()
        with theirs:
            # The parent may be busy with others, for which a bot's loop must not wait.
            started = await asyncio.to_thread(
                start,
                "bot.media.sandbox.server:main",
                ["-c", json.dumps(python_folders())],
                folder=Path.cwd(),
                environment={},
                streams=(theirs.fileno(), theirs.fileno(), 2),
            )
        reader, writer = await asyncio.open_unix_connection(sock=ours)
        return cls(cast(Process, _ServerProcess(started, reader, writer)))

    @property
    def alive(self) -> bool:
        return not self.reaped


class _ServerProcess:
    """What a fork server's client uses of a `Process`."""

    def __init__(self, started: Started, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.pid, self.stdin, self.stdout = started.pid, writer, reader
        self._started = started
        self._loop = asyncio.get_running_loop()
        self._ended = asyncio.Event()
        self._loop.add_reader(started, self._end)

    @property
    def returncode(self) -> int | None:
        return self._started.returncode

    async def wait(self) -> None:
        await self._ended.wait()

    def kill(self) -> None:
        self._started.kill()

    def _end(self) -> None:
        self._loop.remove_reader(self._started)
        self._started.wait()
        self._ended.set()


def use_warm_servers() -> None:
    """Make the pools of this process start such servers."""
    SandboxPool.server = WarmForkServer


@pytest.fixture
def warm_servers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the pools of a test start such servers."""
    monkeypatch.setattr(SandboxPool, "server", WarmForkServer)
