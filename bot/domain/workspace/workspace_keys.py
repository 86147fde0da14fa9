"""A workspace's own API key: how it is read, what is shown of it, and how it is kept out of texts."""

import re
from dataclasses import dataclass
from enum import StrEnum

from bot.domain.errors import InvalidRequest

#: name of the command that manages the key
COMMAND = "studio key"
#: what quotes and lists say about jobs that it pays
OWN_KEY = "billed to this workspace's own key"
#: what the operator is told where every account is that of a workspace
OWN_KEYS_ONLY = "no shared account: only workspaces with a key of their own (/studio key) can generate"
#: what a workspace without a key is told there
NO_ACCOUNT = (
    "This bot has no account of its own, so only servers and workspaces with their own API key can use it. "
    "An admin enters the key in the form of /studio key set. Nothing was charged."
)
TYPED = (
    "An API key is never typed into a message or a command, where it stays readable. Nothing was stored. "
    "Revoke this key at the generation service, make a new one, and enter it in the form of /studio key set."
)
_KEY_MIN, KEY_MAX = 8, 300
#: words of the form
KEY_TITLE, KEY_LABEL = "Enter the API key", "API key of your Luma account"
#: characters of a key that are shown at its end, and the shortest key of which any are shown
_SHOWN, _SHOWN_FROM = 4, 16
_TYPED = re.compile(r"(?is)(?P<command>\s*/?\s*studio\s+key)(?P<rest>\s.*|\Z)")
_REDACTED = "•••"


class KeyAction(StrEnum):
    SHOW = "show"
    SET = "set"
    REMOVE = "remove"


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnAccount:
    """The account of a workspace's own key."""

    id: str
    provider: str


def read_key(text: str) -> str:
    """Check the form of an entered key; raises InvalidRequest, without the key."""
    key = text.strip()
    is_whole = key.isascii() and key.isprintable() and not any(letter.isspace() for letter in key)
    if not is_whole or not _KEY_MIN <= len(key) <= KEY_MAX:
        raise InvalidRequest(
            "This is not an API key. Copy it again, alone and whole. Nothing was stored or changed."
        )
    return key


def masked(key: str) -> str:
    """What may be shown of a key, such as `luma-…3f9a`."""
    beginning, dash, _ = key.partition("-")
    shown = beginning + dash if dash and beginning.isalpha() and len(beginning) <= _SHOWN else ""
    return f"{shown}…{key[-_SHOWN:]}" if len(key) >= _SHOWN_FROM else f"{shown}…"


def without_key(text: str, key: str) -> str:
    """A foreign text in which a key may have been repeated."""
    return text.replace(key, masked(key))


def check_typed(text: str) -> None:
    """Refuse anything after `/studio key` but one of its words; raises InvalidRequest without the text."""
    if _typed_key(text):
        raise InvalidRequest(TYPED)


def without_typed_key(line: str) -> str:
    """A command line to be shown or stored, without a key that was typed after `/studio key`."""
    found = _TYPED.fullmatch(line)
    if found is None or not _typed_key(found["rest"]):
        return line
    return f"{found['command']} {_REDACTED}"


def _typed_key(rest: str) -> bool:
    # Words may be quoted, as everywhere on a command line.
    words = re.findall(r"[^\s=\"'“”„«»‘’]+", rest.lower())
    if words and words[0] in ("--action", "—action", "–action"):
        words = words[1:]
    return bool(words) and words not in [[action.value] for action in KeyAction]
