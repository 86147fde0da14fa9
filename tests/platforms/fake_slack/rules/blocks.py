"""Limits on blocks that the published schemas do not contain."""

from collections.abc import Callable, Iterator

from tests.platforms.fake_slack.rules.elements import check_element, check_text
from tests.platforms.fake_slack.rules.refusals import FormErrors, Json

IN_MESSAGE, IN_VIEW = 50, 100
_BLOCK_ID = 255
_FIELDS = 10
_TEXT, _FIELD, _HEADER, _LABEL, _ALT, _MARKDOWN = 3000, 2000, 150, 2000, 2000, 12_000
_IN_ACTIONS, _IN_CONTEXT = 25, 10
_URL = 3000

#: asks whether a picture of the service's own can be shown by now; its answer is the complaint
FileCheck = Callable[[Json], str | None]


def elements(blocks: list[Json]) -> Iterator[tuple[Json, Json]]:
    """Yield everything that can be used, with the block that it stands in."""
    for block in blocks:
        found = [*(block.get("elements") or []), block.get("accessory"), block.get("element")]
        for element in found:
            if isinstance(element, dict) and "action_id" in element:
                yield block, element


def check_blocks(blocks: list[Json], errors: FormErrors, *, most: int, shows: FileCheck) -> None:
    """Complain about what the service would not show."""
    errors.count(blocks, "/blocks", most=most, least=0)
    seen: set[str] = set()
    for index, block in enumerate(blocks):
        at = f"/blocks/{index}"
        block_id = block.get("block_id") or ""
        errors.length(block_id, f"{at}/block_id", most=_BLOCK_ID, least=0)
        if block_id and block_id in seen:
            errors.add(f"`block_id` {block_id} already exists for another block", f"{at}/block_id")
        seen.add(block_id)
        check = _CHECKS.get(str(block.get("type")))
        if check is None:
            errors.add(f"unsupported type: {block.get('type')}", f"{at}/type")
            continue
        check(block, at, errors)
        _check_pictures(block, at, errors, shows)
        _check_ids(block, at, errors)


def _section(block: Json, at: str, errors: FormErrors) -> None:
    fields = block.get("fields") or []
    if not block.get("text") and not fields:
        errors.add("missing required field: text", at)
    if block.get("text"):
        check_text(block["text"], f"{at}/text", errors, most=_TEXT)
    errors.count(fields, f"{at}/fields", most=_FIELDS, least=0)
    for index, text in enumerate(fields):
        check_text(text, f"{at}/fields/{index}", errors, most=_FIELD)
    if block.get("accessory"):
        check_element(block["accessory"], f"{at}/accessory", errors)


def _actions(block: Json, at: str, errors: FormErrors) -> None:
    errors.count(block.get("elements") or [], f"{at}/elements", most=_IN_ACTIONS)
    for index, element in enumerate(block.get("elements") or []):
        check_element(element, f"{at}/elements/{index}", errors)


def _context(block: Json, at: str, errors: FormErrors) -> None:
    errors.count(block.get("elements") or [], f"{at}/elements", most=_IN_CONTEXT)
    for index, element in enumerate(block.get("elements") or []):
        if element.get("type") != "image":
            check_text(element, f"{at}/elements/{index}", errors, most=_TEXT)


def _header(block: Json, at: str, errors: FormErrors) -> None:
    check_text(block.get("text"), f"{at}/text", errors, most=_HEADER, plain=True)


def _image(block: Json, at: str, errors: FormErrors) -> None:
    if block.get("title"):
        check_text(block["title"], f"{at}/title", errors, most=_LABEL, plain=True)


def _input(block: Json, at: str, errors: FormErrors) -> None:
    check_text(block.get("label"), f"{at}/label", errors, most=_LABEL, plain=True)
    if block.get("hint"):
        check_text(block["hint"], f"{at}/hint", errors, most=_LABEL, plain=True)
    if isinstance(block.get("element"), dict):
        check_element(block["element"], f"{at}/element", errors)
    else:
        errors.add("missing required field: element", at)


def _markdown(block: Json, at: str, errors: FormErrors) -> None:
    errors.length(block.get("text") or "", f"{at}/text", most=_MARKDOWN)


def _nothing(_block: Json, _at: str, _complaints: FormErrors) -> None:
    """Its structure says everything."""


_CHECKS: dict[str, Callable[[Json, str, FormErrors], None]] = {
    "section": _section,
    "actions": _actions,
    "context": _context,
    "header": _header,
    "image": _image,
    "input": _input,
    "markdown": _markdown,
    "divider": _nothing,
    "rich_text": _nothing,
    "video": _nothing,
    "table": _nothing,
}


def _check_pictures(block: Json, at: str, errors: FormErrors, shows: FileCheck) -> None:
    inner = block.get("elements") or []
    places = [(at, block), (f"{at}/accessory", block.get("accessory"))]
    places += [(f"{at}/elements/{index}", element) for index, element in enumerate(inner)]
    for where, picture in places:
        if isinstance(picture, dict) and picture.get("type") == "image":
            _check_picture(picture, where, errors, shows)


def _check_picture(picture: Json, at: str, errors: FormErrors, shows: FileCheck) -> None:
    errors.length(picture.get("alt_text") or "", f"{at}/alt_text", most=_ALT)
    url, file = picture.get("image_url"), picture.get("slack_file")
    if (url is None) == (file is None):
        errors.add("provide either image_url or slack_file", at)
    elif url is not None:
        errors.length(url, f"{at}/image_url", most=_URL)
        if not url.startswith(("https://", "http://")):
            errors.add("invalid url", f"{at}/image_url")
    else:
        assert file is not None
        wrong = shows(file)
        if wrong is not None:
            errors.add(wrong, f"{at}/slack_file")


def _check_ids(block: Json, at: str, errors: FormErrors) -> None:
    found = [element["action_id"] for _, element in elements([block])]
    for action_id in {each for each in found if found.count(each) > 1}:
        errors.add(f"`action_id` {action_id} already exists for another element", at)
