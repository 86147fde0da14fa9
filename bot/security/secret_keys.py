"""The secrets of this installation: the first encrypts, and earlier ones still decrypt.

Several are separated by commas or line breaks, the current one first, so that a secret can be replaced
without losing what it encrypted.
"""

import os
import re
import secrets
import tempfile
from pathlib import Path

from bot.domain.errors import ReverieError
from bot.security.encryption import derive_key

#: shortest secret that may encrypt
SECRET_MIN = 32
_SECRET_BYTES = 32
_SEPARATOR = re.compile(rb"[,\r\n]")


class UnusableSecret(ReverieError):
    """The secret of this installation cannot be used."""

    def __init__(self, what: str, remedy: str) -> None:
        super().__init__(f"{what}: {remedy}")
        self.what, self.remedy = what, remedy


def read_secrets(text: bytes, name: str) -> tuple[bytes, ...]:
    """Parse one or several secrets, the encrypting one first; raises UnusableSecret if it is too short.

    A secret from a version that supported only one may be short and contain a separator. So if the first part
    is too short, the whole text is the encrypting secret. Every text that may have been a secret decrypts:
    each part, and everything after a separator.
    """
    if len(text) < SECRET_MIN:
        raise UnusableSecret(
            f"{name} holds fewer than {SECRET_MIN} characters",
            "put a new secret before it, as in new,old (openssl rand -hex 32 makes one), "
            "or restore the whole secret",
        )
    if not _SEPARATOR.search(text.strip()):
        return (text,)
    parts = _SEPARATOR.split(text)
    rest = [text[gap.end() :] for gap in _SEPARATOR.finditer(text)]
    first = parts[0] if len(parts[0]) >= SECRET_MIN else text
    openers = [one for part in (*parts, *rest, text) for one in (part, part.strip())]
    return tuple(dict.fromkeys(one for one in (first, *openers) if one))


def short_parts(text: bytes) -> int:
    """How many of several secrets are shorter than an encrypting one must be."""
    parts = _SEPARATOR.split(text.strip())
    return sum(len(part) < SECRET_MIN for part in parts) if len(parts) > 1 else 0


def fingerprint(secret: bytes) -> str:
    """A fingerprint, by which two processes can compare their secrets without revealing them."""
    return derive_key(secret, "fingerprint")[:8].hex()


def load_or_create_secrets(path: Path) -> tuple[bytes, ...]:
    """Read the secrets of this installation, as `read_secrets`; the first call creates one.

    The text in the file can be moved to REVERIE_SECRET_KEY unchanged. Raises UnusableSecret if the file
    cannot be read or created, or is too short.
    """
    try:
        if not path.exists():
            _create(path)
        text = path.read_bytes().strip()
    except OSError as error:
        raise UnusableSecret(
            f"The secret in {path} cannot be read or made ({error.strerror})",
            "give this user access, or set REVERIE_SECRET_KEY",
        ) from error
    return read_secrets(text, f"The secret in {path}")


def _create(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    draft = Path(name)
    try:
        with os.fdopen(handle, "w") as file:
            file.write(secrets.token_hex(_SECRET_BYTES) + "\n")
            file.flush()
            os.fsync(handle)
        # A hard link is atomic and never replaces a file: of two processes the first one wins.
        path.hardlink_to(draft)
    except FileExistsError:
        pass
    finally:
        draft.unlink(missing_ok=True)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
