"""Validates a message before it is posted or edited."""

import json
from dataclasses import dataclass, field
from typing import Any

from tests.platforms.fake_slack.rules.blocks import IN_MESSAGE, FileCheck, check_blocks
from tests.platforms.fake_slack.rules.refusals import FormErrors, Json, Refusal

TEXT = 40_000
#: characters of all texts in all blocks of a message; beyond it the service finds the blocks too long
BLOCKS_TEXT = 13_200
_METADATA = 8000


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What a call names of a message; what it does not name is absent, not empty."""

    text: str | None = None
    blocks: list[Json] | None = None
    metadata: Json | None = None
    attachments: list[Json] | None = None
    unfurl: dict[str, bool] = field(default_factory=dict)

    @property
    def is_empty(self) -> bool:
        return not (self.text or self.blocks or self.attachments)

    def check(self, *, shows: FileCheck) -> None:
        """Refuse what the service would."""
        if self.is_empty:
            raise Refusal("no_text")
        if len(self.text or "") > TEXT:
            raise Refusal("msg_too_long")
        blocks = self.blocks or []
        errors = FormErrors()
        check_blocks(blocks, errors, most=IN_MESSAGE, shows=shows)
        errors.settle("invalid_blocks")
        if sum(len(text) for text in _texts(blocks)) > BLOCKS_TEXT:
            raise Refusal("msg_blocks_too_long")
        self._check_metadata()

    def _check_metadata(self) -> None:
        if not self.metadata:
            return
        payload = self.metadata.get("event_payload")
        if not isinstance(self.metadata.get("event_type"), str) or not isinstance(payload, dict):
            raise Refusal("invalid_metadata_format")
        if any(isinstance(value, dict) for value in payload.values()):
            raise Refusal("invalid_metadata_schema")
        if len(json.dumps(self.metadata)) > _METADATA:
            raise Refusal("metadata_too_large")


def _texts(part: Any) -> list[str]:
    """Return what is read in blocks, at whatever depth."""
    if isinstance(part, list):
        return [text for each in part for text in _texts(each)]
    if isinstance(part, dict):
        own = [part["text"]] if isinstance(part.get("text"), str) else []
        return own + [text for value in part.values() if not isinstance(value, str) for text in _texts(value)]
    return []
