"""The pool of confined processes: results come back checked, and failures say nothing about the file."""

import asyncio
import ctypes
import os
import platform
import signal
import struct
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from bot.domain.errors import MediaRefused, MediaUnavailable, ProcessingFailed
from bot.media.sandbox.pool import SandboxPool
from tests.media.sandbox.calls import (
    add,
    echo,
    fail,
    hang,
    hang_after,
    pid,
    server_pid,
    spin,
    write_and_wait,
)
from tests.media_workers import SharedPool
from tests.patience import PATIENCE_S


@dataclass(frozen=True, slots=True, kw_only=True)
class _Size:
    width: int
    height: int


def _size() -> _Size:
    return _Size(width=4, height=3)


def _pair() -> tuple[int, bool]:
    return 1, True


def _something_else() -> int:
    return "eleven"  # type: ignore[return-value]  # the point of the test


def _object() -> object:
    return object()


def _much() -> str:
    return "x" * (2 << 20)


class _Strange(Exception):
    def __init__(self, *, code: int) -> None:
        super().__init__(f"code {code}")


def _fail_strangely() -> None:
    raise _Strange(code=7)


def _eat_memory() -> int:
    return len(bytearray(8 << 30))


def _exit() -> None:
    os._exit(3)


def _crash() -> None:
    ctypes.string_at(0)


def _talk() -> str:
    print("this must not garble the answers", flush=True)  # noqa: T201 - the point of the test
    return "quiet"


def _signals() -> tuple[bool, bool]:
    return (
        signal.getsignal(signal.SIGINT) is signal.getsignal(signal.SIGHUP) is signal.SIG_IGN,
        signal.getsignal(signal.SIGTERM) is signal.SIG_DFL,
    )


def _standing() -> tuple[int, int, bool]:
    """Its niceness and session, and whether its server leads a group."""
    return os.getpriority(os.PRIO_PROCESS, 0), os.getsid(0), os.getpgid(0) == os.getppid()


def _knows_turns() -> bool:
    linux = sys.platform == "linux" and platform.machine() in ("x86_64", "aarch64")
    return linux and tuple(int(part) for part in platform.release().split(".")[:2]) >= (6, 12)


def _turn_ns() -> int:
    """How long it works on before others take over, as the kernel says; see sched_getattr(2)."""
    told = ctypes.create_string_buffer(48)
    number = {"x86_64": 315, "aarch64": 275}[platform.machine()]
    assert ctypes.CDLL(None).syscall(number, 0, told, len(told), 0) == 0
    return int(struct.unpack("IIQiIQQQ", told.raw)[5])


def _limit_of_cpu() -> int:
    import resource  # noqa: PLC0415 - not on every platform

    return resource.getrlimit(resource.RLIMIT_CPU)[0]


def _leaves_bytecode() -> bool:
    return not sys.dont_write_bytecode


def _gone(process: int) -> bool:
    """Say whether a process has ended; one that nobody has reaped yet has."""
    try:
        os.kill(process, 0)
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] in "ZX"
    except ProcessLookupError:
        return True
    except FileNotFoundError:
        return Path("/proc/self").exists()


async def _until_gone(process: int) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not _gone(process):  # noqa: ASYNC110 - a foreign process announces nothing
            await asyncio.sleep(0.01)


async def _until_there(mark: Path) -> list[int]:
    """The ids of a child and its server, once it has left them."""
    async with asyncio.timeout(PATIENCE_S):
        while not mark.exists():  # noqa: ASYNC110, ASYNC240 - written by a foreign process
            await asyncio.sleep(0.01)
    return [int(part) for part in mark.read_text().split() if part.isdigit()]  # noqa: ASYNC240


async def test_answers_what_the_function_answers() -> None:
    async with SharedPool() as pool:
        assert await pool.run(add, 2, 3, timeout_s=PATIENCE_S) == 5
        assert await pool.run(_pair, timeout_s=PATIENCE_S) == (1, True)
        assert await pool.run(_size, timeout_s=PATIENCE_S) == _Size(width=4, height=3)


async def test_big_arguments_travel_and_big_answers_do_not() -> None:
    """What a call answers is a few numbers and names; its files stay files."""
    async with SharedPool() as pool:
        assert len(await pool.run(echo, "x" * 500_000, timeout_s=PATIENCE_S)) == 500_000
        with pytest.raises(ProcessingFailed):
            await pool.run(_much, timeout_s=PATIENCE_S)


@pytest.mark.parametrize("function", [_something_else, _object, _fail_strangely])
async def test_what_is_no_result_says_nothing_about_the_file(function: object) -> None:
    async with SharedPool() as pool:
        with pytest.raises(ProcessingFailed):
            await pool.run(function, timeout_s=PATIENCE_S)  # type: ignore[arg-type]
        assert await pool.run(add, 1, 1, timeout_s=PATIENCE_S) == 2


async def test_a_verdict_is_raised_as_one_line() -> None:
    async with SharedPool() as pool:
        with pytest.raises(MediaRefused) as caught:
            await pool.run(fail, "no\x1b[2J pic\nture", timeout_s=PATIENCE_S)
        assert "no [2J pic ture" == str(caught.value)


async def test_servers_start_only_when_needed_and_fork_a_child_for_each_call() -> None:
    async with SandboxPool(processes=2) as pool:
        assert not pool._started
        servers = {await pool.run(server_pid, timeout_s=PATIENCE_S) for _ in range(3)}
        children = {await pool.run(pid, timeout_s=PATIENCE_S) for _ in range(3)}
        assert (1, 3) == (len(servers), len(children))
        assert os.getpid() not in servers | children


@pytest.mark.parametrize("kept", [True, False])
async def test_a_server_leaves_bytecode_only_where_the_bot_does(
    *, kept: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", not kept)
    async with SandboxPool(processes=1) as pool:
        assert kept == await pool.run(_leaves_bytecode, timeout_s=PATIENCE_S)


async def test_no_more_processes_than_allowed() -> None:
    async with SandboxPool(processes=2) as pool:
        servers = await asyncio.gather(*(pool.run(server_pid, timeout_s=PATIENCE_S) for _ in range(8)))
        assert len(set(servers)) <= 2


async def test_a_call_that_takes_too_long_fails_and_the_next_one_works() -> None:
    async with SandboxPool(processes=1) as pool:
        before = await pool.run(server_pid, timeout_s=PATIENCE_S)
        with pytest.raises(ProcessingFailed, match="longer than"):
            await pool.run(hang, timeout_s=0.2)
        assert before == await pool.run(server_pid, timeout_s=PATIENCE_S)


async def test_a_call_over_its_cpu_limit_fails_and_its_cpu_time_is_counted() -> None:
    told: list[float] = []
    async with SharedPool() as pool:
        with pytest.raises(ProcessingFailed, match="longer than"):
            await pool.run(spin, timeout_s=PATIENCE_S, cpu_s=1, used=told.append)
        assert await pool.run(add, 1, 1, timeout_s=PATIENCE_S, used=told.append) == 2
    computed, added = told
    assert added < computed < PATIENCE_S


async def test_a_call_that_is_given_up_is_charged_too(tmp_path: Path) -> None:
    told: list[float] = []
    async with SandboxPool(processes=1) as pool:
        given_up = asyncio.create_task(
            pool.run(hang_after, tmp_path / "mark", timeout_s=PATIENCE_S, used=told.append)
        )
        await _until_there(tmp_path / "mark")
        given_up.cancel()
        with pytest.raises(asyncio.CancelledError):
            await given_up
        assert await pool.run(add, 1, 1, timeout_s=PATIENCE_S, used=told.append) == 2
    charged, _ = told
    assert 0 < charged <= PATIENCE_S


async def test_cpu_time_is_limited_for_each_call() -> None:
    async with SharedPool() as pool:
        assert 5 == await pool.run(_limit_of_cpu, timeout_s=PATIENCE_S, cpu_s=5)
        assert 50 == await pool.run(_limit_of_cpu, timeout_s=50)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux limits the address space")
async def test_a_want_of_memory_is_no_verdict_and_the_next_call_works() -> None:
    async with SharedPool() as pool:
        with pytest.raises(ProcessingFailed, match="memory"):
            await pool.run(_eat_memory, timeout_s=PATIENCE_S)
        assert await pool.run(add, 1, 1, timeout_s=PATIENCE_S) == 2


@pytest.mark.parametrize("function", [_exit, _crash])
async def test_a_crash_is_no_verdict_and_the_next_call_works(function: object) -> None:
    async with SharedPool() as pool:
        with pytest.raises(ProcessingFailed):
            await pool.run(function, timeout_s=PATIENCE_S)  # type: ignore[arg-type]
        assert await pool.run(add, 1, 1, timeout_s=PATIENCE_S) == 2


async def test_a_crash_leaves_the_neighbours_alone(tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    async with SandboxPool(processes=2) as pool:
        neighbour = asyncio.create_task(pool.run(hang_after, mark, timeout_s=PATIENCE_S))
        await _until_there(mark)
        with pytest.raises(ProcessingFailed):
            await pool.run(_exit, timeout_s=PATIENCE_S)
        assert not neighbour.done()
        neighbour.cancel()
        with pytest.raises(asyncio.CancelledError):
            await neighbour


async def test_a_cancelled_call_ends_with_its_processes(tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    async with SandboxPool(processes=1) as pool:
        call = asyncio.create_task(pool.run(hang_after, mark, timeout_s=PATIENCE_S))
        processes = await _until_there(mark)
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        for process in processes:
            await _until_gone(process)


async def test_a_server_that_dies_idle_is_replaced() -> None:
    async with SandboxPool(processes=1) as pool:
        server = await pool.run(server_pid, timeout_s=PATIENCE_S)
        os.kill(server, signal.SIGKILL)
        # The event loop, which would be told, does not run meanwhile.
        while not _gone(server):
            time.sleep(0.001)  # noqa: ASYNC251
        assert await pool.run(add, 1, 1, timeout_s=PATIENCE_S) == 2


async def test_a_server_that_dies_at_work_is_no_verdict(tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    async with SandboxPool(processes=1) as pool:
        call = asyncio.create_task(pool.run(hang_after, mark, timeout_s=PATIENCE_S))
        child, server = await _until_there(mark)
        os.kill(server, signal.SIGKILL)
        with pytest.raises(ProcessingFailed):
            await call
        await _until_gone(child)
        assert await pool.run(add, 1, 1, timeout_s=PATIENCE_S) == 2


async def test_closing_ends_every_process_and_calls_in_flight(tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    async with SandboxPool(processes=2) as pool:
        idle = await pool.run(server_pid, timeout_s=PATIENCE_S)
        first = asyncio.create_task(pool.run(hang_after, mark, timeout_s=PATIENCE_S))
        processes = await _until_there(mark)
        second = asyncio.create_task(pool.run(hang_after, tmp_path / "other", timeout_s=PATIENCE_S))
        processes += await _until_there(tmp_path / "other")
    for process in (idle, *processes):
        await _until_gone(process)
    for call in (first, second):
        with pytest.raises(MediaUnavailable, match="stopping"):
            await call
    with pytest.raises(MediaUnavailable, match="stopping"):
        await pool.run(pid, timeout_s=PATIENCE_S)


async def test_a_member_has_one_call_at_a_time_and_others_go_on(tmp_path: Path) -> None:
    """Who sends much waits behind their own files, with every process free for them but one."""
    go = tmp_path / "go"
    async with SandboxPool(processes=2) as pool:

        def call(name: str, key: str) -> asyncio.Task[None]:
            return asyncio.create_task(
                pool.run(write_and_wait, tmp_path / name, go, key=key, timeout_s=PATIENCE_S)
            )

        mine = [call(f"mine-{number}", "me") for number in range(4)]
        await _until_there(tmp_path / "mine-0")
        yours = call("yours", "you")
        await _until_there(tmp_path / "yours")
        assert not any((tmp_path / f"mine-{number}").exists() for number in (1, 2, 3))
        go.touch()
        await asyncio.gather(yours, *mine)


async def test_media_work_steps_back_behind_whoever_answers_people() -> None:
    """Niceness counts within a session; across sessions the kernel may give each the same."""
    async with SharedPool() as pool:
        expected = (min(os.nice(0) + 10, 19), os.getsid(0), True)
        assert expected == await pool.run(_standing, timeout_s=PATIENCE_S)


@pytest.mark.skipif(not _knows_turns(), reason="Linux knows turns since 6.12")
async def test_media_work_is_preempted_at_once() -> None:
    async with SharedPool() as pool:
        assert await pool.run(_turn_ns, timeout_s=PATIENCE_S) > _turn_ns()


async def test_a_child_prints_nowhere_and_ignores_ctrl_c() -> None:
    async with SharedPool() as pool:
        assert await pool.run(_talk, timeout_s=PATIENCE_S) == "quiet"
        assert await pool.run(_signals, timeout_s=PATIENCE_S) == (True, True)


_PARENT = """
import asyncio, pathlib, sys
from bot.media.sandbox.pool import SandboxPool
from tests.media.sandbox.calls import hang_after, pid

async def main():
    async with SandboxPool() as pool:
        await pool.run(pid, timeout_s=60)
        await asyncio.gather(
            *(pool.run(hang_after, pathlib.Path(mark), timeout_s=600) for mark in sys.argv[1:])
        )

asyncio.run(main())
"""


async def test_processes_die_with_a_parent_that_is_killed(tmp_path: Path) -> None:
    marks = [tmp_path / "one", tmp_path / "two"]
    parent = subprocess.Popen(  # noqa: ASYNC220 - killed below, never waited for while it works
        [sys.executable, "-c", _PARENT, *map(str, marks)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    try:
        processes = [process for mark in marks for process in await _until_there(mark)]
        assert not any(map(_gone, processes))
        parent.kill()
        for process in processes:
            await _until_gone(process)
    finally:
        parent.kill()
        parent.wait()
