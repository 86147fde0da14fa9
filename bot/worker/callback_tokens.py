"""An attempt's marker: the callback URL that its create carries and the provider echoes."""

from urllib.parse import urlsplit

from bot.security.tokens import BadToken
from bot.services import Services
from bot.store.claim import Claim

_PATH = "/callbacks/"


def callback_url(services: Services, claim: Claim, *, expires_at: int) -> str | None:
    """The URL that names an attempt; None where no provider can reach us."""
    if services.provider_facing_url is None:
        return None
    token = services.signer.sign("callback", f"{claim.job}-{claim.attempt}", expires_at=expires_at)
    return f"{services.provider_facing_url}{_PATH}{token}"


def read_marker(services: Services, url: str | None) -> Claim | None:
    """The attempt that an echoed URL names, however old it is; None where the URL is not one of ours."""
    path = urlsplit(url).path if url else ""
    if _PATH not in path:
        return None
    return read_token(services, path.rpartition(_PATH)[2], now=0)


def read_token(services: Services, token: str, *, now: int) -> Claim | None:
    """The attempt that a callback token names; None where it is not ours, or over at `now`."""
    try:
        job, _, number = services.signer.verify("callback", token, now=now).rpartition("-")
    except BadToken:
        return None
    return Claim(job=job, attempt=int(number))
