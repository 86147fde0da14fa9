"""Keyed hashes: signed, expiring tokens for links to us, and ids that stand for API keys and members.

Both are checked or found without reading the store, and reveal nothing about the secret.
"""

import base64
import hmac
import re
from hashlib import sha256

from pydantic import SecretStr

from bot.domain.errors import ReverieError
from bot.security.encryption import derive_key

_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
#: 128 bits
_MAC_BYTES = 16

#: payloads that are not encoded; a leading underscore marks encoded ones
_PLAIN = re.compile(r"[a-z0-9-][a-z0-9_-]*|")


class BadToken(ReverieError):
    """This link is invalid or has expired."""


class TokenSigner:
    """Signs and verifies tokens of the form `payload.expiry.signature`.

    Tokens consist only of `a-z 0-9 . _ -`, so that chat clients and mail programs do not break them in links.
    The payload is readable by everybody who has the token. The first secret signs, all of them verify.
    """

    def __init__(self, *secrets: bytes) -> None:
        self._secrets = secrets

    def sign(self, purpose: str, payload: str, *, expires_at: int) -> str:
        """Sign a payload for one purpose until `expires_at`, in milliseconds UTC."""
        signed = f"{_encode(payload)}.{_to_base36(expires_at)}"
        return f"{signed}.{_mac(self._secrets[0], purpose, signed)}"

    def verify(self, purpose: str, token: str, *, now: int) -> str:
        """Return the payload; raises BadToken if the token is forged, expired, or for another purpose."""
        signed, _, mac = token.rpartition(".")
        # Compared as text, so that each token has one valid spelling.
        given = mac.encode(errors="replace")
        # No early exit: the time taken must not reveal which secret signed.
        if not sum(
            hmac.compare_digest(_mac(secret, purpose, signed).encode(), given) for secret in self._secrets
        ):
            raise BadToken
        payload, _, end = signed.rpartition(".")
        if int(end, 36) <= now:
            raise BadToken("This link has expired.")
        return _decode(payload)


def _mac(secret: bytes, purpose: str, signed: str) -> str:
    key = derive_key(secret, f"token {purpose}")
    return _to_base32(hmac.digest(key, signed.encode(errors="replace"), sha256)[:_MAC_BYTES])


def _encode(payload: str) -> str:
    return payload if _PLAIN.fullmatch(payload) else "_" + _to_base32(payload.encode())


def _decode(text: str) -> str:
    if not text.startswith("_"):
        return text
    padding = "=" * (-(len(text) - 1) % 8)
    return base64.b32decode(text[1:].upper() + padding).decode()


def _to_base32(raw: bytes) -> str:
    return base64.b32encode(raw).decode().rstrip("=").lower()


def _to_base36(number: int) -> str:
    if number < 0:
        raise ValueError("a time before 1970")
    digits = ""
    while number or not digits:
        number, digit = divmod(number, 36)
        digits = _DIGITS[digit] + digits
    return digits


def account_id(api_key: SecretStr, secret: bytes) -> str:
    """The id of the account that an API key opens."""
    return _keyed_hash(b"account:", api_key.get_secret_value(), secret)


def member_id(member: str, secret: bytes) -> str:
    """The id that stands for a member at a provider."""
    return _keyed_hash(b"member:", member, secret)


def _keyed_hash(purpose: bytes, value: str, secret: bytes) -> str:
    digest = hmac.digest(secret, purpose + value.encode(), sha256)
    return base64.b32encode(digest[:10]).decode().lower()
