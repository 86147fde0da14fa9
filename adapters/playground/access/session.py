"""The login of a playground that more than its own machine can reach."""

import hmac
import secrets
from collections.abc import Iterator
from hashlib import sha256

import orjson
from starlette.requests import Request
from starlette.responses import Response

from adapters.playground.access.login_delays import LoginDelays
from adapters.playground.ports import AdapterData, Clock
from bot.domain.errors import ReverieError, StoreError
from bot.security.tokens import TokenSigner
from bot.settings import trimmed

#: the prefix binds a cookie to this host over TLS; browsers refuse it over plain HTTP
_COOKIE, _COOKIE_OVER_TLS = "reverie_session", "__Host-reverie_session"
_PREFIX = "session/"
_LASTS_MS = 30 * 86_400_000
_TOKEN_BYTES = 32
#: sessions that are kept; the oldest ends when there are more
_MOST = 200
#: characters of a password that was made, of 5 bits each
_MADE_LENGTH = 16


class Sessions:
    """Knows who has given the password; None as password means that nobody needs one.

    A session is a record in the vault under the hash of its token, so that it ends for every process when
    somebody signs out, and outlives a restart.
    """

    def __init__(
        self,
        *,
        password: str | None,
        adapter_data: AdapterData,
        clock: Clock,
        delays: LoginDelays | None = None,
    ) -> None:
        self._password = password
        self._adapter_data = adapter_data
        self._clock = clock
        self._delays = delays or LoginDelays()

    @property
    def needed(self) -> bool:
        return self._password is not None

    async def knows(self, request: Request) -> bool:
        """Whether a request belongs to a session that has not ended. Raises StoreError."""
        if self._password is None:
            return True
        for key in _keys(request):
            if await self._is_open(key):
                return True
        return False

    async def try_password(self, given: str, *, address: str) -> bool:
        """Whether this is the password; after wrong ones from the address it takes a while."""
        # Read like the setting: nobody can type the line break of a file.
        given = trimmed(given) or ""
        password = self._password

        def right() -> bool:
            return password is not None and hmac.compare_digest(_digest(given), _digest(password))

        return await self._delays.is_right(address, right)

    async def open(self, response: Response, *, secure: bool) -> None:
        """Begin a session, and end the oldest ones where there are too many."""
        token = secrets.token_urlsafe(_TOKEN_BYTES)
        record = {"until": self._clock() + _LASTS_MS, "password": self._mark()}
        await self._adapter_data.put(_key(token), orjson.dumps(record).decode())
        await self._tidy()
        response.set_cookie(
            _COOKIE_OVER_TLS if secure else _COOKIE,
            token,
            max_age=_LASTS_MS // 1000,
            httponly=True,
            samesite="strict",
            secure=secure,
        )

    async def close(self, request: Request, response: Response) -> None:
        """End the session of a request, here and in every other process and browser that has its token."""
        for key in _keys(request):
            await self._adapter_data.remove(key)
        response.delete_cookie(_COOKIE, httponly=True, samesite="strict")
        response.delete_cookie(_COOKIE_OVER_TLS, httponly=True, samesite="strict", secure=True)

    async def _is_open(self, key: str) -> bool:
        try:
            value = await self._adapter_data.get(key)
        except StoreError:
            raise
        except ReverieError:
            # Encrypted with a key that is no longer in the settings.
            return False
        if value is None:
            return False
        record = orjson.loads(value)
        return bool(record["until"] > self._clock() and record["password"] == self._mark())

    async def _tidy(self) -> None:
        """Remove sessions that are over, and the oldest of too many: those that began first end first."""
        kept = await self._adapter_data.since(_PREFIX, 0, limit=_MOST * 2)
        for at, entry in enumerate(kept):
            is_over = orjson.loads(entry.value)["until"] <= self._clock()
            if is_over or len(kept) - at > _MOST:
                await self._adapter_data.remove(entry.key)

    def _mark(self) -> str:
        # A session knows its password, so that a new one ends all sessions of the old.
        return _digest(f"session {self._password}").hex()[:16]


def made_password(signer: TokenSigner) -> str:
    """A password for who has set none: it follows from the secret, so a restart does not change it."""
    mac = signer.sign("playground password", "", expires_at=0).rpartition(".")[2]
    return "-".join(mac[at : at + 4] for at in range(0, _MADE_LENGTH, 4))


def _keys(request: Request) -> Iterator[str]:
    """Where the sessions that a request names lie in the vault."""
    for cookie in (_COOKIE_OVER_TLS, _COOKIE):
        if token := request.cookies.get(cookie):
            yield _key(token)


def _key(token: str) -> str:
    return f"{_PREFIX}{_digest(token).hex()}"


def _digest(text: str) -> bytes:
    return sha256(text.encode(errors="replace")).digest()
