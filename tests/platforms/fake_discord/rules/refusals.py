"""API errors: status, error code, and for invalid forms the tree of fields."""

from typing import Any

#: code → status and text
_KNOWN: dict[int, tuple[int, str]] = {
    0: (401, "401: Unauthorized"),
    10002: (404, "Unknown Application"),
    10003: (404, "Unknown Channel"),
    10004: (404, "Unknown Guild"),
    10007: (404, "Unknown Member"),
    10008: (404, "Unknown Message"),
    10013: (404, "Unknown User"),
    10014: (400, "Unknown Emoji"),
    10015: (404, "Unknown Webhook"),
    10062: (404, "Unknown interaction"),
    10063: (404, "Unknown application command"),
    20012: (403, "You are not authorized to perform this action on this application"),
    30010: (400, "Maximum number of reactions reached (20)"),
    30034: (400, "Max number of daily application command creates has been reached (200)"),
    40005: (413, "Request entity too large"),
    40060: (400, "Interaction has already been acknowledged."),
    40094: (400, "This interaction has reached its maximum number of follow-up messages"),
    50001: (403, "Missing Access"),
    50005: (403, "Cannot edit a message authored by another user"),
    50006: (400, "Cannot send an empty message"),
    50007: (403, "Cannot send messages to this user"),
    50008: (400, "Cannot send messages in a non-text channel"),
    50013: (403, "Missing Permissions"),
    50024: (400, "Cannot execute action on this channel type"),
    50027: (401, "Invalid Webhook Token"),
    50033: (400, "Invalid Recipient(s)"),
    50035: (400, "Invalid Form Body"),
    50083: (400, "Thread is archived"),
    50109: (400, "The request body contains invalid JSON."),
    50278: (403, "Cannot send messages to this user due to having no mutual guilds"),
    160002: (400, "Cannot reply without permission to read message history"),
}


class Refusal(Exception):
    """The service refuses the request."""

    def __init__(self, code: int, *, errors: dict[str, Any] | None = None) -> None:
        self.code = code
        self.status, self.message = _KNOWN[code]
        self.errors = errors
        super().__init__(f"{self.status} {code}: {self.message} {errors or ''}".strip())

    def body(self) -> dict[str, Any]:
        answer: dict[str, Any] = {"message": self.message, "code": self.code}
        return answer if self.errors is None else {**answer, "errors": self.errors}


class FormErrors:
    """Everything that is wrong with one form, each at its field."""

    def __init__(self) -> None:
        self._tree: dict[str, Any] = {}

    def __bool__(self) -> bool:
        return bool(self._tree)

    def add(self, path: tuple[str | int, ...], code: str, message: str) -> None:
        node = self._tree
        for step in path:
            node = node.setdefault(str(step), {})
        node.setdefault("_errors", []).append({"code": code, "message": message})

    def length(self, path: tuple[str | int, ...], text: str, *, least: int = 0, most: int) -> None:
        """Complain where a text's characters are too few or too many."""
        if least and not text:
            self.add(path, "BASE_TYPE_REQUIRED", "This field is required")
        else:
            self.add_size(path, len(text), least=least, most=most)

    def count(self, path: tuple[str | int, ...], items: list[Any], *, least: int = 0, most: int) -> None:
        """Complain where a list's items are too few or too many."""
        self.add_size(path, len(items), least=least, most=most)

    def add_size(self, path: tuple[str | int, ...], size: int, *, least: int, most: int) -> None:
        """Complain in the service's words, which name one bound or both."""
        if size > most and not least:
            self.add(path, "BASE_TYPE_MAX_LENGTH", f"Must be {most} or fewer in length.")
        elif not least <= size <= most:
            self.add(path, "BASE_TYPE_BAD_LENGTH", f"Must be between {least} and {most} in length.")

    def settle(self) -> None:
        """Refuse the form when anything is wrong with it."""
        if self._tree:
            raise Refusal(50035, errors=self._tree)
