"""Who may talk to the playground at all, decided before any route is reached.

A page open to everybody on this machine must stay that: no other site may post to it (Origin), none may
rebind its name to us (Host), and what comes from another peer, a proxy or a tunnel is not this machine.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from http import HTTPStatus
from urllib.parse import urlsplit

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bot.domain.errors import ReverieError
from bot.security.loopback import host_name, is_address, is_local, is_loopback_name, listens_here_only
from bot.settings import Settings, Switch

_log = structlog.get_logger(__name__)
_SAFE = frozenset({"GET", "HEAD"})

SECURITY_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; img-src 'self' data: blob:; object-src 'none'; base-uri 'none'; "
        "form-action 'self'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}

_NOT_OURS = "This did not come from the playground's own page"
_REMEDY = (
    "sends a Host header of its own: have it send on the browser's (nginx: proxy_set_header Host $host; "
    "Apache: ProxyPreserveHost On; Caddy and Traefik do so by themselves)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Denial:
    """Why a request goes no further."""

    status: HTTPStatus
    #: told to whoever asks; ends with the remedy where there is one
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What the settings allow."""

    #: the playground is behind a login and may be reached through a proxy
    guarded: bool
    #: `https://bot.example.org`, where people come from outside
    public_origin: str | None = None
    hosts: frozenset[str] = field(default_factory=frozenset)

    @classmethod
    def of(cls, settings: Settings) -> "Policy":
        """Open only where nobody but this machine can reach it, and where no password was set for it."""
        guarded = (
            settings.playground is Switch.ON
            or not listens_here_only(settings.http_host)
            or password_of(settings) is not None
        )
        if not guarded or settings.public_url is None:
            return cls(guarded=guarded)
        parts = urlsplit(settings.public_url)
        host = frozenset({parts.hostname.lower()} if parts.hostname else ())
        return cls(guarded=True, public_origin=f"{parts.scheme}://{parts.netloc}".lower(), hosts=host)

    def answers_to(self, name: str) -> bool:
        """Whether a host name is one of ours. Behind a login every address is: no site can rebind those."""
        return is_loopback_name(name) or name in self.hosts or (self.guarded and is_address(name))


def password_of(settings: Settings) -> str | None:
    """The password that the operator has set; None where it is missing or empty."""
    given = settings.playground_password
    return given.get_secret_value() if given is not None and given.get_secret_value().strip() else None


def examine(
    policy: Policy, request: Request, *, content: str = "application/json", is_page: bool = False
) -> Denial | None:
    """Find out why a request may not pass; None when it may.

    `content` is the type that its body must have: one that no form of another site can send. A link on
    another site may lead to what `is_page`.
    """
    headers = request.headers
    hosts = headers.getlist("host")
    name = host_name(hosts[0]) if len(hosts) == 1 else None
    if name is None or not policy.answers_to(name):
        return Denial(status=HTTPStatus.MISDIRECTED_REQUEST, reason=_wrong_host(policy))
    if not policy.guarded and not is_local(request):
        return Denial(
            status=HTTPStatus.FORBIDDEN,
            reason="This playground has no password, so it opens only in a browser on the computer that runs "
            "the bot. This request came from another computer, or through a proxy or tunnel. To open it to "
            "others, set REVERIE_PLAYGROUND=on and REVERIE_PLAYGROUND_PASSWORD",
        )
    return _examine_source(policy, request, content=content, is_page=is_page)


def _examine_source(policy: Policy, request: Request, *, content: str, is_page: bool) -> Denial | None:
    """Find out whether another site has made a browser send this."""
    headers = request.headers
    origin, host = headers.get("origin", "").lower(), headers["host"].lower()
    is_own = bool(origin) and origin in {f"http://{host}", f"https://{host}", policy.public_origin}
    if request.method in _SAFE:
        # Browsers name the origin of a read only where another site's script asks for it.
        if (origin and not is_own) or _is_foreign(headers, is_page=is_page):
            return Denial(status=HTTPStatus.FORBIDDEN, reason=_NOT_OURS)
        return None
    if not is_own:
        return Denial(status=HTTPStatus.FORBIDDEN, reason=_wrong_origin(policy, origin))
    if headers.get("content-type", "").partition(";")[0].strip().lower() != content:
        return Denial(status=HTTPStatus.UNSUPPORTED_MEDIA_TYPE, reason=f"Send {content}")
    return None


def unavailable(request: Request, error: ReverieError) -> Response:
    """What is answered while the store is out of reach: the page keeps its request and asks again."""
    _log.warning("playground_request_failed", path=request.url.path, error=str(error))
    return JSONResponse(
        {"error": "Reverie cannot reach its database right now. Try again in a moment."},
        status_code=HTTPStatus.SERVICE_UNAVAILABLE,
    )


def _is_foreign(headers: Headers, *, is_page: bool) -> bool:
    """Whether a browser says that another site asks for this; programs and old browsers say nothing."""
    if headers.get("sec-fetch-site", "none").lower() in ("same-origin", "none"):
        return False
    followed = headers.get("sec-fetch-mode") == "navigate" and headers.get("sec-fetch-dest") == "document"
    return not (is_page and followed)


def _wrong_host(policy: Policy) -> str:
    if not policy.guarded:
        return (
            "This playground has no password, so it opens only at http://127.0.0.1 on the computer that runs "
            "the bot, and not under this host name. To open it to others, also through a reverse proxy, set "
            "REVERIE_PUBLIC_URL, REVERIE_PLAYGROUND=on and REVERIE_PLAYGROUND_PASSWORD"
        )
    known = (
        f"It answers to {policy.public_origin}. If that is the address you opened"
        if policy.public_origin
        else "Set REVERIE_PUBLIC_URL to the address that people open. If it is set"
    )
    return f"The playground does not answer to this host name. {known}, a reverse proxy in between {_REMEDY}"


def _wrong_origin(policy: Policy, origin: str) -> str:
    if not policy.guarded or not origin.startswith(("http://", "https://")):
        return _NOT_OURS
    return (
        f"{_NOT_OURS}. If you opened that at the address you see in your browser, a reverse proxy in between "
        f"{_REMEDY}; or set REVERIE_PUBLIC_URL to that address"
    )


class Guard:
    """Lets a request through to a route, and puts the security headers on whatever it answers."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        policy: Policy,
        is_known: Callable[[Request], Awaitable[bool]],
        login: str | None = None,
        content: str = "application/json",
        is_page: bool = False,
    ) -> None:
        self._app = app
        self._policy = policy
        self._is_known = is_known
        #: where people without a session are sent; None answers 401, as programs expect
        self._login = login
        self._content = content
        self._is_page = is_page

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_safely(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in SECURITY_HEADERS.items():
                    headers[name] = value
                headers.setdefault("Cache-Control", "no-store")
            await send(message)

        answer = await self._refuse(Request(scope))
        await (answer or self._app)(scope, receive, send_safely)

    async def _refuse(self, request: Request) -> Response | None:
        denial = examine(self._policy, request, content=self._content, is_page=self._is_page)
        if denial is not None:
            if self._is_page:
                return PlainTextResponse(f"{denial.reason}.\n", status_code=denial.status)
            return JSONResponse({"error": denial.reason}, status_code=denial.status)
        try:
            if await self._is_known(request):
                return None
        except ReverieError as error:
            return unavailable(request, error)
        if self._login is not None:
            return RedirectResponse(self._login, status_code=HTTPStatus.SEE_OTHER)
        return JSONResponse({"error": "Sign in first"}, status_code=HTTPStatus.UNAUTHORIZED)
