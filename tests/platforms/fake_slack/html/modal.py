"""Renders a modal as HTML from its blocks, similar to Slack's client."""

from html import escape
from pathlib import Path

from tests.platforms.fake_slack.html.page import LABEL, block_html, text_html
from tests.platforms.fake_slack.rules.refusals import Json
from tests.platforms.fake_slack.state.views import View

_STYLES = [Path(__file__).with_name(name).read_text(encoding="utf-8") for name in ("page.css", "modal.css")]


def modal_page(view: View) -> str:
    """Draw a modal. The options of a select are listed where they have descriptions."""
    told = view.told
    buttons = "".join(
        f'<button class="{kind}">{text_html(told[name])}</button>'
        for name, kind in (("close", ""), ("submit", "primary"))
        if name in told
    )
    content = "".join(_block(block) for block in view.blocks)
    return (
        f'<!doctype html><meta charset="utf-8"><style>{"".join(_STYLES)}</style>'
        f'<main><p class="label">{LABEL}</p><section class="modal"><h1>{text_html(told["title"])}</h1>'
        f"{content}<footer>{buttons}</footer></section></main>"
    )


def _block(block: Json) -> str:
    if block["type"] != "input":
        return block_html(block, {})
    optional = " (optional)" if block.get("optional") else ""
    hint = f"<small>{text_html(block['hint'])}</small>" if "hint" in block else ""
    return f"<label>{text_html(block['label'])}{optional}{_element(block['element'])}{hint}</label>"


def _element(element: Json) -> str:
    if element["type"] == "file_input":
        return '<div class="box">Add a file</div>'
    if element["type"] == "checkboxes":
        return "".join(f"<div>☐ {text_html(option['text'])}</div>" for option in element["options"])
    chosen = element.get("initial_option") or next(iter(element.get("initial_options") or ()), None)
    told = text_html(chosen["text"]) if chosen else escape(str(element.get("initial_value") or ""))
    placeholder = text_html(element["placeholder"]) if "placeholder" in element else ""
    sign = " ⌄" if element["type"].endswith("_select") else ""
    shown = f'<div class="box">{told or f"<i>{placeholder}</i>"}{sign}</div>'
    described = [one for one in element.get("options", ()) if "description" in one]
    return shown + "".join(
        f"<div class='choice'>{text_html(one['text'])}<small>{text_html(one['description'])}</small></div>"
        for one in described
    )
