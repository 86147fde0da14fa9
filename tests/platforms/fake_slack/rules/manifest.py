"""The app's manifest: commands, shortcuts, scopes, events and URLs."""

import re
from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from tests.platforms.fake_slack.rules.refusals import Json

#: names that the service keeps to itself
# fmt: off
RESERVED = frozenset({
    "active", "apps", "archive", "away", "call", "collapse", "dm", "dnd", "expand", "feed", "feedback",
    "help", "invite", "invite_people", "join", "keys", "kick", "leave", "me", "msg", "mute", "open", "part",
    "prefs", "remind", "remove", "rename", "search", "shortcuts", "shrug", "star", "status", "sub", "topic",
    "who",
})
# fmt: on
_COMMAND = re.compile(r"/[^\sA-Z/]{1,31}")
_COMMANDS, _DESCRIPTION, _HINT = 50, 2000, 1000
_SHORTCUTS_OF_A_KIND, _SHORTCUT_NAME, _SHORTCUT_DESCRIPTION, _CALLBACK_ID = 5, 24, 150, 255
_APP_NAME, _APP_DESCRIPTION = 35, 140

#: event → the scope without which it cannot be subscribed to; none where it is free
EVENT_SCOPES: dict[str, str | None] = {
    "app_home_opened": None,
    "app_mention": "app_mentions:read",
    "app_uninstalled": None,
    "channel_archive": "channels:read",
    "channel_left": "channels:read",
    "file_deleted": "files:read",
    "file_shared": "files:read",
    "group_archive": "groups:read",
    "member_joined_channel": "channels:read",
    "message.channels": "channels:history",
    "message.groups": "groups:history",
    "message.im": "im:history",
    "message.mpim": "mpim:history",
    "reaction_added": "reactions:read",
    "reaction_removed": "reactions:read",
    "tokens_revoked": None,
}


class ManifestRefused(Exception):
    """The service would not create an app from it."""


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """A manifest as it stands in JSON or YAML, once it has been found good."""

    told: Json
    #: replaces scheme and host of every address in it, so that it can point to a test's own server
    origin: str | None = None

    @cached_property
    def name(self) -> str:
        return str(self._at("display_information", "name"))

    @cached_property
    def bot_name(self) -> str:
        return str(self._at("features", "bot_user", "display_name") or self.name)

    @cached_property
    def commands(self) -> dict[str, Json]:
        return {each["command"]: each for each in self._at("features", "slash_commands") or []}

    @cached_property
    def shortcuts(self) -> list[Json]:
        return list(self._at("features", "shortcuts") or [])

    @cached_property
    def scopes(self) -> frozenset[str]:
        return frozenset(self._at("oauth_config", "scopes", "bot") or [])

    @cached_property
    def redirect_urls(self) -> list[str]:
        return list(self._at("oauth_config", "redirect_urls") or [])

    @cached_property
    def events(self) -> frozenset[str]:
        return frozenset(self._at("settings", "event_subscriptions", "bot_events") or [])

    @property
    def socket_mode(self) -> bool:
        return bool(self._at("settings", "socket_mode_enabled"))

    @property
    def rotates_tokens(self) -> bool:
        return bool(self._at("settings", "token_rotation_enabled"))

    @property
    def for_organisations(self) -> bool:
        return bool(self._at("settings", "org_deploy_enabled"))

    @property
    def has_home(self) -> bool:
        return bool(self._at("features", "app_home", "home_tab_enabled"))

    @property
    def takes_messages(self) -> bool:
        return self._at("features", "app_home", "messages_tab_enabled") is not False

    @property
    def interactivity_url(self) -> str | None:
        return self.here(self._at("settings", "interactivity", "request_url"))

    @property
    def options_url(self) -> str | None:
        url = self._at("settings", "interactivity", "message_menu_options_url")
        return self.here(url) or self.interactivity_url

    @property
    def events_url(self) -> str | None:
        return self.here(self._at("settings", "event_subscriptions", "request_url"))

    @property
    def is_interactive(self) -> bool:
        return bool(self._at("settings", "interactivity", "is_enabled"))

    def here(self, url: str | None) -> str | None:
        """Lead an address of the manifest to where the test's server listens."""
        if url is None or self.origin is None:
            return url
        return urlunsplit((*urlsplit(self.origin)[:2], *urlsplit(url)[2:]))

    def check(self) -> None:
        """Refuse what the service would not make an app of."""
        wrong = [
            *self._wrong_names(),
            *self._wrong_commands(),
            *self._wrong_shortcuts(),
            *self._wrong_events(),
        ]
        if wrong:
            raise ManifestRefused("; ".join(wrong))

    def _wrong_names(self) -> list[str]:
        description = self._at("display_information", "description") or ""
        wrong = []
        if not 1 <= len(self.name) <= _APP_NAME or len(description) > _APP_DESCRIPTION:
            wrong.append("the app's name or description is too long")
        if not self.socket_mode and self.is_interactive and not self.interactivity_url:
            wrong.append("interactivity needs a request_url without Socket Mode")
        return wrong

    def _wrong_commands(self) -> list[str]:
        listed = self._at("features", "slash_commands") or []
        wrong = []
        if len(listed) > _COMMANDS or len(listed) > len(self.commands):
            wrong.append("too many slash commands, or one twice")
        for name, command in self.commands.items():
            if name[1:] in RESERVED:
                wrong.append(f"{name} is reserved")
            elif _COMMAND.fullmatch(name) is None:
                wrong.append(f"{name} is no name for a command")
            if not 1 <= len(command.get("description") or "") <= _DESCRIPTION:
                wrong.append(f"{name} needs a description of up to {_DESCRIPTION} characters")
            if len(command.get("usage_hint") or "") > _HINT:
                wrong.append(f"{name} has too long a usage_hint")
            if not self.socket_mode and not command.get("url"):
                wrong.append(f"{name} needs a url without Socket Mode")
        if (self.commands or self.shortcuts) and "commands" not in self.scopes:
            wrong.append("commands and shortcuts need the scope commands")
        return wrong

    def _wrong_shortcuts(self) -> list[str]:
        kinds = Counter(each["type"] for each in self.shortcuts)
        wrong = [f"too many {kind} shortcuts" for kind in kinds if kinds[kind] > _SHORTCUTS_OF_A_KIND]
        for each in self.shortcuts:
            fits = (
                1 <= len(each["name"]) <= _SHORTCUT_NAME
                and 1 <= len(each["description"]) <= _SHORTCUT_DESCRIPTION
                and 1 <= len(each["callback_id"]) <= _CALLBACK_ID
                and each["type"] in ("global", "message")
            )
            if not fits:
                wrong.append(f"the shortcut {each['name']} is out of bounds")
        if self.shortcuts and not self.is_interactive:
            wrong.append("shortcuts need interactivity")
        return wrong

    def _wrong_events(self) -> list[str]:
        wrong = [f"{event} is no event" for event in sorted(self.events - EVENT_SCOPES.keys())]
        for event in sorted(self.events & EVENT_SCOPES.keys()):
            scope = EVENT_SCOPES[event]
            if scope is not None and scope not in self.scopes:
                wrong.append(f"{event} needs the scope {scope}")
        if self.events and not self.socket_mode and not self.events_url:
            wrong.append("events need a request_url without Socket Mode")
        return wrong

    def _at(self, *steps: str) -> Any:
        part: Any = self.told
        for step in steps:
            part = part.get(step) if isinstance(part, dict) else None
        return part
