"""Signed, expiring tokens for links to us, checked without reading the store."""

import base64
import hmac
import re
from hashlib import sha256

from bot.domain.errors import ReverieError
from bot.security.encryption import derive_key

_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
#: 128 bits
_MAC_BYTES = 16

#: payloads that stand in a token as they are; a leading underscore marks the encoded ones
_PLAIN = re.compile(r"[a-z0-9-][a-z0-9_-]*|")


class BadToken(ReverieError):
    """This link is invalid or has expired."""


class TokenSigner:
    """Makes and checks tokens of the form `payload.end.signature`.

    Tokens consist of `a-z 0-9 . _ -` alone, so that chat clients, mail programs and people who read them
    aloud leave them whole. The payload is readable by whoever holds the token. The first secret signs; tokens
    of all are good.
    """

    def __init__(self, *secrets: bytes) -> None:
        self._secrets = secrets

    def sign(self, purpose: str, payload: str, *, expires_at: int) -> str:
        """Sign a payload for one purpose until `expires_at`, in milliseconds UTC."""
        signed = f"{_encode(payload)}.{_to_base36(expires_at)}"
        return f"{signed}.{_mac(self._secrets[0], purpose, signed)}"

    def verify(self, purpose: str, token: str, *, now: int) -> str:
        """Return the payload; raises BadToken where the token is forged, for another purpose, or expired."""
        signed, _, mac = token.rpartition(".")
        # Compared as text: no two spellings of a token are both good.
        given = mac.encode(errors="replace")
        # No early way out: how long it takes says nothing about which secret signed.
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
