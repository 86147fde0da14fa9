"""Limits on interactive elements."""

from collections.abc import Callable
from typing import Any

from tests.platforms.fake_slack.rules.refusals import FormErrors, Json

_ACTION_ID = 255
_LABEL, _VALUE, _URL = 75, 2000, 3000
_OPTION_VALUE, _PLACEHOLDER = 150, 150
_INPUT = 3000
OPTIONS = 100
_FILES = 10
_CONFIRM = {"title": 100, "text": 300, "confirm": 30, "deny": 30}


def check_text(text: Any, at: str, errors: FormErrors, *, most: int, plain: bool = False) -> None:
    """Complain about a text object that is none, says nothing or says too much."""
    kinds = ("plain_text",) if plain else ("plain_text", "mrkdwn")
    if not isinstance(text, dict) or text.get("type") not in kinds:
        errors.add(f"must be a {' or '.join(kinds)} object", at)
    else:
        errors.length(str(text.get("text") or ""), f"{at}/text", most=most)


def check_options(
    options: list[Json], at: str, errors: FormErrors, *, most: int, least: int = 1, plain: bool = True
) -> None:
    errors.count(options, at, most=most, least=least)
    for index, option in enumerate(options):
        check_text(option.get("text"), f"{at}/{index}/text", errors, most=_LABEL, plain=plain)
        errors.length(str(option.get("value") or ""), f"{at}/{index}/value", most=_OPTION_VALUE)
        if option.get("description"):
            check_text(option["description"], f"{at}/{index}/description", errors, most=_LABEL, plain=plain)


def check_element(element: Json, at: str, errors: FormErrors) -> None:
    """Complain about one thing that people use; what it is decides what it may hold."""
    kind = str(element.get("type"))
    if kind == "image":
        return
    errors.length(element.get("action_id") or "", f"{at}/action_id", most=_ACTION_ID)
    if element.get("placeholder"):
        check_text(element["placeholder"], f"{at}/placeholder", errors, most=_PLACEHOLDER, plain=True)
    for part, most in _CONFIRM.items():
        if element.get("confirm"):
            check_text(element["confirm"].get(part), f"{at}/confirm/{part}", errors, most=most)
    check = _CHECKS.get(kind)
    if check is not None:
        check(element, at, errors)


def _button(element: Json, at: str, errors: FormErrors) -> None:
    check_text(element.get("text"), f"{at}/text", errors, most=_LABEL, plain=True)
    errors.length(str(element.get("value") or ""), f"{at}/value", most=_VALUE, least=0)
    errors.length(str(element.get("url") or ""), f"{at}/url", most=_URL, least=0)
    if element.get("style") not in (None, "primary", "danger"):
        errors.add("must be one of primary, danger", f"{at}/style")


def _select(element: Json, at: str, errors: FormErrors) -> None:
    groups, options = element.get("option_groups"), element.get("options")
    if (groups is None) == (options is None):
        errors.add("provide either options or option_groups", at)
        return
    if groups is not None:
        errors.count(groups, f"{at}/option_groups", most=OPTIONS)
        for index, group in enumerate(groups):
            where = f"{at}/option_groups/{index}"
            check_text(group.get("label"), f"{where}/label", errors, most=_LABEL, plain=True)
            check_options(group.get("options") or [], f"{where}/options", errors, most=OPTIONS)
    else:
        check_options(options or [], f"{at}/options", errors, most=OPTIONS)
    _initial(element, at, errors)


def _few(most: int) -> Callable[[Json, str, FormErrors], None]:
    def check(element: Json, at: str, errors: FormErrors) -> None:
        check_options(element.get("options") or [], f"{at}/options", errors, most=most, plain=False)
        _initial(element, at, errors)

    return check


def _initial(element: Json, at: str, errors: FormErrors) -> None:
    """Complain about a choice made beforehand that is not offered; the whole option has to be the same."""
    chosen = element.get("initial_options") or [element.get("initial_option")]
    for option in chosen:
        if option is not None and option not in offered(element):
            errors.add("initial option is not one of the options", f"{at}/initial_option")


def offered(element: Json) -> list[Json]:
    """Return the options of all groups."""
    grouped = [each for group in element.get("option_groups") or [] for each in group.get("options") or []]
    return [*(element.get("options") or []), *grouped]


def _external(element: Json, at: str, errors: FormErrors) -> None:
    chosen = element.get("initial_option")
    if chosen is not None:
        check_options([chosen], f"{at}/initial_option", errors, most=1)


def _text_input(element: Json, at: str, errors: FormErrors) -> None:
    for bound in ("min_length", "max_length"):
        if element.get(bound) is not None and not 0 <= element[bound] <= _INPUT:
            errors.add(f"must be between 0 and {_INPUT}", f"{at}/{bound}")
    errors.length(
        element.get("initial_value") or "",
        f"{at}/initial_value",
        most=element.get("max_length", _INPUT),
        least=0,
    )


def _files(element: Json, at: str, errors: FormErrors) -> None:
    if not 1 <= element.get("max_files", 1) <= _FILES:
        errors.add(f"must be between 1 and {_FILES}", f"{at}/max_files")


_CHECKS: dict[str, Callable[[Json, str, FormErrors], None]] = {
    "button": _button,
    "static_select": _select,
    "multi_static_select": _select,
    "external_select": _external,
    "multi_external_select": _external,
    "overflow": _few(5),
    "radio_buttons": _few(10),
    "checkboxes": _few(10),
    "plain_text_input": _text_input,
    "file_input": _files,
}
