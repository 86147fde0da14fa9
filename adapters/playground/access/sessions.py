"""Sign-in with a password, for a playground that other machines can reach."""

import hmac
import secrets
from collections.abc import Callable, Iterator
from hashlib import sha256

import orjson
from starlette.requests import Request
from starlette.responses import Response

from adapters.playground.access.login_delays import LoginDelays
from bot.domain.errors import ReverieError, StoreError
from bot.security.tokens import TokenSigner
from bot.service.adapter_data import AdapterData
from bot.settings import trimmed

#: the prefix binds a cookie to this host over TLS; browsers refuse it over plain HTTP
_COOKIE, _COOKIE_OVER_TLS = "reverie_session", "__Host-reverie_session"
_PREFIX = "session/"
_LASTS_MS = 30 * 86_400_000
_TOKEN_BYTES = 32
#: open sessions; with more, the oldest ends
_MOST = 200
#: characters of a generated password
_GENERATED_LENGTH = 16


class Sessions:
    """Opens, checks and ends sessions. Without a password (None) everybody counts as signed in.

    A session is an entry of the adapter data under the hash of its token, so signing out ends it in every
    process, and it survives a restart.
    """

    def __init__(
        self,
        *,
        password: str | None,
        adapter_data: AdapterData,
        clock: Callable[[], int],
        delays: LoginDelays | None = None,
    ) -> None:
        self._password = password
        self._adapter_data = adapter_data
        self._clock = clock
        self._delays = delays or LoginDelays()

    @property
    def needed(self) -> bool:
        return self._password is not None

    async def is_signed_in(self, request: Request) -> bool:
        """Whether a request belongs to an open session. Raises StoreError."""
        if self._password is None:
            return True
        for key in _keys(request):
            if await self._is_open(key):
                return True
        return False

    async def check_password(self, given: str, *, address: str) -> bool:
        """Whether this is the password. After wrong ones from the same address the check is delayed."""
        # As the setting is read: the line break at the end of a file is not part of it.
        given = trimmed(given) or ""
        password = self._password

        def is_correct() -> bool:
            return password is not None and hmac.compare_digest(_digest(given), _digest(password))

        return await self._delays.check(address, is_correct)

    async def open(self, response: Response, *, secure: bool) -> None:
        """Open a session, and end the oldest ones where there are too many."""
        token = secrets.token_urlsafe(_TOKEN_BYTES)
        record = {"until": self._clock() + _LASTS_MS, "password": self._password_mark()}
        await self._adapter_data.put(_key(token), orjson.dumps(record).decode())
        await self._remove_ended()
        response.set_cookie(
            _COOKIE_OVER_TLS if secure else _COOKIE,
            token,
            max_age=_LASTS_MS // 1000,
            httponly=True,
            samesite="strict",
            secure=secure,
        )

    async def close(self, request: Request, response: Response) -> None:
        """End the session of a request, in every process and browser that uses its token."""
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
            # It was encrypted with a secret that is no longer in the settings.
            return False
        if value is None:
            return False
        record = orjson.loads(value)
        return bool(record["until"] > self._clock() and record["password"] == self._password_mark())

    async def _remove_ended(self) -> None:
        """Remove sessions that have ended, and the oldest ones where there are too many."""
        entries = await self._adapter_data.since(_PREFIX, 0, limit=_MOST * 2)
        for index, entry in enumerate(entries):
            has_ended = orjson.loads(entry.value)["until"] <= self._clock()
            if has_ended or len(entries) - index > _MOST:
                await self._adapter_data.remove(entry.key)

    def _password_mark(self) -> str:
        # Stored with each session, so that a changed password ends all sessions.
        return _digest(f"session {self._password}").hex()[:16]


def generated_password(signer: TokenSigner) -> str:
    """Return a password where none is set. It is derived from the secret, so a restart keeps it."""
    mac = signer.sign("playground password", "", expires_at=0).rpartition(".")[2]
    return "-".join(mac[at : at + 4] for at in range(0, _GENERATED_LENGTH, 4))


def _keys(request: Request) -> Iterator[str]:
    """Yield the keys of the sessions that a request's cookies name."""
    for cookie in (_COOKIE_OVER_TLS, _COOKIE):
        if token := request.cookies.get(cookie):
            yield _key(token)


def _key(token: str) -> str:
    return f"{_PREFIX}{_digest(token).hex()}"


def _digest(text: str) -> bytes:
    return sha256(text.encode(errors="replace")).digest()
