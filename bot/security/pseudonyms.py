"""Ids that stand for API keys and members: keyed hashes, which reveal nothing about what they stand for."""

import base64
import hashlib
import hmac

from pydantic import SecretStr


def account_id(api_key: SecretStr, secret: bytes) -> str:
    """The id of the account that an API key opens."""
    return _keyed_hash(b"account:", api_key.get_secret_value(), secret)


def member_id(member: str, secret: bytes) -> str:
    """The id that stands for a member at a provider."""
    return _keyed_hash(b"member:", member, secret)


def _keyed_hash(purpose: bytes, value: str, secret: bytes) -> str:
    digest = hmac.digest(secret, purpose + value.encode(), hashlib.sha256)
    return base64.b32encode(digest[:10]).decode().lower()
