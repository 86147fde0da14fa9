"""Names of other sites are resolved without taking anything from the rest of the process."""

import asyncio
import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from bot.media.download.transport import resolve
from tests.patience import PATIENCE_S

#: more than any event loop resolves at once
_NAMES = 40


@pytest.fixture
def answered(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """Until it is set, names below `slow.test` have no answer."""
    event, resolver = threading.Event(), socket.getaddrinfo

    def wait(host: Any, *arguments: Any, **options: Any) -> Any:
        if str(host).endswith(".slow.test"):
            event.wait(PATIENCE_S)
            raise socket.gaierror(socket.EAI_AGAIN, "no answer")
        return resolver(host, *arguments, **options)

    monkeypatch.setattr(socket, "getaddrinfo", wait)
    yield event
    event.set()


async def test_names_without_an_answer_hold_up_neither_other_names_nor_files(
    answered: threading.Event,
) -> None:
    slow = [asyncio.create_task(resolve(f"{number}.slow.test", 80)) for number in range(_NAMES)]
    await asyncio.sleep(0)
    async with asyncio.timeout(PATIENCE_S / 2):
        await asyncio.get_running_loop().getaddrinfo("127.0.0.1", 80, type=socket.SOCK_STREAM)
        await asyncio.to_thread(lambda: None)
        assert await resolve("localhost", 80)
    slow[0].cancel()
    answered.set()
    ended = await asyncio.gather(*slow, return_exceptions=True)
    assert isinstance(ended[0], asyncio.CancelledError)
    assert all(isinstance(one, socket.gaierror) for one in ended[1:])
