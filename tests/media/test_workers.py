"""Worker processes: what a function answers comes back, and what it breaks stays behind."""

import asyncio
import ctypes
import os
import platform
import signal
import struct
import subprocess
import sys
import time
from pathlib import Path

import pytest

from bot.domain.errors import MediaRefused, MediaUnavailable
from bot.media.workers import Workers
from tests.patience import PATIENCE_S


def _add(left: int, right: int) -> int:
    return left + right


def _pid() -> int:
    return os.getpid()


def _fail(text: str) -> None:
    raise MediaRefused(text)


class _Unpicklable(Exception):
    def __init__(self, *, code: int) -> None:
        super().__init__(f"code {code}")


def _fail_strangely() -> None:
    raise _Unpicklable(code=7)


def _hang() -> None:
    while True:
        time.sleep(1)


def _hang_after(mark: str) -> None:
    Path(mark).write_text(str(os.getpid()))
    _hang()


def _start_and_hang(mark: str) -> None:
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    Path(mark).write_text(str(child.pid))
    child.wait()


def _eat_memory() -> int:
    return len(bytearray(8 << 30))


def _exit() -> None:
    os._exit(3)


def _talk() -> str:
    print("this must not garble the answers", flush=True)  # noqa: T201 - the point of the test
    return "quiet"


def _variable(name: str) -> str | None:
    return os.environ.get(name)


def _echo(value: bytes) -> bytes:
    return value


def _signals() -> tuple[bool, bool]:
    return (
        signal.getsignal(signal.SIGINT) is signal.SIG_IGN,
        signal.getsignal(signal.SIGTERM) is signal.SIG_DFL,
    )


def _standing() -> tuple[int, int, bool]:
    """Its niceness and session, and whether it leads a group."""
    return os.nice(0), os.getsid(0), os.getpgid(0) == os.getpid()


def _knows_turns() -> bool:
    linux = sys.platform == "linux" and platform.machine() in ("x86_64", "aarch64")
    return linux and tuple(int(part) for part in platform.release().split(".")[:2]) >= (6, 12)


def _turn_ns() -> int:
    """How long it works on before others take over, as the kernel says; see sched_getattr(2)."""
    told = ctypes.create_string_buffer(48)
    number = {"x86_64": 315, "aarch64": 275}[platform.machine()]
    assert ctypes.CDLL(None).syscall(number, 0, told, len(told), 0) == 0
    return int(struct.unpack("IIQiIQQQ", told.raw)[5])


def _gone(pid: int) -> bool:
    """Say whether a process has ended; one that nobody has reaped yet has."""
    try:
        os.kill(pid, 0)
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] in "ZX"
    except ProcessLookupError:
        return True
    except FileNotFoundError:
        return Path("/proc/self").exists()


async def _until_gone(pid: int) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not _gone(pid):  # noqa: ASYNC110 - a foreign process announces nothing
            await asyncio.sleep(0.01)


async def _read_when_there(mark: Path) -> int:
    async with asyncio.timeout(PATIENCE_S):
        while not (mark.exists() and mark.read_text()):  # noqa: ASYNC110, ASYNC240 - written by a foreign process
            await asyncio.sleep(0.01)
    return int(mark.read_text())  # noqa: ASYNC240


async def test_answers_what_the_function_answers() -> None:
    async with Workers() as workers:
        assert await workers.run(_add, 2, 3, timeout_s=PATIENCE_S) == 5


async def test_big_arguments_and_answers_travel() -> None:
    big = os.urandom(5_000_000)
    async with Workers(processes=1) as workers:
        assert await workers.run(_echo, big, timeout_s=PATIENCE_S) == big


async def test_raises_what_the_function_raises() -> None:
    async with Workers(processes=1) as workers:
        with pytest.raises(MediaRefused, match="no picture") as caught:
            await workers.run(_fail, "no picture", timeout_s=PATIENCE_S)
        assert "test_workers.py" in caught.value.__notes__[0]
        first = await workers.run(_pid, timeout_s=PATIENCE_S)
        with pytest.raises(RuntimeError, match="_Unpicklable: code 7"):
            await workers.run(_fail_strangely, timeout_s=PATIENCE_S)
        assert first == await workers.run(_pid, timeout_s=PATIENCE_S)


async def test_processes_start_only_when_needed_and_are_used_again() -> None:
    async with Workers(processes=2) as workers:
        assert not workers._started
        pids = {await workers.run(_pid, timeout_s=PATIENCE_S) for _ in range(3)}
        assert len(pids) == 1
        assert os.getpid() not in pids


async def test_no_more_processes_than_allowed() -> None:
    async with Workers(processes=2) as workers:
        pids = await asyncio.gather(*(workers.run(_pid, timeout_s=PATIENCE_S) for _ in range(8)))
        assert len(set(pids)) <= 2


async def test_a_call_that_takes_too_long_is_refused_and_the_next_one_works() -> None:
    async with Workers(processes=1) as workers:
        before = await workers.run(_pid, timeout_s=PATIENCE_S)
        with pytest.raises(MediaRefused, match="longer than"):
            await workers.run(_hang, timeout_s=0.2)
        await _until_gone(before)
        assert await workers.run(_add, 1, 1, timeout_s=PATIENCE_S) == 2


async def test_what_a_call_started_ends_with_it(tmp_path: Path) -> None:
    mark = tmp_path / "pid"
    async with Workers(processes=1) as workers:
        call = asyncio.create_task(workers.run(_start_and_hang, str(mark), timeout_s=PATIENCE_S))
        grandchild = await _read_when_there(mark)
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        await _until_gone(grandchild)


async def test_cpu_time_is_limited_for_each_call() -> None:
    async with Workers(processes=1) as workers:
        await workers.run(_limit_of_cpu, timeout_s=5)
        first = await workers.run(_limit_of_cpu, timeout_s=5)
        assert first - 7 <= await workers.run(_limit_of_cpu, timeout_s=5) <= first + 2
        assert await workers.run(_limit_of_cpu, timeout_s=50) >= 50


def _limit_of_cpu() -> int:
    import resource  # noqa: PLC0415 - not on every platform

    return resource.getrlimit(resource.RLIMIT_CPU)[0]


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux limits the address space")
async def test_a_memory_bomb_is_refused_and_the_next_call_works() -> None:
    async with Workers(processes=1) as workers:
        with pytest.raises(MediaRefused, match="memory"):
            await workers.run(_eat_memory, timeout_s=PATIENCE_S)
        assert await workers.run(_add, 1, 1, timeout_s=PATIENCE_S) == 2


async def test_a_crash_is_refused_and_the_next_call_works() -> None:
    async with Workers(processes=1) as workers:
        with pytest.raises(MediaRefused, match="broken"):
            await workers.run(_exit, timeout_s=PATIENCE_S)
        assert await workers.run(_add, 1, 1, timeout_s=PATIENCE_S) == 2


async def test_a_crash_leaves_the_neighbours_alone(tmp_path: Path) -> None:
    mark = tmp_path / "pid"
    async with Workers(processes=2) as workers:
        neighbour = asyncio.create_task(workers.run(_hang_after, str(mark), timeout_s=PATIENCE_S))
        await _read_when_there(mark)
        with pytest.raises(MediaRefused):
            await workers.run(_exit, timeout_s=PATIENCE_S)
        assert not neighbour.done()
        neighbour.cancel()
        with pytest.raises(asyncio.CancelledError):
            await neighbour


async def test_a_process_that_dies_idle_is_no_files_fault() -> None:
    async with Workers(processes=1) as workers:
        pid = await workers.run(_pid, timeout_s=PATIENCE_S)
        os.kill(pid, signal.SIGKILL)
        await _until_gone(pid)
        async with asyncio.timeout(PATIENCE_S):
            (process,) = workers._started
            await process.wait()
        assert await workers.run(_add, 1, 1, timeout_s=PATIENCE_S) == 2


async def test_closing_ends_every_process_and_calls_in_flight(tmp_path: Path) -> None:
    mark = tmp_path / "pid"
    async with Workers(processes=2) as workers:
        idle = await workers.run(_pid, timeout_s=PATIENCE_S)
        call = asyncio.create_task(workers.run(_hang_after, str(mark), timeout_s=PATIENCE_S))
        busy = await _read_when_there(mark)
    assert _gone(idle)
    assert _gone(busy)
    with pytest.raises(MediaUnavailable, match="stopping"):
        await call
    with pytest.raises(MediaUnavailable, match="stopping"):
        await workers.run(_pid, timeout_s=PATIENCE_S)


async def test_a_worker_steps_back_behind_whoever_answers_people() -> None:
    """Niceness counts within a session; across sessions the kernel may give each the same."""
    async with Workers() as workers:
        expected = (min(os.nice(0) + 10, 19), os.getsid(0), True)
        assert expected == await workers.run(_standing, timeout_s=PATIENCE_S)


@pytest.mark.skipif(not _knows_turns(), reason="Linux knows turns since 6.12")
async def test_a_worker_gives_way_at_once_to_whoever_wakes() -> None:
    async with Workers() as workers:
        assert await workers.run(_turn_ns, timeout_s=PATIENCE_S) > _turn_ns()


async def test_a_worker_prints_elsewhere_ignores_ctrl_c_and_sees_no_secrets() -> None:
    os.environ["REVERIE_TEST_SECRET"] = "hidden"
    try:
        async with Workers(processes=1) as workers:
            assert await workers.run(_talk, timeout_s=PATIENCE_S) == "quiet"
            assert await workers.run(_signals, timeout_s=PATIENCE_S) == (True, True)
            assert await workers.run(_variable, "REVERIE_TEST_SECRET", timeout_s=PATIENCE_S) is None
    finally:
        del os.environ["REVERIE_TEST_SECRET"]


_PARENT = """
import asyncio, sys
from bot.media.workers import Workers
from tests.media.test_workers import _hang_after, _pid

async def main():
    async with Workers() as workers:
        idle = await workers.run(_pid, timeout_s=60)
        await asyncio.gather(
            workers.run(_hang_after, sys.argv[1], timeout_s=600),
            workers.run(_hang_after, sys.argv[2], timeout_s=600),
        )

asyncio.run(main())
"""


async def test_workers_die_with_a_parent_that_is_killed(tmp_path: Path) -> None:
    marks = [tmp_path / "one", tmp_path / "two"]
    parent = subprocess.Popen(  # noqa: ASYNC220 - killed below, never waited for while it works
        [sys.executable, "-c", _PARENT, *map(str, marks)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    try:
        pids = [await _read_when_there(mark) for mark in marks]
        assert not any(map(_gone, pids))
        parent.kill()
        for pid in pids:
            await _until_gone(pid)
    finally:
        parent.kill()
        parent.wait()
