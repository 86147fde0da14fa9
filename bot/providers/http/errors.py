"""Translates failures of the API into provider errors, which say what the worker must do.

A create costs money and has no idempotency key, so the question about every failure is whether the request
may have arrived. It provably has not if no connection was made, or if the transport traced its steps and
never began to write the request. Everything before that (pool, DNS, connect, TLS, a proxy's CONNECT) is
`NotSent`.

A kept-alive connection that the server closes during our create proves nothing. The transport checks an idle
connection before it uses it again, which leaves a window of one round trip: the server may have executed the
create before it closed, and a failed write does not tell what was delivered of the earlier ones. So this is
`OutcomeUnknown`, although mostly nothing has happened.

The body of an error response is `{"detail": …}`: a sentence, a sentence that begins with a status of its own
("400: concepts are not supported for this model"), or a list of `{type, loc, msg, input, ctx}`. A proxy in
between may return anything.
"""

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime
from enum import Enum, auto
from http import HTTPStatus
from typing import Any

import httpx
import orjson

from bot.domain.errors import (
    AccountProblem,
    GenerationNotFound,
    NotSent,
    OutcomeUnknown,
    ProviderError,
    RateLimited,
    Rejected,
)
from bot.domain.jobs.failures import FailureCategory, classify_failure, classify_refusal, one_line
from bot.domain.text import parse_json, storable

#: a status in front of a sentence; 4xx and 5xx only, because a sentence may begin with any other number
_EMBEDDED = re.compile(r"\s*([45]\d\d)\s*:\s*(?=\S)")
_CREDENTIAL = re.compile(r"(?i)\bbearer\s+\S+|\bluma-[\w.-]{16,}")
_HIDDEN = "(hidden)"
#: parts of a `loc` that name where a field was sent, not the field
_PLACES = frozenset({"body", "query", "path", "header"})
_KEYS = ("detail", "error", "message", "msg", "task_status_msg")
#: names of a machine-readable code
_CODES = ("failure_code", "code")
_FIELDS_SHOWN = 5
RETRY_AFTER_MAX_MS = 120_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Detail:
    """An error as the API words it."""

    #: the status inside the sentence, which is more precise than HTTP's
    status: int | None
    #: one readable line without credentials; may be empty
    text: str


def read_detail(content: bytes, *, api_key: str = "") -> Detail:
    """Parse the body of an error response; accepts any content."""
    try:
        document: object = parse_json(content)
    except ValueError:
        document = storable(content[:2000].decode(errors="replace"))
    return read_document(document, api_key=api_key)


def read_document(document: object, *, api_key: str = "") -> Detail:
    """Parse an error document; accepts any value."""
    text = _sentence(document)
    if text.lstrip().startswith("<"):
        text = ""  # an HTML page of a proxy
    status = None
    while found := _EMBEDDED.match(text):
        status, text = int(found[1]), text[found.end() :]
    if api_key:
        text = text.replace(api_key, _HIDDEN)
    return Detail(status=status, text=one_line(_CREDENTIAL.sub(_HIDDEN, text)))


def _sentence(said: object) -> str:
    if isinstance(said, str):
        return said
    if isinstance(said, Mapping):
        for key in _KEYS:
            inner = said.get(key)
            if isinstance(inner, str) and inner.strip():
                return _with_code(inner, said)
            if isinstance(inner, list) and inner:
                return _fields(inner)
            if isinstance(inner, Mapping):
                return _with_code(_text(inner.get("msg")) or _text(inner.get("message")), inner)
    return ""


def _with_code(sentence: str, said: Mapping[object, object]) -> str:
    """A sentence with the machine-readable code beside it, which may say what the sentence does not."""
    code = next((code for name in _CODES if (code := _text(said.get(name)))), "")
    return f"{sentence} ({code})" if sentence and code else sentence or code


def _fields(errors: Sequence[object]) -> str:
    """Join the errors of the fields; never repeats what was sent (`input`)."""
    return "; ".join(filter(None, map(_field, errors[:_FIELDS_SHOWN])))


def _field(error: object) -> str:
    if not isinstance(error, Mapping):
        return _text(error)
    loc = error.get("loc")
    steps = loc if isinstance(loc, list) else [loc]
    name = ".".join(str(step) for step in steps if isinstance(step, str | int) and step not in _PLACES)
    wrong = _text(error.get("msg")) or _text(error.get("type"))
    return f"{name}: {wrong}" if name and wrong else name or wrong


def _text(value: object) -> str:
    return value.strip() if isinstance(value, str) else ""


class Call(Enum):
    """Kind of a call, which decides what its failure means."""

    #: costs money: never repeated
    CREATE = auto()
    #: reads or deletes one generation: may be repeated
    GENERATION = auto()
    #: reads the account, its list or the service: may be repeated
    ACCOUNT = auto()

    def lost(self, message: str) -> ProviderError:
        """The error for a response that is missing or invalid."""
        return OutcomeUnknown(message) if self is Call.CREATE else NotSent(message)


class RequestTrace:
    """Records by httpx's `trace` extension whether a request may have been sent."""

    def __init__(self) -> None:
        self._traced = False
        self._write_started = False

    async def __call__(self, event: str, details: Mapping[str, Any]) -> None:
        self._traced = True
        # The CONNECT request to a proxy carries nothing of the request itself.
        if event.endswith(".send_request_headers.started") and details["request"].method != b"CONNECT":
            self._write_started = True

    @property
    def proves_not_sent(self) -> bool:
        """True only if the transport reported its steps and did not begin to write the request."""
        return self._traced and not self._write_started


@contextmanager
def translated(call: Call, trace: RequestTrace) -> Iterator[None]:
    """Translate the HTTP library's exceptions into provider errors.

    Messages name only the type of the exception: its text can contain URLs and proxy passwords.
    """
    try:
        yield
    except httpx.ProxyError as error:
        raise NotSent(_proxy_refusal(str(error))) from error
    except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
        raise NotSent(f"No connection to the generation API ({type(error).__name__})") from error
    except (
        httpx.InvalidURL,
        httpx.UnsupportedProtocol,
        httpx.LocalProtocolError,
        orjson.JSONEncodeError,
        UnicodeEncodeError,
    ) as error:
        raise Rejected(f"The request cannot be written ({type(error).__name__})") from error
    except (httpx.HTTPError, OSError) as error:  # a TimeoutError is an OSError
        message = f"The generation API did not answer ({type(error).__name__})"
        raise (NotSent(message) if trace.proves_not_sent else call.lost(message)) from error


def _proxy_refusal(answer: str) -> str:
    """Why the proxy opens no tunnel. Of its answer only the status is told."""
    status = answer[:3] if re.match(r"[45]\d\d\b", answer) else ""
    if status == str(HTTPStatus.PROXY_AUTHENTICATION_REQUIRED.value):
        return _PROXY_LOGIN
    return (
        f"The proxy in HTTPS_PROXY opens no connection to the generation API{status and f' (HTTP {status})'}"
    )


_PROXY_LOGIN = "The proxy in HTTPS_PROXY does not accept the user and password in its address (HTTP 407)"
_GONE = frozenset({HTTPStatus.NOT_FOUND, HTTPStatus.GONE})
#: asks to send the same request elsewhere, so that it was not executed here
_SAME_REQUEST_ELSEWHERE = frozenset({HTTPStatus.TEMPORARY_REDIRECT, HTTPStatus.PERMANENT_REDIRECT})
#: lack of money; "refund", "accredited" and "fundamental" do not count
_NO_MONEY = re.compile(
    r"(?i)\b(?:insufficient|inadequate|not enough|no|low|out of|zero|negative|exhausted|add|top up)\W+"
    r"(?:\w+\W+){0,3}?(?<![a-z])(?:credit|balance|fund)s?(?![a-z])"
    r"|(?<![a-z])(?:credit|balance|fund)s?(?:_\w+)?(?![a-z])\W+(?:\w+\W+){0,3}?"
    r"(?:low|insufficient|zero|0|negative|empty|exhausted|used up|required|exceeded)\b"
)
#: limit of a month or a plan, which only the operator can raise
_USAGE_LIMIT = re.compile(
    r"(?i)\b(?:usage|spend(?:ing)?|monthly|billing|quota)\W+(?:\w+\W+){0,2}limit\b|\bplan(?:'s)? limit\b"
    r"|\blimit\W+(?:\w+\W+){0,3}(?:month|billing|plan|spending)\b"
    r"|\bbudget\W+(?:\w+\W+){0,2}exhausted|\bbudget_exhausted"
    r"|\bquota\W+(?:\w+\W+){0,2}exceeded|\bexceeded\W+(?:\w+\W+){0,2}quota"
)
#: limit of concurrent requests or requests a minute, which time alone frees
_RATE_LIMIT = re.compile(
    r"(?i)\brate\W?limit|\btoo many (?:requests|concurrent|generations)|\bconcurren\w*\W+(?:\w+\W+){0,3}limit"
    r"|\blimit\W+(?:\w+\W+){0,3}concurren"
)
#: a 403 about the account rather than the request
ABOUT_ACCOUNT = re.compile(
    r"(?i)\bapi[ _-]?key|\bsubscription|\baccount\b|\bauthenticat|\bcredential|\bunauthori[sz]ed"
)


def refusal(
    call: Call,
    status: int,
    detail: Detail,
    *,
    retry_after_ms: int | None = None,
    forbidden_account: re.Pattern[str] = ABOUT_ACCOUNT,
) -> ProviderError:
    """The error for a response that is not a success.

    `forbidden_account` matches the text of a 403 about the account rather than the request.

    For 4xx the text decides before the status: the API returns 400 for moderation, limits and balance alike.
    408 and 5xx reject nothing, whatever their text: a create may have been executed.
    A create is never redirected. 307 and 308 ask for the same request elsewhere, so nothing was executed, and
    repeating it at this URL will not help: `Rejected`. 301, 302 and 303 may follow an executed POST, so that
    the outcome is unknown.
    """
    if status == HTTPStatus.PROXY_AUTHENTICATION_REQUIRED:
        # An API that is reached by plain HTTP has its requests passed on, or not, by the proxy.
        return NotSent(_PROXY_LOGIN)
    status = detail.status or status
    message = detail.text or f"The generation API answered HTTP {status}"
    if classify_failure(message).category is FailureCategory.MODERATION:
        return Rejected(message)
    refused = HTTPStatus.BAD_REQUEST <= status < HTTPStatus.INTERNAL_SERVER_ERROR
    if not refused or status == HTTPStatus.REQUEST_TIMEOUT:
        moved = status in _SAME_REQUEST_ELSEWHERE and call is Call.CREATE
        return Rejected(f"{message}; the API has moved") if moved else call.lost(message)
    if status in _GONE and call is Call.GENERATION:
        return GenerationNotFound(message)
    return _refused(call, status, message, retry_after_ms, forbidden_account)


def _refused(
    call: Call, status: int, message: str, retry_after_ms: int | None, forbidden_account: re.Pattern[str]
) -> ProviderError:
    if classify_refusal(message).category is FailureCategory.MODERATION:
        return Rejected(message)
    if _is_about_account(call, status, message, forbidden_account):
        return AccountProblem(message)
    if status == HTTPStatus.TOO_MANY_REQUESTS or _RATE_LIMIT.search(message):
        return RateLimited(message, retry_after_ms=retry_after_ms)
    return Rejected(message)


def _is_about_account(call: Call, status: int, message: str, forbidden_account: re.Pattern[str]) -> bool:
    if status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.PAYMENT_REQUIRED):
        return True
    if status == HTTPStatus.FORBIDDEN and (call is Call.ACCOUNT or forbidden_account.search(message)):
        return True
    return bool(_NO_MONEY.search(message) or _USAGE_LIMIT.search(message))


def read_retry_after(value: str | None, *, now_ms: int) -> int | None:
    """Parse a Retry-After header (seconds or an HTTP date) into milliseconds, two minutes at most."""
    if value is None:
        return None
    try:
        wait_ms = float(value) * 1000
    except ValueError:
        try:
            until = parsedate_to_datetime(value)
        except (ValueError, TypeError, OverflowError):
            return None
        wait_ms = (until if until.tzinfo else until.replace(tzinfo=UTC)).timestamp() * 1000 - now_ms
    if math.isnan(wait_ms):
        return None
    return math.ceil(min(max(wait_ms, 0), RETRY_AFTER_MAX_MS))
