"""What tests run in a confined process."""

import os
import time
from pathlib import Path

from bot.domain.errors import MediaRefused


def add(left: int, right: int) -> int:
    return left + right


def pid() -> int:
    return os.getpid()


def server_pid() -> int:
    return os.getppid()


def echo(value: str) -> str:
    return value


def fail(text: str) -> None:
    raise MediaRefused(text)


def hang() -> None:
    while True:
        time.sleep(1)


def spin() -> None:
    while True:
        pass


def hang_after(target: Path) -> None:
    """Leave the ids of the child and of its server, and hang."""
    beside = target.with_suffix(".part")
    beside.write_text(f"{os.getpid()} {os.getppid()}")
    beside.replace(target)
    hang()


def write_and_wait(target: Path, go: Path) -> None:
    """Leave a sign, and go on once there is another."""
    target.write_text("here")
    while not go.exists():
        time.sleep(0.005)
