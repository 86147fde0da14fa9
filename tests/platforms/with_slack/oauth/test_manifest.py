"""The manifest describes the app that the code expects, and the file is its output."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from adapters.slack.oauth.manifest import GLOBAL_SHORTCUT, MessageShortcut, manifest, manifest_json
from bot.domain.commands import CATALOGUE
from tests.platforms.fake_slack.rules.manifest import Manifest

_FILE = Path(__file__).parents[4] / "deploy" / "slack-manifest.json"


def test_the_file_is_up_to_date() -> None:
    told = "run: python -m adapters.slack.oauth.manifest > deploy/slack-manifest.json"
    assert manifest_json() == _FILE.read_text("utf-8"), told


@pytest.mark.parametrize("url", [None, "https://bot.example.org"])
def test_slack_accepts_it_for_socket_mode_and_http(url: str | None) -> None:
    told: Mapping[str, Any] = json.loads(manifest_json(url))
    assert manifest(url) == told
    read = Manifest(told=dict(told))
    read.check()
    assert (url is None) == read.socket_mode
    commands = {"/reverie", "/imagine", "/animate", "/extend", "/reframe", "/quota"}
    assert commands <= read.commands.keys() <= {"/reverie", *(f"/{name}" for name in CATALOGUE)}
    assert {GLOBAL_SHORTCUT, *MessageShortcut} == {each["callback_id"] for each in read.shortcuts}
    if url is not None:
        every = [read.events_url, read.interactivity_url, *(each["url"] for each in read.commands.values())]
        assert {f"{url}/slack/events"} == set(every)
        assert [f"{url}/slack/oauth_redirect"] == read.redirect_urls
