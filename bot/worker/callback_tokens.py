"""Callback URLs with an attempt's token, which a create carries and the provider echoes in its list."""

from urllib.parse import urlsplit

from bot.security.tokens import BadToken, TokenSigner
from bot.store.queue.claim import Claim

_PATH = "/callbacks/"
_PURPOSE = "callback"


def callback_url(signer: TokenSigner, base: str | None, claim: Claim, *, expires_at: int) -> str | None:
    """The callback URL of an attempt; None without a `base` under which the provider reaches us."""
    if base is None:
        return None
    token = signer.sign(_PURPOSE, f"{claim.job}-{claim.attempt}", expires_at=expires_at)
    return f"{base}{_PATH}{token}"


def read_callback_url(signer: TokenSigner, url: str | None) -> Claim | None:
    """The attempt that an echoed URL names, however old it is; None if the URL is not ours."""
    path = urlsplit(url).path if url else ""
    if _PATH not in path:
        return None
    return read_attempt_token(signer, path.rpartition(_PATH)[2], now=0)


def read_attempt_token(signer: TokenSigner, token: str, *, now: int) -> Claim | None:
    """The attempt that a token names; None if the token is invalid, or expired at `now`."""
    try:
        job, _, number = signer.verify(_PURPOSE, token, now=now).rpartition("-")
    except BadToken:
        return None
    return Claim(job=job, attempt=int(number))
