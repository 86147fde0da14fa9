"""The page for people: recent generations, pending faults and use of each key. It has no scripts."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from html import escape
from http import HTTPStatus
from typing import Any

from starlette.responses import HTMLResponse

from simulator.formats import GenerationState
from simulator.generations.accounts import MICROUSD_PER_CENT
from simulator.generations.generation import Generation
from simulator.generations.usage_stats import LaneUsage

_POLICY = "default-src 'none'; img-src 'self'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
_REFRESH_S = 5

_STYLE = """
:root { color-scheme: light dark; --line: #8884; --soft: #8882 }
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 72rem; padding: 0 1rem }
h1 { font-size: 1.5rem } h2 { font-size: 1.05rem; margin-top: 2rem }
.cards { display: grid; gap: 1rem; grid-template-columns: repeat(auto-fill, minmax(15rem, 1fr)); padding: 0 }
.cards li { border: 1px solid var(--line); border-radius: .6rem; list-style: none; overflow: hidden }
.cards img, .cards .blank { aspect-ratio: 16 / 9; background: var(--soft); display: block; width: 100%;
  object-fit: contain }
.cards .blank { display: grid; font-size: .85rem; place-content: center }
.cards p { margin: .4rem .7rem; overflow-wrap: anywhere } .cards .small { font-size: .8rem; opacity: .75 }
table { border-collapse: collapse }
td, th { border-bottom: 1px solid var(--line); padding: .2rem 1rem .2rem 0; text-align: left }
"""


def show_page(
    generations: Sequence[Generation],
    *,
    total: int,
    faults: Sequence[Mapping[str, Any]],
    usage: Sequence[LaneUsage],
    now: int,
    base_url: str,
) -> HTMLResponse:
    cards = "".join(_card(generation, now, base_url) for generation in generations) or "<p>Nothing yet.</p>"
    body = (
        "<h1>Dream Machine simulator</h1>"
        f"<p>The API is at <code>{escape(base_url)}/dream-machine/v1</code>; any key is an account.</p>"
        "<h2>Use</h2>"
        + _table(
            ("key", "lane", "created", "at once", "in a window"),
            [(u.account[:8], u.lane, u.created, u.concurrent, u.per_window) for u in usage],
        )
        + "<h2>Pending faults</h2>"
        + _table(
            ("fault", "on", "times", "match", "reason"),
            [(f["kind"], f["on"], f["times"], f["match"], f["reason"]) for f in faults],
        )
        + f"<h2>Generations, {len(generations)} of {total}, newest first</h2><ul class=cards>{cards}</ul>"
    )
    head = (
        f'<meta charset=utf-8><meta http-equiv=refresh content="{_REFRESH_S}">'
        '<meta name=viewport content="width=device-width">'
        f"<title>Dream Machine simulator</title><style>{_STYLE}</style>"
    )
    return HTMLResponse(
        f"<!doctype html><html lang=en><head>{head}</head><body>{body}</body></html>",
        HTTPStatus.OK,
        {
            "Content-Security-Policy": _POLICY,
            "Cache-Control": "no-store",
            "X-Content-Type-Options": "nosniff",
        },
    )


def _card(generation: Generation, now: int, base_url: str) -> str:
    state = generation.state(now)
    shown = "deleted" if generation.deleted_at is not None else state.value
    if state is GenerationState.COMPLETED and not generation.is_hidden:
        place = f"{base_url}/assets/{generation.id}"
        link, picture = (escape(f"{place}/{name}") for name in (generation.asset, generation.files["image"]))
        front = f'<a href="{link}"><img loading=lazy alt="{escape(generation.prompt)}" src="{picture}"></a>'
    else:
        front = f"<div class=blank>{escape(generation.failure_reason or shown)}</div>"
    at = datetime.fromtimestamp(generation.created_at / 1000, UTC).strftime("%H:%M:%S")
    size = (
        ""
        if generation.shape is None
        else f" · {generation.width}×{generation.height}, {generation.shape.duration_ms / 1000:g} s"
    )
    price = f"{generation.cost / MICROUSD_PER_CENT:.1f} ¢"
    return (
        f"<li>{front}<p>{escape(generation.prompt) or '<i>no prompt</i>'}</p>"
        f"<p class=small>{escape(shown)} · {escape(generation.model)}{size} · {price} · {at} UTC"
        f"{' · ' + escape(generation.fault) if generation.fault else ''}</p></li>"
    )


def _table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    if not rows:
        return "<p>None.</p>"
    titles = "".join(f"<th scope=col>{title}</th>" for title in head)
    lines = "".join(
        "<tr>" + "".join(f"<td>{escape('' if cell is None else str(cell))}</td>" for cell in row) + "</tr>"
        for row in rows
    )
    return f"<table><thead><tr>{titles}</tr></thead><tbody>{lines}</tbody></table>"
