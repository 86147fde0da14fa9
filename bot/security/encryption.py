"""Encryption at rest with the secrets of this installation.

Two formats are read: `v2.` values decrypt only in the context that they were written for; `v1.` values, from
earlier versions, have no context. Only `v2.` is written.
"""

import base64
import binascii
import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from bot.domain.errors import ReverieError

_NONCE_BYTES = 12

#: the format without a context, and the current one
_V1, _V2 = "v1.", "v2."


class DecryptionFailed(ReverieError):
    """This was encrypted with another REVERIE_SECRET_KEY, or has been changed since."""


class FieldCipher:
    """Encrypts texts for the store; without the secret they cannot be read, changed or moved.

    The first secret encrypts, all of them decrypt.
    """

    def __init__(self, *secrets: bytes) -> None:
        self._ciphers = [AESGCM(derive_key(secret, "seal")) for secret in secrets]

    def encrypt(self, text: str, *, context: str) -> str:
        """Encrypt a text for one context; the result differs each time."""
        nonce = os.urandom(_NONCE_BYTES)
        sealed = self._ciphers[0].encrypt(nonce, text.encode(), _bound(_V2, context))
        return _V2 + base64.urlsafe_b64encode(nonce + sealed).decode()

    def decrypt(self, sealed: str, *, context: str) -> str:
        """Decrypt a text for this context; raises DecryptionFailed if no secret fits."""
        return self._decrypt(sealed, context)[0]

    def is_current(self, sealed: str, *, context: str) -> bool:
        """Whether it has the current format and secret; raises DecryptionFailed as `decrypt` does."""
        _, place = self._decrypt(sealed, context)
        return place == 0 and sealed.startswith(_V2)

    def _decrypt(self, sealed: str, context: str) -> tuple[str, int]:
        """The text, and the index of the secret that decrypts it."""
        try:
            form, body = sealed[: len(_V2)], sealed[len(_V2) :]
            raw = base64.urlsafe_b64decode(body)
            if base64.urlsafe_b64encode(raw).decode() != body:
                # The decoder ignores foreign letters and accepts two alphabets: allow one encoding only.
                raise DecryptionFailed
            bound = _bound(form, context)
            for place, cipher in enumerate(self._ciphers):
                try:
                    return cipher.decrypt(raw[:_NONCE_BYTES], raw[_NONCE_BYTES:], bound).decode(), place
                except InvalidTag:
                    continue
        except (binascii.Error, ValueError) as error:
            raise DecryptionFailed from error
        raise DecryptionFailed


def _bound(form: str, context: str) -> bytes:
    """The associated data, which bind a text to its format and context."""
    return form.encode() if form == _V1 else f"{form}{context}".encode()


def entry_context(adapter: str, key: str) -> str:
    """The context of an adapter's entry."""
    return f"{adapter}\0{key}"


def card_context(card: str) -> str:
    """The context of a card's reply token."""
    return f"card {card}"


def workspace_key_context(workspace: str, account: str) -> str:
    """The context of a workspace's API key; the account's name is a hash of that key."""
    return f"workspace key\0{workspace}\0{account}"


def derive_key(secret: bytes, use: str) -> bytes:
    """Derive a key of 256 bits for one use, so that no two uses share a key."""
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=f"reverie {use}".encode()).derive(secret)
