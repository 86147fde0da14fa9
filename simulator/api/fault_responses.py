"""What faults on demand do to the request that they happen to."""

import asyncio
from http import HTTPStatus

from starlette.responses import Response

from simulator.api.http import INTERNAL_ERROR, DroppedConnection, JsonResponse, TruncatedResponse
from simulator.errors import ApiError
from simulator.generations.faults import Call, FaultKind, Faults, FaultStage, TriggeredFault

_SLOW_MS = 5_000
_RETRY_AFTER_MS = 5_000


async def apply_faults(faults: Faults, call: Call, account: str, prompt: str) -> None:
    """Apply the faults that happen before any work is done. Raises ApiError."""
    delay = await faults.consume(call, account, prompt, FaultStage.DELAY)
    if delay is not None:
        await asyncio.sleep((_SLOW_MS if delay.ms is None else delay.ms) / 1000)
    instead = await faults.consume(call, account, prompt, FaultStage.INSTEAD)
    if instead is not None:
        raise _error_of(instead)


def _error_of(fault: TriggeredFault) -> ApiError:
    match fault.kind:
        case FaultKind.UNAUTHORIZED:
            return ApiError(HTTPStatus.UNAUTHORIZED, fault.reason or "Invalid API key is provided")
        case FaultKind.NO_CREDITS:
            return ApiError(HTTPStatus.PAYMENT_REQUIRED, fault.reason or "Insufficient credits")
        case FaultKind.RATE_LIMIT:
            ms = _RETRY_AFTER_MS if fault.ms is None else fault.ms
            return ApiError(
                HTTPStatus.TOO_MANY_REQUESTS,
                fault.reason or "Rate limit exceeded",
                retry_after_s=-(-ms // 1000),
            )
        case _:
            return ApiError(HTTPStatus.INTERNAL_SERVER_ERROR, fault.reason or INTERNAL_ERROR)


def response_of(fault: TriggeredFault) -> Response:
    match fault.kind:
        case FaultKind.LOST_ANSWER:
            return DroppedConnection()
        case FaultKind.GARBAGE:
            return TruncatedResponse(HTTPStatus.CREATED)
        case _:
            return JsonResponse({"detail": fault.reason or INTERNAL_ERROR}, HTTPStatus.INTERNAL_SERVER_ERROR)
