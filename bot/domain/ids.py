"""Ids of jobs and cards: short enough for every platform's fields, sortable by time, safe in any text."""

import re

#: Crockford's base32 in lower case: no letters that look like digits
_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_LENGTH = 24
_VALUES = str.maketrans(_ALPHABET, "0123456789abcdefghijklmnopqrstuv")
_PATTERN = re.compile(rf"[{_ALPHABET}]{{{_LENGTH}}}")

#: bytes of randomness that `new_id` takes
ENTROPY_BYTES = 9


def new_id(now_ms: int, entropy: bytes) -> str:
    """Make an id of 24 characters from 48 bits of time and 72 random bits.

    24 characters fit Discord's nonce (25) and, unlike base64, never begin with a dash that a flag
    parser would take for its own.
    """
    number = (now_ms << 72) | int.from_bytes(entropy[:ENTROPY_BYTES], "big")
    return "".join(_ALPHABET[(number >> shift) & 31] for shift in range(5 * (_LENGTH - 1), -1, -5))


def id_created_at(known: str) -> int:
    """When an id was made, in milliseconds UTC; an id begins with its time."""
    return int(known.translate(_VALUES), 32) >> 72


#: characters at an id's end that distinguish jobs for people; an id begins with its time
SHORT = 6
_SHORT = re.compile(rf"[{_ALPHABET}]{{{SHORT}}}")


def short_id(known: str) -> str:
    """The short id, as cards show it and commands accept it."""
    return known[-SHORT:]


def parse_job_name(text: str) -> str | None:
    """Read a whole id or a short one as people type it; None for other text."""
    candidate = text.strip().removeprefix("#").lower()
    return candidate if _PATTERN.fullmatch(candidate) or _SHORT.fullmatch(candidate) else None


def parse_job_id(text: str) -> str | None:
    """Read a whole id in any case, with or without a leading `#`; None for other text."""
    candidate = text.strip().removeprefix("#").lower()
    return candidate if _PATTERN.fullmatch(candidate) else None
