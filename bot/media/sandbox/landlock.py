"""Restricts file access to an allow list with Landlock (Linux 5.13 and later).

See https://docs.kernel.org/userspace-api/landlock.html. The available rights depend on the ABI version.
"""

import ctypes
import errno
import os
import struct
from collections.abc import Iterable
from pathlib import Path

from bot.media.sandbox import kernel

_GET_VERSION, _PATH_BENEATH = 1, 1

_WRITE_FILE, _READ_FILE, _READ_DIR = 1 << 1, 1 << 2, 1 << 3
_REMOVE_FILE, _MAKE_REG, _TRUNCATE = 1 << 5, 1 << 8, 1 << 14
#: rights by ABI version: the first has thirteen, later ones add refer, truncate and ioctl
_RIGHTS = {1: (1 << 13) - 1, 2: (1 << 14) - 1, 3: (1 << 15) - 1, 5: (1 << 16) - 1}
#: TCP bind and connect since version 4; abstract sockets and signals since version 6
_NETWORK, _SCOPES = 0b11, 0b11
#: first version whose rulesets include the rights above
_WITH_NETWORK, _WITH_SCOPES = 4, 6

_READ = _READ_FILE | _READ_DIR
_WRITE = _READ | _WRITE_FILE | _TRUNCATE | _REMOVE_FILE | _MAKE_REG
#: the rights that apply to a file that is no folder
_OF_FILES = _WRITE_FILE | _READ_FILE | _TRUNCATE

#: struct landlock_path_beneath_attr, which is packed
_RULE = struct.Struct("=Qi")


def version() -> int:
    """The ABI version; 0 if the kernel has no Landlock or forbids it."""
    try:
        return kernel.syscall(kernel.LANDLOCK_CREATE_RULESET, 0, 0, _GET_VERSION)
    except OSError:
        return 0


def restrict_files(*, reads: Iterable[Path], writes: Iterable[Path]) -> None:
    """Restrict this process to these files and folders, including the folders' contents."""
    abi = version()
    if not abi:
        raise OSError(errno.EOPNOTSUPP, "this kernel has no Landlock")
    handled = _RIGHTS[max(known for known in _RIGHTS if known <= abi)]
    words = [handled]
    if abi >= _WITH_NETWORK:
        words.append(_NETWORK)
    if abi >= _WITH_SCOPES:
        words.append(_SCOPES)
    attributes = struct.pack(f"={len(words)}Q", *words)
    ruleset = kernel.syscall(kernel.LANDLOCK_CREATE_RULESET, attributes, len(attributes), 0)
    try:
        for path in reads:
            _allow(ruleset, path, _READ & handled)
        for path in writes:
            _allow(ruleset, path, _WRITE & handled)
        kernel.syscall(kernel.LANDLOCK_RESTRICT_SELF, ruleset, 0)
    finally:
        os.close(ruleset)


def _allow(ruleset: int, path: Path, rights: int) -> None:
    try:
        handle = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return  # a missing path needs no rule
    try:
        if not path.is_dir():
            rights &= _OF_FILES
        rule = ctypes.create_string_buffer(_RULE.pack(rights, handle), _RULE.size)
        kernel.syscall(kernel.LANDLOCK_ADD_RULE, ruleset, _PATH_BENEATH, rule, 0)
    finally:
        os.close(handle)
