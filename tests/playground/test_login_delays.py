"""Wrong passwords delay their own address; nobody is locked out."""

import asyncio
from typing import Any

import pytest
from starlette.requests import Request
from structlog.testing import capture_logs

from adapters.playground.access.login_delays import LoginDelays, TooManyLogins
from bot.security.loopback import client_address

ATTACKER, GRACE = "203.0.113.9", "198.51.100.7"


class Time:
    """A clock that advances while a request sleeps."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.slept: list[float] = []

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds
        await asyncio.sleep(0)

    def delays(self) -> LoginDelays:
        return LoginDelays(now=lambda: self.now, sleep=self.sleep)


def wrong() -> bool:
    return False


def right() -> bool:
    return True


async def test_each_wrong_password_doubles_the_delay_of_its_address_up_to_30_s() -> None:
    time = Time()
    delays = time.delays()
    for _ in range(10):
        assert not await delays.check(ATTACKER, wrong)
    assert [0.5, 1, 2, 4, 8, 16, 30, 30, 30] == time.slept


async def test_other_addresses_are_not_delayed() -> None:
    time = Time()
    delays = time.delays()
    for _ in range(30):
        await delays.check(ATTACKER, wrong)
    time.slept.clear()
    assert await delays.check(GRACE, right)
    assert [] == time.slept


async def test_the_right_password_ends_the_delay_of_its_address() -> None:
    time = Time()
    delays = time.delays()
    for _ in range(30):
        await delays.check(ATTACKER, wrong)
    time.slept.clear()
    assert await delays.check(ATTACKER, right)
    assert [30] == time.slept
    assert await delays.check(ATTACKER, right)
    assert [30] == time.slept


async def test_an_address_without_failures_for_a_while_starts_again() -> None:
    time = Time()
    delays = time.delays()
    for _ in range(10):
        await delays.check(ATTACKER, wrong)
    time.now += 3600
    time.slept.clear()
    for _ in range(2):
        await delays.check(ATTACKER, wrong)
    assert [0.5] == time.slept


async def test_only_a_few_requests_of_one_address_wait_at_once() -> None:
    """Otherwise one address could try hundreds of passwords at the end of each delay."""
    now, free = 1000.0, asyncio.Event()
    looked_at = 0

    async def sleep(_: float) -> None:
        await free.wait()

    def look() -> bool:
        nonlocal looked_at
        looked_at += 1
        return False

    delays = LoginDelays(now=lambda: now, sleep=sleep)
    await delays.check(ATTACKER, look)
    tries = [asyncio.create_task(delays.check(ATTACKER, look)) for _ in range(50)]
    refused, waiting = await asyncio.wait(tries, timeout=0.1)
    assert (46, 4, 1) == (len(refused), len(waiting), looked_at)
    assert all(isinstance(one.exception(), TooManyLogins) for one in refused)
    assert "Try again in 1 s." in str(next(iter(refused)).exception())
    assert await delays.check(GRACE, right)
    free.set()
    assert [False] * 4 == await asyncio.gather(*waiting)


async def test_a_cancelled_request_frees_its_place() -> None:
    async def sleep(_: float) -> None:
        await asyncio.Event().wait()

    delays = LoginDelays(now=lambda: 1000.0, sleep=sleep)
    await delays.check(ATTACKER, wrong)
    for _ in range(20):
        one = asyncio.create_task(delays.check(ATTACKER, wrong))
        await asyncio.sleep(0)
        one.cancel()
        with pytest.raises(asyncio.CancelledError):
            await one


async def test_a_wrong_password_is_logged_with_its_address() -> None:
    with capture_logs() as logged:
        await Time().delays().check(ATTACKER, wrong)
    assert [{"event": "login_failed", "address": ATTACKER, "failures": 1, "log_level": "warning"}] == logged


@pytest.mark.parametrize(
    ("peer", "forwarded", "address"),
    [
        ("203.0.113.9", [], "203.0.113.9"),
        ("::ffff:203.0.113.9", [], "203.0.113.9"),
        # One client has a whole network of these.
        ("2a00:db8:1:2:3:4:5:6", [], "2a00:db8:1:2::/64"),
        ("127.0.0.1", [], "127.0.0.1"),
        # A proxy beside us tells whom it has seen; what stands before that is the client's own word.
        ("127.0.0.1", ["203.0.113.9"], "203.0.113.9"),
        ("172.17.0.1", ["10.0.0.1, 198.51.100.7"], "198.51.100.7"),
        ("::ffff:172.17.0.1", ["198.51.100.7"], "198.51.100.7"),
        ("127.0.0.1", ["10.0.0.1", "198.51.100.7"], "198.51.100.7"),
        ("127.0.0.1", ["unknown"], "127.0.0.1"),
        ("127.0.0.1", [""], "127.0.0.1"),
        # Somebody from outside cannot choose an address.
        ("203.0.113.9", ["198.51.100.7"], "203.0.113.9"),
        ("", [], ""),
    ],
)
def test_whose_address_a_request_has(peer: str, forwarded: list[str], address: str) -> None:
    scope: dict[str, Any] = {
        "type": "http",
        "client": (peer, 1) if peer else None,
        "headers": [(b"x-forwarded-for", value.encode()) for value in forwarded],
    }
    assert address == client_address(Request(scope))
