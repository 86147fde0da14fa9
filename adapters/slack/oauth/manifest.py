"""The app as Slack is to make it, in one paste; `deploy/slack-manifest.yaml` is this, written down.

`python -m adapters.slack.oauth.manifest` writes the one for Socket Mode; with an address behind it, such as
`https://bot.example.org`, the one for HTTP and many workspaces.
"""

import json
import sys
from collections.abc import Iterator, Mapping
from typing import Any

from adapters.slack.events.menu_entries import CREATE_SHORTCUT, MessageShortcut
from adapters.slack.messages.option_fields import native_on_slack
from bot.domain.commands import CATALOGUE, Command

EVENTS_PATH, INSTALL_PATH, REDIRECT_PATH = "/slack/events", "/slack/install", "/slack/oauth_redirect"

#: what the bot may do, each with what it is for
SCOPES: Mapping[str, str] = {
    "app_mentions:read": "commands inside threads, where slash commands do not work",
    "channels:history": "after a crash: look whether a card is there before it is posted again",
    "channels:read": "whether the bot is in the channel, before money is spent",
    "chat:write": "cards",
    "commands": "slash commands and shortcuts",
    "files:read": "pictures and videos that people send along",
    "files:write": "results",
    "groups:history": "the same as for channels, in private ones",
    "groups:read": "the same as for channels, in private ones",
    "im:history": "the same as for channels, in direct messages",
    "im:read": "the same as for channels, in direct messages",
    "im:write": "private results, and what is sent to somebody",
    "mpim:history": "the same as for channels, in group messages",
    "mpim:read": "the same as for channels, in group messages",
    "reactions:read": "reactions under a result",
    "usergroups:read": "quotas by user group",
    "users:read": "who is an admin, and what people are called",
}
EVENTS = (
    "app_home_opened",
    "app_mention",
    "app_uninstalled",
    "reaction_added",
    "tokens_revoked",
)
_SHORTCUTS: Mapping[MessageShortcut, tuple[str, str]] = {
    MessageShortcut.ANIMATE: ("Animate", "Turn this picture into a video"),
    MessageShortcut.REFRAME: ("Reframe", "Put this picture or video into a new frame"),
    MessageShortcut.EXTEND: ("Extend", "Go on from this video"),
    MessageShortcut.VARIATION: ("Variation", "Make something like this"),
    MessageShortcut.DETAILS: ("Details", "Show how this was made, and all that can be done with it"),
}

#: what JSON and YAML can say
Document = dict[str, Any]


def manifest(public_url: str | None = None) -> Document:
    """Describe the app: in Socket Mode, or over HTTP where it is reached at a public URL."""
    events = {} if public_url is None else {"request_url": f"{public_url}{EVENTS_PATH}"}
    interactivity = (
        {} if public_url is None else {**events, "message_menu_options_url": events["request_url"]}
    )
    return {
        "display_information": {
            "name": "Reverie",
            "description": "Pictures and videos from words, with Luma Dream Machine",
            "background_color": "#2b2140",
        },
        "features": {
            "app_home": {
                "home_tab_enabled": True,
                "messages_tab_enabled": True,
                "messages_tab_read_only_enabled": False,
            },
            "bot_user": {"display_name": "Reverie", "always_online": True},
            "shortcuts": list(_shortcuts()),
            "slash_commands": list(_commands(public_url)),
        },
        "oauth_config": {
            **({} if public_url is None else {"redirect_urls": [f"{public_url}{REDIRECT_PATH}"]}),
            "scopes": {"bot": list(SCOPES)},
        },
        "settings": {
            "event_subscriptions": {**events, "bot_events": list(EVENTS)},
            "interactivity": {"is_enabled": True, **interactivity},
            "org_deploy_enabled": public_url is not None,
            "socket_mode_enabled": public_url is None,
            "token_rotation_enabled": False,
        },
    }


def _shortcuts() -> Iterator[Document]:
    yield {
        "name": "Create with Reverie",
        "type": "global",
        "callback_id": CREATE_SHORTCUT,
        "description": "Make a picture or a video",
    }
    for menu, (name, about) in _SHORTCUTS.items():
        yield {"name": name, "type": "message", "callback_id": menu.value, "description": about}


def _commands(public_url: str | None) -> Iterator[Document]:
    url = {} if public_url is None else {"url": f"{public_url}{EVENTS_PATH}"}
    yield {
        "command": "/reverie",
        "description": "Everything that the bot can do; /reverie help shows it with prices",
        "usage_hint": "help",
        # People and channels arrive as their ids, so that a member can be named whatever they are called.
        "should_escape": True,
        **url,
    }
    for command in CATALOGUE.values():
        if native_on_slack(command):
            hint = _hint(command)
            yield {
                "command": f"/{command.name}",
                "description": command.description,
                **({"usage_hint": hint} if hint else {}),
                "should_escape": True,
                **url,
            }


def _hint(command: type[Command]) -> str:
    """What may follow the name: the rest of the command's own example."""
    return command.example.removeprefix(f"/{command.name}").strip()


def as_yaml(document: Mapping[str, Any]) -> str:
    """Write plain keys, and values as JSON, which YAML reads as its own."""
    return "".join(f"{line}\n" for line in _lines(document, ""))


def _lines(value: Mapping[str, Any], indent: str) -> Iterator[str]:
    for key, inner in value.items():
        if isinstance(inner, Mapping):
            yield f"{indent}{key}:"
            yield from _lines(inner, f"{indent}  ")
        elif isinstance(inner, list):
            yield f"{indent}{key}:"
            for item in inner:
                yield from _item(item, indent)
        else:
            yield f"{indent}{key}: {_scalar(inner)}"


def _item(item: Any, indent: str) -> Iterator[str]:
    if not isinstance(item, Mapping):
        yield f"{indent}  - {_scalar(item)}"
        return
    for number, line in enumerate(_lines(item, "")):
        yield f"{indent}  {'  ' if number else '- '}{line}"


def _scalar(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


if __name__ == "__main__":
    sys.stdout.write(as_yaml(manifest(*(url.rstrip("/") for url in sys.argv[1:2]))))
