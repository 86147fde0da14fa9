"""What a child may say: JSON of a fixed shape. This is the writing side; reading.py checks it.

`{"result": …}` holds what the function returned, `{"failure": kind, "text": …}` why it did not.
"""

import dataclasses
import json
from enum import StrEnum

#: characters of a text that a person or the log is shown
TEXT_MAX = 2_000


class Failure(StrEnum):
    REFUSED = "refused"  # a verdict on the file
    UNAVAILABLE = "unavailable"  # the file is gone
    DISK = "disk"  # it is full, or fails
    MEMORY = "memory"  # the limit is reached
    FAILED = "failed"  # anything else


def success(result: object) -> bytes:
    return json.dumps({"result": result}, default=_plain, allow_nan=False).encode()


def failure(kind: Failure, text: str) -> bytes:
    return json.dumps({"failure": kind, "text": text[-TEXT_MAX:]}).encode()


def _plain(value: object) -> object:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return dataclasses.asdict(value)
    raise TypeError(f"a call returns plain data, and {type(value).__name__} is none")
