"""Errors of the simulator.

ApiError            the request is answered with an error in the API's own shape
FileUnavailable     a file cannot be read or made right now; trying again may help
FileUnreadable      a file is not what it must be; trying again does not help

Whatever else `Fetch` or `Render` raise is treated as `FileUnavailable`.
"""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any


class ApiError(Exception):
    """An error response: `{"detail": …}` with a plain string or a list of validation errors."""

    def __init__(
        self,
        status: HTTPStatus,
        detail: str | Sequence[Mapping[str, Any]],
        *,
        retry_after_s: int | None = None,
    ) -> None:
        super().__init__(str(detail))
        self.status = status
        self.detail = detail
        self.headers = {} if retry_after_s is None else {"Retry-After": str(retry_after_s)}

    @classmethod
    def bad_request(cls, detail: str) -> "ApiError":
        return cls(HTTPStatus.BAD_REQUEST, detail)

    @classmethod
    def unsupported(cls, detail: str) -> "ApiError":
        """A 400 that repeats its status in the text, as the API does for unsupported combinations."""
        return cls(HTTPStatus.BAD_REQUEST, f"{HTTPStatus.BAD_REQUEST.value}: {detail}")

    @classmethod
    def invalid_field(
        cls, kind: str, location: Sequence[str | int], message: str, value: object
    ) -> "ApiError":
        """A 422 about one field."""
        return cls(
            HTTPStatus.UNPROCESSABLE_ENTITY,
            [{"type": kind, "loc": list(location), "msg": message, "input": value}],
        )


class FileUnavailable(Exception):
    """The file cannot be read or made right now; trying again may help."""


class FileUnreadable(Exception):
    """The file is not what it must be; trying again does not help."""
