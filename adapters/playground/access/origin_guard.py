"""Decides which requests may reach the routes of the playground.

A page without a password is for people on this machine only: no other site may post to it (Origin) or
reach it by DNS rebinding (Host), and requests of another peer, a proxy or a tunnel are refused.
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
_SAFE_METHODS = frozenset({"GET", "HEAD"})

SECURITY_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}

_FOREIGN = "This request did not come from the playground's own page"
_PROXY_REMEDY = (
    "changes the Host header: make it pass on the browser's (nginx: proxy_set_header Host $host; "
    "Apache: ProxyPreserveHost On; Caddy and Traefik do so by default)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Denial:
    """Why a request is refused."""

    status: HTTPStatus
    #: shown to the person; ends with the remedy where there is one
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessPolicy:
    """Which requests the settings allow."""

    #: a password is required, so requests through a proxy are allowed
    needs_password: bool
    #: the public address, such as `https://bot.example.org`
    public_origin: str | None = None
    hosts: frozenset[str] = field(default_factory=frozenset)
    #: where links to media may redirect; None: nowhere
    media_origin: str | None = None

    @classmethod
    def of(cls, settings: Settings) -> "AccessPolicy":
        """Require a password unless only this machine can reach the playground and none is set."""
        needs_password = (
            settings.playground is Switch.ON
            or not listens_here_only(settings.http_host)
            or password_of(settings) is not None
        )
        if not needs_password or settings.public_url is None:
            return cls(needs_password=needs_password)
        parts = urlsplit(settings.public_url)
        host = frozenset({parts.hostname.lower()} if parts.hostname else ())
        return cls(needs_password=True, public_origin=f"{parts.scheme}://{parts.netloc}".lower(), hosts=host)

    def accepts_host(self, name: str) -> bool:
        """Whether a Host header may name this playground. With a password any IP address may."""
        # DNS rebinding needs a name: a request under an IP address cannot come from it.
        return is_loopback_name(name) or name in self.hosts or (self.needs_password and is_address(name))


def password_of(settings: Settings) -> str | None:
    """Return the password that the operator has set; None where it is missing or empty."""
    given = settings.playground_password
    return given.get_secret_value() if given is not None and given.get_secret_value().strip() else None


def examine(
    policy: AccessPolicy, request: Request, *, content: str = "application/json", is_page: bool = False
) -> Denial | None:
    """Return why a request is refused; None when it is allowed.

    `content` is the media type that its body must have: one that a form of another site cannot send.
    A link on another site may lead to a page (`is_page`).
    """
    headers = request.headers
    hosts = headers.getlist("host")
    name = host_name(hosts[0]) if len(hosts) == 1 else None
    if name is None or not policy.accepts_host(name):
        return Denial(status=HTTPStatus.MISDIRECTED_REQUEST, reason=_wrong_host(policy))
    if not policy.needs_password and not is_local(request):
        return Denial(
            status=HTTPStatus.FORBIDDEN,
            reason="This playground has no password, so it opens only in a browser on the computer that runs "
            "the bot. This request came from another computer, or through a proxy or tunnel. To open it to "
            "others, set REVERIE_PLAYGROUND=on and REVERIE_PLAYGROUND_PASSWORD",
        )
    return _examine_source(policy, request, content=content, is_page=is_page)


def _examine_source(policy: AccessPolicy, request: Request, *, content: str, is_page: bool) -> Denial | None:
    """Return a denial where another site made the browser send the request."""
    headers = request.headers
    origin, host = headers.get("origin", "").lower(), headers["host"].lower()
    is_own = bool(origin) and origin in {f"http://{host}", f"https://{host}", policy.public_origin}
    if request.method in _SAFE_METHODS:
        # Browsers send the origin of a read only when a script of another site makes it.
        if (origin and not is_own) or _is_cross_site(headers, is_page=is_page):
            return Denial(status=HTTPStatus.FORBIDDEN, reason=_FOREIGN)
        return None
    if not is_own:
        return Denial(status=HTTPStatus.FORBIDDEN, reason=_wrong_origin(policy, origin))
    if headers.get("content-type", "").partition(";")[0].strip().lower() != content:
        return Denial(status=HTTPStatus.UNSUPPORTED_MEDIA_TYPE, reason=f"The body must be {content}")
    return None


def unavailable(request: Request, error: ReverieError) -> Response:
    """Return the response of a request that failed because of the store; the page tries it again."""
    _log.warning("playground_request_failed", path=request.url.path, error=str(error))
    return JSONResponse(
        {"error": "Temporarily unavailable: the database cannot be reached. Try again in a moment."},
        status_code=HTTPStatus.SERVICE_UNAVAILABLE,
    )


def _is_cross_site(headers: Headers, *, is_page: bool) -> bool:
    """Whether the browser says that another site makes the request; programs and old browsers do not say."""
    if headers.get("sec-fetch-site", "none").lower() in ("same-origin", "none"):
        return False
    is_link = headers.get("sec-fetch-mode") == "navigate" and headers.get("sec-fetch-dest") == "document"
    return not (is_page and is_link)


def _wrong_host(policy: AccessPolicy) -> str:
    if not policy.needs_password:
        return (
            "This playground has no password, so it opens only at http://127.0.0.1 on the computer that runs "
            "the bot, not under this host name. To open it to others, also through a reverse proxy, set "
            "REVERIE_PUBLIC_URL, REVERIE_PLAYGROUND=on and REVERIE_PLAYGROUND_PASSWORD"
        )
    address = (
        f"Its address is {policy.public_origin}. If you opened that address"
        if policy.public_origin
        else "Set REVERIE_PUBLIC_URL to the address that people open. If it is set"
    )
    return f"The playground cannot be opened under this host name. {address}, a reverse proxy {_PROXY_REMEDY}"


def _wrong_origin(policy: AccessPolicy, origin: str) -> str:
    if not policy.needs_password or not origin.startswith(("http://", "https://")):
        return _FOREIGN
    return (
        f"{_FOREIGN}. If you use the page at the address you see in your browser, a reverse proxy "
        f"{_PROXY_REMEDY}; or set REVERIE_PUBLIC_URL to that address"
    )


def _content_policy(media_origin: str | None) -> str:
    media = " ".join(filter(None, ("'self'", media_origin)))
    return (
        f"default-src 'self'; img-src {media} data: blob:; media-src {media}; object-src 'none'; "
        "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    )


class OriginGuard:
    """Middleware that refuses requests which are not allowed, and adds security headers to every response."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        policy: AccessPolicy,
        is_signed_in: Callable[[Request], Awaitable[bool]],
        login: str | None = None,
        content: str = "application/json",
        is_page: bool = False,
    ) -> None:
        self._app = app
        self._policy = policy
        self._is_signed_in = is_signed_in
        #: where people without a session are redirected; None: they get 401
        self._login = login
        self._content = content
        self._is_page = is_page

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        content_policy = _content_policy(self._policy.media_origin)

        async def send_safely(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in SECURITY_HEADERS.items():
                    headers[name] = value
                headers["Content-Security-Policy"] = content_policy
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
            if await self._is_signed_in(request):
                return None
        except ReverieError as error:
            return unavailable(request, error)
        if self._login is not None:
            return RedirectResponse(self._login, status_code=HTTPStatus.SEE_OTHER)
        return JSONResponse({"error": "Sign in first"}, status_code=HTTPStatus.UNAUTHORIZED)
