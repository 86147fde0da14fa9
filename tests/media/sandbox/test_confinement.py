"""Whoever takes over a decoder has nothing: no network, no programs, no secrets, no way to the bot."""

import asyncio
import ctypes
import errno
import fcntl
import os
import pickle
import resource
import signal
import socket
import struct
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from bot.domain.errors import ProcessingFailed
from bot.media.sandbox import landlock, seccomp
from bot.media.sandbox.confinement import Limits, python_folders
from bot.media.sandbox.pool import SandboxPool, _result, missing_features
from bot.media.sandbox.process import Unreadable, read
from bot.media.sandbox.server import Report
from tests.media.sandbox.calls import add
from tests.media_workers import SharedPool
from tests.patience import PATIENCE_S

filtered = pytest.mark.skipif(not seccomp.is_available(), reason="this kernel has no filter of system calls")
fenced = pytest.mark.skipif(not landlock.version(), reason="this kernel has no Landlock")

_Attack = Callable[[], object]


def _outcome(attack: _Attack) -> str:
    """The name of the error that something ends with, or what it has got."""
    try:
        got = attack()
    except OSError as error:
        return errno.errorcode.get(error.errno or 0, repr(error))
    return f"done: {got!r}"


def _open_sockets() -> list[str]:
    return [
        _outcome(lambda: socket.socket(socket.AF_INET)),
        _outcome(lambda: socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)),
        _outcome(lambda: socket.socket(socket.AF_UNIX)),
        _outcome(socket.socketpair),
    ]


def _start_programs() -> list[str]:
    return [
        _outcome(lambda: os.execv("/bin/true", ["true"])),  # noqa: S606 - it must not
        _outcome(lambda: os.posix_spawn("/bin/true", ["true"], {})),
        _outcome(lambda: subprocess.run(["/bin/true"], check=True)),
        _outcome(os.fork),
        _outcome(lambda: _call(seccomp._FORBIDDEN["vfork"][0] or 0)),
    ]


def _reach_processes(server: int) -> list[str]:
    parent = os.getppid()
    return [
        _outcome(lambda: os.kill(server, 0)),
        _outcome(lambda: os.kill(parent, signal.SIGSTOP)),
        _outcome(lambda: os.setpriority(os.PRIO_PROCESS, server, 19)),
        _outcome(lambda: resource.prlimit(server, resource.RLIMIT_NOFILE, (0, 0))),
        _outcome(os.setsid),
        _outcome(lambda: os.pidfd_open(server)),
        _outcome(lambda: _call(101 if os.uname().machine == "x86_64" else 117, 16, server, 0, 0)),
    ]


def _evade() -> list[str]:
    """By calls that the filter does not list, or that work around it."""
    return [
        _outcome(lambda: _call(435, 0, 0)),
        _outcome(lambda: _call(425, 8, 0)),
        _outcome(lambda: _call(451)),
        _outcome(lambda: _call(10_000)),
        _outcome(lambda: _call(0x40000000 | 41, 2, 1, 0)),
    ]


def _call(number: int, *args: int) -> int:
    libc = ctypes.CDLL(None, use_errno=True)
    answer = int(libc.syscall(*map(ctypes.c_long, (number, *args))))
    if answer < 0:
        raise OSError(ctypes.get_errno(), "refused")
    return answer


def _read(paths: list[str]) -> list[str]:
    return [_outcome(lambda path=path: Path(path).read_bytes()) for path in paths]  # type: ignore[misc]


def _own_signals(pid: int) -> list[str]:
    """Have the kernel signal another process in our stead when something can be read."""
    reading, _ = os.pipe()
    return [
        _outcome(lambda: fcntl.fcntl(reading, fcntl.F_SETOWN, pid)),
        _outcome(lambda: fcntl.fcntl(reading, 10, signal.SIGKILL)),
        _outcome(lambda: fcntl.fcntl(reading, 15, struct.pack("ii", 1, pid))),
        _outcome(lambda: fcntl.ioctl(reading, 0x8901, struct.pack("i", pid))),
        _outcome(lambda: fcntl.ioctl(reading, 0x8902, struct.pack("i", pid))),
    ]


def _cut(path: str) -> str:
    return _outcome(lambda: os.truncate(path, 0))


def _write_beside(target: Path, secret: str) -> list[str]:
    target.write_text("mine")
    folder = target.parent
    other = Path(secret)
    return [
        _outcome(lambda: (folder / "new").write_text("theirs")),
        _outcome(lambda: other.write_text("theirs")),
        _outcome(other.unlink),
        _outcome(lambda: other.rename(folder / "moved")),
        _outcome(lambda: target.rename(folder / "moved")),
        _outcome(lambda: other.chmod(0o777)),
        _outcome(lambda: os.utime(other)),
        _outcome(lambda: os.truncate(other, 0)),
        _outcome(lambda: (folder / "link").symlink_to(other)),
        _outcome(lambda: os.link(other, folder / "link")),
        _outcome(lambda: list(folder.iterdir())),
    ]


def _fill_folder(target: Path) -> list[str]:
    beside = target.with_name("beside")
    beside.write_text("whole")
    beside.replace(target)
    return [path.name for path in target.parent.iterdir()]


def _write_much(target: Path) -> int:
    target.write_bytes(bytes(2 << 20))
    return target.stat().st_size


def _environment() -> dict[str, str]:
    return dict(os.environ)


def _handles() -> list[int]:
    found = []
    for handle in range(256):
        try:
            os.fstat(handle)
        except OSError:
            continue
        found.append(handle)
    return found


def _in_threads() -> int:
    done: list[int] = []
    threads = [threading.Thread(target=done.append, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return len(done)


def _limits() -> list[tuple[int, int]]:
    return [resource.getrlimit(kind) for kind in (resource.RLIMIT_CORE, resource.RLIMIT_FSIZE)]


@filtered
async def test_a_child_has_no_sockets_programs_or_processes() -> None:
    async with SharedPool() as pool:
        assert {"EPERM"} == set(await pool.run(_open_sockets, timeout_s=PATIENCE_S))
        assert {"EPERM"} == set(await pool.run(_start_programs, timeout_s=PATIENCE_S))


@filtered
async def test_a_child_reaches_no_other_process() -> None:
    async with SharedPool() as pool:
        assert {"EPERM"} == set(await pool.run(_reach_processes, os.getpid(), timeout_s=PATIENCE_S))


@filtered
async def test_a_child_has_the_kernel_signal_no_other_process() -> None:
    async with SharedPool() as pool:
        assert {"EPERM"} == set(await pool.run(_own_signals, os.getpid(), timeout_s=PATIENCE_S))


@filtered
async def test_a_child_empties_no_file_by_its_name(tmp_path: Path) -> None:
    """The filter alone refuses it: kernels before 6.2 have a Landlock that does not judge it."""
    (tmp_path / "kept").write_text("whole")
    async with SharedPool() as pool:
        assert "EPERM" == await pool.run(_cut, str(tmp_path / "kept"), timeout_s=PATIENCE_S)
    assert "whole" == (tmp_path / "kept").read_text()


@filtered
async def test_calls_that_the_filter_does_not_know_do_not_exist() -> None:
    async with SharedPool() as pool:
        clone3, io_uring, *unknown = await pool.run(_evade, timeout_s=PATIENCE_S)
        assert ("ENOSYS", "EPERM", {"ENOSYS"}) == (clone3, io_uring, set(unknown))


async def test_threads_are_allowed() -> None:
    async with SharedPool() as pool:
        assert 4 == await pool.run(_in_threads, timeout_s=PATIENCE_S)


@fenced
async def test_a_child_reads_nothing_that_is_not_part_of_its_call(tmp_path: Path) -> None:
    """Neither the secret, nor other people's files, nor what the kernel tells of the bot."""
    secret = tmp_path / "secret"
    secret.write_text("hidden")
    out_of_reach = [
        str(secret),
        str(Path(__file__).parents[3] / "pyproject.toml"),
        "/etc/passwd",
        f"/proc/{os.getpid()}/environ",
        f"/proc/{os.getpid()}/mem",
        "/proc/self/environ",
        "/proc/self/status",
    ]
    async with SharedPool() as pool:
        assert {"EACCES"} == set(await pool.run(_read, out_of_reach, timeout_s=PATIENCE_S))


@fenced
async def test_a_child_writes_its_target_alone(tmp_path: Path) -> None:
    folder = tmp_path / "incoming"
    folder.mkdir()
    target, secret = folder / "target", tmp_path / "secret"
    target.touch()
    secret.write_text("hidden")
    async with SharedPool() as pool:
        outcomes = await pool.run(_write_beside, target, str(secret), timeout_s=PATIENCE_S)
    assert {"EACCES", "EPERM", "EXDEV"} >= set(outcomes)
    assert ("mine", "hidden") == (target.read_text(), secret.read_text())
    assert [target] == list(folder.iterdir())


async def test_a_target_that_is_not_there_is_made_in_its_folder(tmp_path: Path) -> None:
    target = tmp_path / "made" / "here" / "target"
    async with SharedPool() as pool:
        assert ["target"] == await pool.run(_fill_folder, target, timeout_s=PATIENCE_S)


async def test_a_file_does_not_grow_beyond_its_limit(tmp_path: Path) -> None:
    target = tmp_path / "target"
    target.touch()
    async with SandboxPool(processes=1, file_bytes=1 << 20) as pool:
        assert [(0, 0), (1 << 20, 1 << 20)] == [
            tuple(one) for one in await pool.run(_limits, timeout_s=PATIENCE_S)
        ]
        with pytest.raises(ProcessingFailed, match="storage is full"):
            await pool.run(_write_much, target, timeout_s=PATIENCE_S)
    assert target.stat().st_size <= 1 << 20


async def test_a_child_has_no_environment_and_no_handles_but_its_own() -> None:
    os.environ["REVERIE_TEST_SECRET"] = "hidden"
    try:
        async with SharedPool() as pool:
            assert {} == await pool.run(_environment, timeout_s=PATIENCE_S)
            assert 4 >= len(await pool.run(_handles, timeout_s=PATIENCE_S))
    finally:
        del os.environ["REVERIE_TEST_SECRET"]


def _call_home(mark: str) -> None:
    Path(mark).write_text("the bot has run this")


class _Crafted:
    """An object that calls a function when it is read back from a pickle."""

    def __init__(self, mark: Path) -> None:
        self._mark = mark

    def __reduce__(self) -> tuple[object, ...]:
        return _call_home, (str(self._mark),)


def test_a_crafted_answer_is_not_executed(tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    crafted = [
        pickle.dumps((True, _Crafted(mark))),
        b"",
        b"[" * 100_000,
        b'{"result": "5"}',
        b'{"result": 5, "more": 1}',
        b'{"failure": "refused"}',
        b'{"failure": "other", "text": ""}',
        b'{"failure": "refused", "text": ["a list"]}',
        b'{"result": ' + b"9" * 10_000 + b"}",
        b'{"result": 5} {"result": 6}',
        b"\xff\xfe",
    ]
    for answer in crafted:
        with pytest.raises(Unreadable):
            read(answer, add)
        with pytest.raises(ProcessingFailed):
            _result(add, Report(cpu_s=0.1, exit_code=0, timed_out=False), answer, _LIMITS)
    assert not mark.exists()


_LIMITS = Limits(timeout_s=1, cpu_s=1, memory_bytes=1, file_bytes=1)


async def test_what_this_kernel_cannot_do_is_named() -> None:
    expected = {"seccomp": seccomp.is_available(), "landlock": landlock.version() > 0}
    assert [name for name, there in expected.items() if not there] == list(await missing_features())


_WITHOUT = """
import json, sys
from pathlib import Path
from bot.media.sandbox.confinement import Files, Limits, confine
limits = Limits(timeout_s=9, cpu_s=9, memory_bytes=1 << 31, file_bytes=1 << 20)
confine(limits, Files(reads=(), writes=()), [], without=["landlock", "seccomp"])
print(Path(sys.argv[1]).read_text())
"""


async def test_what_is_missing_is_left_out(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("read")
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", _WITHOUT, str(tmp_path / "a")),
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        stdout=subprocess.PIPE,
    )
    out, _ = await process.communicate()
    assert b"read" == out.strip()


def test_no_folder_of_ours_is_a_whole_checkout() -> None:
    """The data folder of a newcomer lies in the checkout."""
    checkout = Path(__file__).parents[3]
    assert not any(checkout.is_relative_to(folder) for folder in python_folders())


@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
def test_every_jump_of_the_filter_stays_within_it(machine: str) -> None:
    code = seccomp.program(machine, 42)
    steps = list(seccomp._INSTRUCTION.iter_unpack(code))
    assert len(steps) < 4096
    for place, (_, yes, no, _) in enumerate(steps):
        assert place + 1 + max(yes, no) < len(steps) or (yes, no) == (0, 0)
    assert seccomp._RETURN == steps[-1][0]


_BOT = """
import asyncio, sys
from bot.cli.run import run_in_loop
from bot.media.sandbox.kernel import drop_capabilities

drop_capabilities()  # root would be kept out of it by these alone

async def stay():
    print("here", flush=True)
    await asyncio.to_thread(sys.stdin.read)

run_in_loop(stay)
"""
_NEIGHBOUR = """
import sys
from bot.media.sandbox.kernel import drop_capabilities
drop_capabilities()
print(open(f"/proc/{sys.argv[1]}/environ").read())
"""


@pytest.mark.skipif(sys.platform != "linux", reason="a setting of Linux")
async def test_the_running_bot_shows_its_environment_to_no_process_of_the_same_user() -> None:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "REVERIE_TEST_SECRET": "hidden"}
    running = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", _BOT), env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert running.stdout is not None
    assert b"here\n" == await running.stdout.readline()
    neighbour = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", _NEIGHBOUR, str(running.pid)),
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    seen, error = await neighbour.communicate()
    await running.communicate(b"")
    assert (b"", True) == (seen, b"PermissionError" in error)
