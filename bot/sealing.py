"""The secret of this installation, and encryption at rest with it."""

import base64
import binascii
import os
import secrets
import tempfile
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from bot.domain.errors import ReverieError

_NONCE_BYTES = 12
_SECRET_BYTES = 32

#: names the form of what follows, so that another one can stand beside it one day
_FORM = "v1."


class BadSeal(ReverieError):
    """This was encrypted with another REVERIE_SECRET_KEY, or has been changed since."""


class UnusableSecret(ReverieError):
    """The secret of this installation cannot be used."""


class Seal:
    """Encrypts texts for the store; nobody without the secret reads or changes them."""

    def __init__(self, secret: bytes) -> None:
        self._cipher = AESGCM(derive_key(secret, "seal"))

    def seal(self, text: str) -> str:
        """Encrypt a text; the same text twice gives two different answers."""
        nonce = os.urandom(_NONCE_BYTES)
        sealed = self._cipher.encrypt(nonce, text.encode(), _FORM.encode())
        return _FORM + base64.urlsafe_b64encode(nonce + sealed).decode()

    def open(self, sealed: str) -> str:
        """Decrypt what `seal` made; raises BadSeal where the secret does not fit."""
        try:
            form, body = sealed[: len(_FORM)], sealed[len(_FORM) :]
            raw = base64.urlsafe_b64decode(body)
            if base64.urlsafe_b64encode(raw).decode() != body:
                # The decoder passes over foreign letters and takes two alphabets: one text has one seal.
                raise BadSeal
            return self._cipher.decrypt(raw[:_NONCE_BYTES], raw[_NONCE_BYTES:], form.encode()).decode()
        except (InvalidTag, binascii.Error, ValueError) as error:
            raise BadSeal from error


def derive_key(secret: bytes, use: str) -> bytes:
    """Derive a key of 256 bits for one use, so that no two uses share a key."""
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=f"reverie {use}".encode()).derive(secret)


def load_or_create_secret(path: Path) -> bytes:
    """Read the secret of this installation; the first call makes it.

    The text in the file is the secret, so that it can be moved to REVERIE_SECRET_KEY as it stands.
    Raises UnusableSecret where the file cannot be read or made, or holds too little.
    """
    try:
        if not path.exists():
            _create(path)
        secret = path.read_bytes().strip()
    except OSError as error:
        raise UnusableSecret(f"The secret in {path} cannot be read or made: {error.strerror}.") from error
    if len(secret) < _SECRET_BYTES:
        raise UnusableSecret(f"The secret in {path} is too short: restore it, or set REVERIE_SECRET_KEY.")
    return secret


def _create(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    draft = Path(name)
    try:
        with os.fdopen(handle, "w") as file:
            file.write(secrets.token_hex(_SECRET_BYTES) + "\n")
            file.flush()
            os.fsync(handle)
        # A hard link appears whole or not at all and never replaces: of two processes the first one wins.
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
