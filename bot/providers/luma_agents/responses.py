"""Parses the API's responses leniently: a generation with an id can be watched whatever else is missing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from bot.domain.jobs.failures import FailureCategory
from bot.providers.base import Generation, GenerationState
from bot.providers.luma import responses

_STATES = {
    "queued": GenerationState.QUEUED,
    "completed": GenerationState.COMPLETED,
    "failed": GenerationState.FAILED,
}
#: the code of a failure that is about the account
_BUDGET = "budget_exhausted"
_CATEGORIES: Mapping[str, FailureCategory] = {
    "content_moderated": FailureCategory.MODERATION,
    "generation_failed": FailureCategory.SERVICE,
    _BUDGET: FailureCategory.SERVICE,
    "output_not_found": FailureCategory.INPUT_UNREACHABLE,
    "image_too_large": FailureCategory.INPUT_REFUSED,
    "unsupported_format": FailureCategory.INPUT_REFUSED,
    "corrupt_input": FailureCategory.INPUT_REFUSED,
    "invalid_request": FailureCategory.REJECTED,
    "rate_limited": FailureCategory.SERVICE,
}


def read_generation(document: object) -> Generation | None:
    """Parse a generation; None if it has no valid id."""
    if not isinstance(document, Mapping):
        return None
    generation_id = document.get("id")
    if not isinstance(generation_id, str) or not responses.is_id(generation_id):
        return None
    # An unknown state means "still running".
    state = _STATES.get(str(document.get("state")), GenerationState.DREAMING)
    failed = state is GenerationState.FAILED
    code = document.get("failure_code") if failed else None
    return Generation(
        id=generation_id,
        state=state,
        created_at=responses.read_time(document.get("created_at")),
        failure_reason=_reason(document.get("failure_reason"), code) if failed else None,
        failure_category=_CATEGORIES.get(code) if isinstance(code, str) else None,
        stops_account=code == _BUDGET,
        asset_url=_output(document.get("output")) if state is GenerationState.COMPLETED else None,
    )


def _reason(reason: object, code: object) -> str | None:
    if isinstance(reason, str) and reason.strip():
        return reason
    return code.replace("_", " ") if isinstance(code, str) else None


def _output(outputs: object) -> str | None:
    """URL of the first output."""
    first = outputs[0] if isinstance(outputs, Sequence) and outputs else None
    url = first.get("url") if isinstance(first, Mapping) else None
    return url if isinstance(url, str) and url else None


class FileState(StrEnum):
    PENDING = "pending"
    READY = "ready"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadedFile:
    """A file at the provider."""

    id: str
    state: FileState
    failure_reason: str
    #: where its content is sent, and with which headers; empty once it was sent
    upload_url: str
    upload_headers: Mapping[str, str]


def read_file(document: object) -> UploadedFile | None:
    """Parse a file, or the response to its creation; None if it has no valid id."""
    if not isinstance(document, Mapping):
        return None
    file_id = document.get("id")
    if not isinstance(file_id, str) or not responses.is_id(file_id):
        return None
    reason, upload = document.get("failure_reason"), document.get("upload")
    url = upload.get("url") if isinstance(upload, Mapping) else None
    headers = upload.get("headers") if isinstance(upload, Mapping) else None
    return UploadedFile(
        id=file_id,
        state=_file_state(document.get("state")),
        failure_reason=reason if isinstance(reason, str) else "",
        upload_url=url if isinstance(url, str) else "",
        upload_headers={str(name): str(value) for name, value in headers.items()}
        if isinstance(headers, Mapping)
        else {},
    )


def _file_state(state: object) -> FileState:
    if state == "deleted":
        return FileState.FAILED  # It can be used as little as one that failed.
    try:
        return FileState(str(state))
    except ValueError:
        return FileState.PENDING
