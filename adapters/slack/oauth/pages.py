"""What people see in the browser while they install the app, in our words."""

import base64
import hashlib
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from string import Template
from urllib.parse import urlencode

from adapters.slack.oauth.manifest import INSTALL_PATH

_FOLDER = Path(__file__).parent
_PAGE = Template((_FOLDER / "page.html").read_text("utf-8"))
_STYLE = (_FOLDER / "page.css").read_text("utf-8")

#: nothing but our own style; the address of the page may hold a code, so nobody learns it
HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": "default-src 'none'; "
    f"style-src 'sha256-{base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()}'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex",
}

_EXAMPLE = "<code>/imagine a red fox in the snow</code>"
#: what went wrong, by the name that Slack or bolt has for it
_REASONS: Mapping[str, str] = {
    "access_denied": "You did not allow it, so nothing was installed.",
    "invalid_browser": "This is not the browser in which it began, or it keeps no cookies for this page.",
    "invalid_state": "This took longer than ten minutes, or the page was opened a second time.",
    "missing_code": "Slack sent no code along.",
    "invalid_code": "Slack does not know this code (any more).",
    "storage_error": "The studio is out of reach for a moment.",
    "unreachable": "Slack, or the studio, is out of reach for a moment.",
}


def install_page(url: str) -> str:
    return _page(
        "Bring Reverie into your Slack",
        (
            f"It turns words into pictures and videos: people type {_EXAMPLE}, and 🎬 makes them move.",
            "Slack shows what it may do before you allow it.",
            "It takes in only messages that mention it; it may read others to find its own after a crash.",
        ),
        ("Add to Slack", url),
    )


def installed_page(*, name: str | None, team: str | None, app: str | None, needs_budget: bool) -> str:
    """The app is in; `needs_budget` where whoever runs the bot has to give every workspace its budget."""
    lines = [
        f"Invite it into a channel with <code>/invite @Reverie</code>, then type {_EXAMPLE}.",
        "Its Home tab shows quota, jobs and history.",
    ]
    if needs_budget:
        lines.append(
            "Before the first picture whoever runs this bot has to give the workspace a budget"
            + (f": <code>reverie quota set slack:{escape(team)} 20</code>" if team else "")
            + "."
        )
    where = (
        f"https://slack.com/app_redirect?{urlencode({'app': app, 'team': team})}" if app and team else None
    )
    return _page(
        f"Reverie is in {escape(name)}" if name else "Reverie is installed",
        lines,
        ("Open it in Slack", where) if where else None,
    )


def failed_page(reason: str) -> str:
    # What Slack calls a reason that we do not know comes from the address of the page: anybody's text.
    told = _REASONS.get(reason, "Slack did not say why in words that are known here.")
    return _page("This did not work", (told, "Nothing was changed."), ("Try again", INSTALL_PATH))


def _page(title: str, lines: Sequence[str], link: tuple[str, str] | None) -> str:
    return _PAGE.substitute(
        title=title,
        style=_STYLE,
        text="\n".join(f"<p>{line}</p>" for line in lines),
        link=f'<p><a href="{escape(link[1])}">{link[0]}</a></p>' if link else "",
    )
