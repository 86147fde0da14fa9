"""The login of a playground that more than its own machine can reach."""

import asyncio
import hmac
from collections import deque
from hashlib import sha256

from starlette.requests import Request
from starlette.responses import Response

from adapters.playground.ports import Clock
from bot.domain.errors import Refused
from bot.settings import trimmed
from bot.signing import BadToken, Signer

_COOKIE = "reverie_session"
_LASTS_MS = 30 * 86_400_000
_WINDOW_MS = 60_000
_TRIES = 10
#: letters of a password that was made, of 5 bits each
_MADE_LENGTH = 16


class TooManyTries(Refused):
    """Too many wrong passwords; wait a minute and try again."""


class Sessions:
    """Knows who has given the password; None as password means that nobody needs one."""

    def __init__(self, *, password: str | None, signer: Signer, clock: Clock, delay_s: float = 0.4) -> None:
        self._password = password
        self._signer = signer
        self._clock = clock
        self._delay_s = delay_s
        #: of everybody together: behind a proxy all addresses are one, and one attacker has many
        self._wrong: deque[int] = deque(maxlen=_TRIES)

    @property
    def needed(self) -> bool:
        return self._password is not None

    def knows(self, request: Request) -> bool:
        if self._password is None:
            return True
        try:
            self._signer.verify(self._purpose(), request.cookies.get(_COOKIE, ""), now=self._clock())
        except BadToken:
            return False
        return True

    async def try_password(self, given: str) -> bool:
        """Whether this is the password. Raises TooManyTries, even for the right one, after ten wrong ones."""
        now = self._clock()
        # What was tried in the future was tried before the clock was set back.
        while self._wrong and not 0 <= now - self._wrong[0] < _WINDOW_MS:
            self._wrong.popleft()
        if len(self._wrong) >= _TRIES:
            raise TooManyTries
        # Read like the setting: nobody can type the line break of a file.
        given = trimmed(given) or ""
        if self._password is not None and hmac.compare_digest(_digest(given), _digest(self._password)):
            return True
        self._wrong.append(self._clock())
        await asyncio.sleep(self._delay_s)
        return False

    def open(self, response: Response, *, secure: bool) -> None:
        token = self._signer.sign(self._purpose(), "open", expires_at=self._clock() + _LASTS_MS)
        response.set_cookie(
            _COOKIE, token, max_age=_LASTS_MS // 1000, httponly=True, samesite="strict", secure=secure
        )

    def close(self, response: Response) -> None:
        response.delete_cookie(_COOKIE, httponly=True, samesite="strict")

    def _purpose(self) -> str:
        # The password is part of the key, so that a new one ends all sessions of the old.
        return f"playground session {_digest(self._password or '').hex()}"


def made_password(signer: Signer) -> str:
    """A password for who has set none: it follows from the secret, so a restart does not change it."""
    mac = signer.sign("playground password", "", expires_at=0).rpartition(".")[2]
    return "-".join(mac[at : at + 4] for at in range(0, _MADE_LENGTH, 4))


def _digest(text: str) -> bytes:
    return sha256(text.encode()).digest()
