"""Linked persons: the codes with which somebody shows that two persons are the same, and who is linked."""

from dataclasses import dataclass
from hashlib import sha256

from bot.domain.text import storable

#: Crockford's base32 in upper case: no letters that look like digits
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
#: letters that people write for digits
_ALIKE = str.maketrans("OIL", "011")
#: 60 bits: nobody finds one, or what its digest stands for, while it is valid
_LENGTH, _PART = 12, 4
#: random bytes that `new_code` takes
CODE_ENTROPY = 8

#: codes that one person may enter in the window
TRIES_MAX = 5
#: persons who may be linked together
LINKED_MAX = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkedPerson:
    """A person, and how their platform showed them when they were linked."""

    person: str
    name: str

    @property
    def shown(self) -> str:
        """For people: the platform and the name."""
        return f"{self.person.partition(':')[0].capitalize()} · {self.name}"


def new_code(entropy: bytes) -> str:
    """Make a code of 12 characters in groups of four."""
    number = int.from_bytes(entropy[:CODE_ENTROPY], "big")
    text = "".join(_ALPHABET[(number >> (5 * at)) & 31] for at in range(_LENGTH))
    return "-".join(text[at : at + _PART] for at in range(0, _LENGTH, _PART))


def code_digest(text: str) -> str | None:
    """What is stored of a code, however it is typed; None for a text that cannot be one."""
    typed = "".join(one for one in storable(text).upper() if one.isalnum()).translate(_ALIKE)
    if len(typed) != _LENGTH or not set(typed) <= set(_ALPHABET):
        return None
    return sha256(typed.encode()).hexdigest()
