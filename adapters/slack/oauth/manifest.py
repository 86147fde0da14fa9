"""The app manifest: commands, shortcuts, scopes and events. `deploy/slack-manifest.json` is its output.

`python -m adapters.slack.oauth.manifest` prints the one for Socket Mode; with a URL as its argument, such as
`https://bot.example.org`, the one for HTTP and many workspaces.
"""

import json
import sys
from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Any

from adapters.slack.messages.option_fields import native_on_slack
from bot.domain.commands import CATALOGUE, Command

EVENTS_PATH, INSTALL_PATH, REDIRECT_PATH = "/slack/events", "/slack/install", "/slack/oauth_redirect"

#: callback id of the global shortcut, which opens a modal for any command
GLOBAL_SHORTCUT = "reverie_create"

#: bot scopes, each with its purpose
SCOPES: Mapping[str, str] = {
    "app_mentions:read": "commands in threads, where Slack has no slash commands",
    "channels:history": "after a crash: check whether a card was posted, before it is posted again",
    "channels:read": "check that the bot is in the channel, before money is spent",
    "chat:write": "cards",
    "commands": "slash commands and shortcuts",
    "files:read": "pictures and videos that people upload",
    "files:write": "results",
    "groups:history": "the same as for channels, in private ones",
    "groups:read": "the same as for channels, in private ones",
    "im:history": "the same as for channels, in direct messages",
    "im:read": "the same as for channels, in direct messages",
    "im:write": 'private results, and results sent with "Send to me"',
    "mpim:history": "the same as for channels, in group messages",
    "mpim:read": "the same as for channels, in group messages",
    "reactions:read": "reactions to a result",
    "usergroups:read": "quotas of user groups",
    "users:read": "who is an admin, and people's names",
}
EVENTS = (
    "app_home_opened",
    "app_mention",
    "app_uninstalled",
    "reaction_added",
    "tokens_revoked",
)


class MessageShortcut(StrEnum):
    """A shortcut in the menu of a message; the value is its callback id. Slack shows five of an app."""

    ANIMATE = "reverie_animate"
    REFRAME = "reverie_reframe"
    EXTEND = "reverie_extend"
    VARIATION = "reverie_variation"
    DETAILS = "reverie_details"


_SHORTCUTS: Mapping[MessageShortcut, tuple[str, str]] = {
    MessageShortcut.ANIMATE: ("Animate", "Turn this picture into a video"),
    MessageShortcut.REFRAME: ("Reframe", "Change the aspect ratio of this picture or video"),
    MessageShortcut.EXTEND: ("Extend", "Continue this video"),
    MessageShortcut.VARIATION: ("Variation", "Create a variation of this picture"),
    MessageShortcut.DETAILS: ("Details", "Show how this was made, with all its buttons"),
}

Document = dict[str, Any]


def manifest(public_url: str | None = None) -> Document:
    """The manifest for Socket Mode, or for HTTP with a public URL."""
    events = {} if public_url is None else {"request_url": f"{public_url}{EVENTS_PATH}"}
    interactivity = (
        {} if public_url is None else {**events, "message_menu_options_url": events["request_url"]}
    )
    return {
        "display_information": {
            "name": "Reverie",
            "description": "Create pictures and videos from text with Luma Dream Machine",
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
        "callback_id": GLOBAL_SHORTCUT,
        "description": "Create a picture or a video",
    }
    for shortcut, (name, text) in _SHORTCUTS.items():
        yield {"name": name, "type": "message", "callback_id": shortcut.value, "description": text}


def _commands(public_url: str | None) -> Iterator[Document]:
    url = {} if public_url is None else {"url": f"{public_url}{EVENTS_PATH}"}
    yield {
        "command": "/reverie",
        "description": "All commands of the bot; /reverie help lists them with prices",
        "usage_hint": "help",
        # Users and channels are sent with their ids, so that a mention is unambiguous.
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
    """The command's example without its name."""
    return command.example.removeprefix(f"/{command.name}").strip()


def manifest_json(public_url: str | None = None) -> str:
    """The manifest as JSON, which Slack accepts as it is, also in place of YAML."""
    return json.dumps(manifest(public_url), indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    sys.stdout.write(manifest_json(*(url.rstrip("/") for url in sys.argv[1:2])))
