"""The child process: runs one call and answers in JSON. Its output is not trusted.

`{"result": …}` holds the return value, `{"failure": kind, "text": …}` the reason for a failure. What reads
and validates this, answers.py, is not imported here: the library that it needs would be most of the time that
a fork server takes to start.
"""

import dataclasses
import inspect
import json
import os
import pickle
import signal
import sys
import traceback
from collections.abc import Callable, Iterator
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple, NoReturn

from bot.domain.errors import MediaRefused, MediaUnavailable, ProcessingFailed
from bot.media.disk import disk_errors
from bot.media.sandbox import kernel
from bot.media.sandbox.confinement import Files, Limits, confine

#: the parameter with the path that a function writes; all other paths are read
_TARGET = "target"
#: most characters of a text for a person or the log
TEXT_MAX = 2_000


class Failure(StrEnum):
    REFUSED = "refused"  # a verdict on the file
    UNAVAILABLE = "unavailable"  # the file is gone
    DISK = "disk"  # full or failing
    MEMORY = "memory"  # out of memory
    FAILED = "failed"  # anything else


class ServerContext(NamedTuple):
    """What all children of a server share."""

    #: folders of Python and our packages
    folders: list[str]
    #: kernel features that this system lacks
    missing: list[str]


def serve(call: bytes, limits: Limits, context: ServerContext, answers: int) -> NoReturn:
    """Run a call, pickled by the bot, and end this process."""
    try:
        if sys.platform == "linux":
            kernel.end_with_parent(signal.SIGKILL)
        _close_descriptors(answers)
        answer = _answer(call, limits, context)
        while answer:
            answer = answer[os.write(answers, answer) :]
    finally:
        os._exit(0)


def _close_descriptors(answers: int) -> None:
    """Close all file descriptors except the pipe for the answer."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(nowhere, standard)
    os.closerange(3, answers)
    os.closerange(answers + 1, os.sysconf("SC_OPEN_MAX"))


def _answer(call: bytes, limits: Limits, context: ServerContext) -> bytes:
    try:
        function, args = pickle.loads(call)  # noqa: S301 - the bot wrote it, and no file was opened yet
        with disk_errors():
            files = _files(function, args)
        folders = [*context.folders, *_package(function)]
        confine(limits, files, folders, without=context.missing)
        with disk_errors():
            return _success(function(*args))
    except MediaRefused as error:
        return _failure(Failure.REFUSED, str(error))
    except ProcessingFailed as error:
        return _failure(Failure.DISK, str(error))
    except MediaUnavailable as error:
        return _failure(Failure.UNAVAILABLE, str(error))
    except MemoryError:
        return _failure(Failure.MEMORY, "")
    except Exception as error:  # noqa: BLE001 - every other error goes to the bot's log
        return _failure(Failure.FAILED, "".join(traceback.format_exception(error)))


def _success(result: object) -> bytes:
    return json.dumps({"result": result}, default=_plain, allow_nan=False).encode()


def _failure(kind: Failure, text: str) -> bytes:
    return json.dumps({"failure": kind, "text": text[-TEXT_MAX:]}).encode()


def _plain(value: object) -> object:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return dataclasses.asdict(value)
    raise TypeError(f"a call must return plain data, not {type(value).__name__}")


def _files(function: Callable[..., object], args: tuple[object, ...]) -> Files:
    """The files a call may access: of the paths in its arguments `target` is writable, all others readable.

    A target that does not exist yet may be created in its folder, which is created here.
    """
    named = inspect.signature(function).bind(*args).arguments
    writes = []
    if isinstance(target := named.pop(_TARGET, None), Path):
        if not target.is_file():
            target.parent.mkdir(parents=True, exist_ok=True)
        writes.append(target if target.is_file() else target.parent)
    return Files(reads=tuple(_paths(tuple(named.values()))), writes=tuple(writes))


def _paths(value: object) -> Iterator[Path]:
    if isinstance(value, Path):
        yield value
    elif isinstance(value, tuple | list):
        for one in value:
            yield from _paths(one)
    elif dataclasses.is_dataclass(value):
        for field in dataclasses.fields(value):
            yield from _paths(getattr(value, field.name))


def _package(function: Callable[..., object]) -> list[str]:
    """The folder of the function's top-level package, from which it may import."""
    top = sys.modules[function.__module__.partition(".")[0]]
    return list(getattr(top, "__path__", ()))
