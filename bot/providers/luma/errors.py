"""The edge to the API: what went wrong, in terms of what the engine must do.

A create is paid for and has no idempotency key, so the one question about every failure is whether the
request may have arrived. It has provably not when no connection was made, or when the transport traced its
steps and never began to write the request: everything before (pool, name, connect, TLS, a proxy's CONNECT) is
`NotSent`.

A kept-alive connection that the server closes while our create is on its way gives no proof. The transport
looks at an idle connection before it is used again, which leaves a window of one round trip; in it the
server may have read and carried out the create before it hung up, and a failed write does not tell what was
delivered of the earlier ones. So this is `OutcomeUnknown`, although mostly nothing will have happened.
"""

import math
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
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
from bot.domain.failures import FailureCategory, classify_failure, classify_refusal
from bot.providers.luma.error_details import Detail

RETRY_AFTER_MAX_MS = 120_000


class Call(Enum):
    """What a call is about, which decides what its failure means."""

    #: pays for a generation: never repeated
    CREATE = auto()
    #: reads or deletes one generation: may be repeated
    GENERATION = auto()
    #: reads the account, its list or the service: may be repeated
    ACCOUNT = auto()

    def lost(self, message: str) -> ProviderError:
        """Name an answer that did not come or cannot be understood."""
        return OutcomeUnknown(message) if self is Call.CREATE else NotSent(message)


class Departure:
    """Whether a request may have left, as the transport traces it (httpx's `trace` extension)."""

    def __init__(self) -> None:
        self._watched = False
        self._began = False

    async def __call__(self, event: str, details: Mapping[str, Any]) -> None:
        self._watched = True
        # A proxy is asked for a tunnel by a request of its own, which carries nothing of ours.
        if event.endswith(".send_request_headers.started") and details["request"].method != b"CONNECT":
            self._began = True

    @property
    def disproved(self) -> bool:
        """True only where the transport told its steps and writing the request was not among them."""
        return self._watched and not self._began


@contextmanager
def translated(call: Call, departure: Departure) -> Iterator[None]:
    """Turn what the HTTP library raises into provider errors.

    Messages name the kind of error alone: the library's own texts can hold addresses and proxy passwords.
    """
    try:
        yield
    except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError) as error:
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
        raise (NotSent(message) if departure.disproved else call.lost(message)) from error


_GONE = frozenset({HTTPStatus.NOT_FOUND, HTTPStatus.GONE})
#: asked to send the same request elsewhere, so it was not carried out here
_ELSEWHERE = frozenset({HTTPStatus.TEMPORARY_REDIRECT, HTTPStatus.PERMANENT_REDIRECT})
#: money as a word of its own ("refund", "accredited" and "fundamental" are none) that there is not enough of
_NO_MONEY = re.compile(
    r"(?i)\b(?:insufficient|inadequate|not enough|no|low|out of|zero|negative|exhausted|add|top up)\W+"
    r"(?:\w+\W+){0,3}?(?<![a-z])(?:credit|balance|fund)s?(?![a-z])"
    r"|(?<![a-z])(?:credit|balance|fund)s?(?:_\w+)?(?![a-z])\W+(?:\w+\W+){0,3}?"
    r"(?:low|insufficient|zero|0|negative|empty|exhausted|used up|required|exceeded)\b"
)
#: what an account may use in a month or by its plan; only the operator can raise it
_USAGE_LIMIT = re.compile(
    r"(?i)\b(?:usage|spend(?:ing)?|monthly|billing|quota)\W+(?:\w+\W+){0,2}limit\b|\bplan(?:'s)? limit\b"
    r"|\blimit\W+(?:\w+\W+){0,3}(?:month|billing|plan|spending)\b"
    r"|\bquota\W+(?:\w+\W+){0,2}exceeded|\bexceeded\W+(?:\w+\W+){0,2}quota"
)
#: how much an account may ask for at once or in a minute; time alone frees it
_RATE_LIMIT = re.compile(
    r"(?i)\brate\W?limit|\btoo many (?:requests|concurrent|generations)|\bconcurren\w*\W+(?:\w+\W+){0,3}limit"
    r"|\blimit\W+(?:\w+\W+){0,3}concurren"
)
#: a 403 that is about the account, not about what was asked
_ACCOUNT = re.compile(
    r"(?i)\bapi[ _-]?key|\bsubscription|\baccount\b|\bauthenticat|\bcredential|\bunauthori[sz]ed"
)


def refusal(call: Call, status: int, detail: Detail, *, retry_after_ms: int | None = None) -> ProviderError:
    """Name an answer that is not a success.

    Of refusals the words win over the status: the API answers 400 to what is about moderation, a limit or a
    balance. 408 and 5xx refuse nothing, whatever they say: a create may have been carried out.
    A create is never redirected. 307 and 308 ask for the same request elsewhere, so nothing was carried out
    and repeating it at this address will not help: `Rejected`. 301, 302 and 303 are also given after a POST
    was carried out, to say where its result lies, so they are in doubt.
    """
    status = detail.status or status
    message = detail.text or f"The generation API answered HTTP {status}"
    if classify_failure(message).category is FailureCategory.MODERATION:
        return Rejected(message)
    refused = HTTPStatus.BAD_REQUEST <= status < HTTPStatus.INTERNAL_SERVER_ERROR
    if not refused or status == HTTPStatus.REQUEST_TIMEOUT:
        moved = status in _ELSEWHERE and call is Call.CREATE
        return Rejected(f"{message}; it has moved") if moved else call.lost(message)
    if status in _GONE and call is Call.GENERATION:
        return GenerationNotFound(message)
    return _refused(call, status, message, retry_after_ms)


def _refused(call: Call, status: int, message: str, retry_after_ms: int | None) -> ProviderError:
    if classify_refusal(message).category is FailureCategory.MODERATION:
        return Rejected(message)
    if _is_about_account(call, status, message):
        return AccountProblem(message)
    if status == HTTPStatus.TOO_MANY_REQUESTS or _RATE_LIMIT.search(message):
        return RateLimited(message, retry_after_ms=retry_after_ms)
    return Rejected(message)


def _is_about_account(call: Call, status: int, message: str) -> bool:
    if status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.PAYMENT_REQUIRED):
        return True
    if status == HTTPStatus.FORBIDDEN and (call is Call.ACCOUNT or _ACCOUNT.search(message)):
        return True
    return bool(_NO_MONEY.search(message) or _USAGE_LIMIT.search(message))


def read_retry_after(value: str | None, *, now_ms: int) -> int | None:
    """Read a Retry-After header, seconds or an HTTP date; milliseconds, capped at two minutes."""
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
