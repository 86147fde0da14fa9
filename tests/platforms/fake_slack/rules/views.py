"""Limits on modals and Home tabs."""

import json

from tests.platforms.fake_slack.rules.blocks import IN_VIEW, FileCheck, check_blocks
from tests.platforms.fake_slack.rules.elements import check_text
from tests.platforms.fake_slack.rules.refusals import FormErrors, Json, Refusal

_TITLE = 24
_CALLBACK_ID, _EXTERNAL_ID, _METADATA = 255, 255, 3000
_BYTES = 250_000


def check_view(view: Json, *, kind: str, shows: FileCheck) -> None:
    """Refuse a view that the service would not open, or not of this kind."""
    if len(json.dumps(view)) > _BYTES:
        raise Refusal("view_too_large")
    errors = FormErrors()
    if view.get("type") != kind:
        errors.add(f"expected a {kind} view", "/view/type")
    blocks = view.get("blocks")
    if not isinstance(blocks, list):
        errors.add("missing required field: blocks", "/view")
        blocks = []
    for name, most in (
        ("callback_id", _CALLBACK_ID),
        ("external_id", _EXTERNAL_ID),
        ("private_metadata", _METADATA),
    ):
        errors.length(view.get(name) or "", f"/view/{name}", most=most, least=0)
    if kind == "modal":
        _check_modal(view, blocks, errors)
    check_blocks(blocks, errors, most=IN_VIEW, shows=shows)
    errors.settle("invalid_arguments")


def _check_modal(view: Json, blocks: list[Json], errors: FormErrors) -> None:
    check_text(view.get("title"), "/view/title", errors, most=_TITLE, plain=True)
    for name in ("submit", "close"):
        if view.get(name):
            check_text(view[name], f"/view/{name}", errors, most=_TITLE, plain=True)
    if any(block.get("type") == "input" for block in blocks) and not view.get("submit"):
        errors.add("`submit` is required when an input block is in the view", "/view/submit")
