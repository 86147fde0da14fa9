"""API errors: an error code, and for invalid blocks where the error is."""

from typing import Any

Json = dict[str, Any]


class Refusal(Exception):
    """The service refuses the request."""

    def __init__(self, error: str, *, messages: list[str] | None = None, **more: Any) -> None:
        self.error = error
        self.messages = messages or []
        self.more = more
        super().__init__(f"{error} {self.messages or ''}".strip())

    def body(self) -> Json:
        answer: Json = {"ok": False, "error": self.error, **self.more}
        if self.messages:
            answer |= {"errors": self.messages, "response_metadata": {"messages": self.messages}}
        return answer


class Limited(Exception):
    """Too often; come back after some seconds."""

    def __init__(self, retry_after_s: int) -> None:
        self.retry_after_s = retry_after_s
        super().__init__(f"limited for {retry_after_s} s")


class FormErrors:
    """Everything that is wrong with one form, each at its place."""

    def __init__(self) -> None:
        self.messages: list[str] = []

    def add(self, words: str, pointer: str) -> None:
        self.messages.append(f"[ERROR] {words} [json-pointer:{pointer}]")

    def length(self, text: str, pointer: str, *, most: int, least: int = 1) -> None:
        """Complain where a text's characters are too few or too many."""
        self._size(len(text), pointer, "characters", least=least, most=most)

    def count(self, items: list[Any], pointer: str, *, most: int, least: int = 1) -> None:
        """Complain where a list's items are too few or too many."""
        self._size(len(items), pointer, "items", least=least, most=most)

    def settle(self, error: str) -> None:
        """Refuse the form when anything is wrong with it."""
        if self.messages:
            raise Refusal(error, messages=self.messages)

    def _size(self, size: int, pointer: str, unit: str, *, least: int, most: int) -> None:
        if size > most:
            self.add(f"must be less than {most + 1} {unit}", pointer)
        elif size < least:
            self.add(f"must be more than {least - 1} {unit}", pointer)
