"""The HTML pages of the installation."""

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

#: only our own style is loaded; the page's URL may contain a code, so it is never sent as a referrer
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
#: what went wrong, by the reason of Slack or bolt
_REASONS: Mapping[str, str] = {
    "access_denied": "You did not allow it, so nothing was installed.",
    "invalid_browser": "This is not the browser in which the installation began, or it blocks cookies.",
    "invalid_state": "This took longer than ten minutes, or the page was opened twice.",
    "missing_code": "Slack sent no code.",
    "invalid_code": "Slack does not accept this code any more.",
    "storage_error": "Reverie is temporarily unavailable.",
    "unreachable": "Slack or Reverie is temporarily unavailable.",
}


def install_page(url: str) -> str:
    return _page(
        "Add Reverie to Slack",
        (
            f"Reverie creates pictures and videos from text: type {_EXAMPLE}, then animate it with 🎬.",
            "Slack lists the permissions before you allow them.",
            "Reverie only handles messages that mention it, and after a crash may search for its own.",
        ),
        ("Add to Slack", url),
    )


def installed_page(*, name: str | None, team: str | None, app: str | None, needs_budget: bool) -> str:
    """The app is installed; `needs_budget` where the operator has to give the workspace a budget."""
    lines = [
        f"Invite the bot to a channel with <code>/invite @Reverie</code>, then type {_EXAMPLE}.",
        "The app's Home tab shows your quota, jobs and history.",
    ]
    if needs_budget:
        lines.append(
            "Before the first picture, the operator of this bot has to give the workspace a budget"
            + (f": <code>reverie quota set slack:{escape(team)} 20</code>" if team else "")
            + "."
        )
    url = f"https://slack.com/app_redirect?{urlencode({'app': app, 'team': team})}" if app and team else None
    return _page(
        f"Reverie is installed in {escape(name)}" if name else "Reverie is installed",
        lines,
        ("Open in Slack", url) if url else None,
    )


def failed_page(reason: str) -> str:
    # An unknown reason comes from the page's URL and may be anybody's text, so it is not shown.
    text = _REASONS.get(reason, "Slack gave no reason that is known here.")
    return _page("Installation failed", (text, "Nothing was changed."), ("Try again", INSTALL_PATH))


def _page(title: str, lines: Sequence[str], link: tuple[str, str] | None) -> str:
    return _PAGE.substitute(
        title=title,
        style=_STYLE,
        text="\n".join(f"<p>{line}</p>" for line in lines),
        link=f'<p><a href="{escape(link[1])}">{link[0]}</a></p>' if link else "",
    )
