"""Serialises a child's answer as JSON; reading.py validates it.

`{"result": …}` holds the return value, `{"failure": kind, "text": …}` the reason for a failure.
"""

import dataclasses
import json
from enum import StrEnum

#: most characters of a text for a person or the log
TEXT_MAX = 2_000


class Failure(StrEnum):
    REFUSED = "refused"  # a verdict on the file
    UNAVAILABLE = "unavailable"  # the file is gone
    DISK = "disk"  # full or failing
    MEMORY = "memory"  # out of memory
    FAILED = "failed"  # anything else


def success(result: object) -> bytes:
    return json.dumps({"result": result}, default=_plain, allow_nan=False).encode()


def failure(kind: Failure, text: str) -> bytes:
    return json.dumps({"failure": kind, "text": text[-TEXT_MAX:]}).encode()


def _plain(value: object) -> object:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return dataclasses.asdict(value)
    raise TypeError(f"a call must return plain data, not {type(value).__name__}")
