"""Findings of the doctor, with their remedies and the manifest."""

import json
from pathlib import Path
from random import Random
from typing import Any

import pytest

from adapters.slack.doctor import diagnose
from adapters.slack.oauth.manifest import SCOPES, manifest
from bot.service.plugin import Diagnosis
from tests.engine.settings import given_settings
from tests.platforms.fake_slack import FakeSlack
from tests.platforms.with_slack.web_api.malformed_responses import odd_fault

_NAMES = (
    "SLACK_BOT_TOKEN",
    "SLACK_APP_TOKEN",
    "SLACK_SIGNING_SECRET",
    "SLACK_CLIENT_ID",
    "SLACK_CLIENT_SECRET",
    "SLACK_API_BASE",
)


class Doctor:
    """Runs the doctor with the environment of a test."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
        self._patch = monkeypatch
        self._folder = folder

    async def __call__(self, *, public_url: str | None = None, **environment: str) -> list[Diagnosis]:
        for name in _NAMES:
            self._patch.delenv(name, raising=False)
        for name, value in environment.items():
            self._patch.setenv(f"SLACK_{name}", value)
        settings = given_settings(self._folder, public_url=public_url)
        found = [finding async for finding in diagnose(settings)]
        assert all(finding.remedy for finding in found if not finding.ok)
        return found


@pytest.fixture
def doctor(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Doctor:
    return Doctor(monkeypatch, tmp_path)


def _pasted(finding: Diagnosis) -> Any:
    _, _, text = finding.remedy.partition("\n\n")
    return json.loads(text)


async def test_a_correct_app_has_no_findings(doctor: Doctor) -> None:
    async with FakeSlack(manifest()) as slack:
        team = slack.team("Film club")
        found = await doctor(API_BASE=slack.api, BOT_TOKEN=slack.bot_token(team), APP_TOKEN=slack.app_token)
    assert all(finding.ok for finding in found)
    assert f"works in Film club (slack:{team.id})" in found[0].what
    assert "Socket Mode connects" in found[1].what
    assert slack.app_token not in str(found)


async def test_missing_scopes_are_named_with_the_manifest_that_has_them(doctor: Doctor) -> None:
    async with FakeSlack(manifest()) as slack:
        team = slack.team("Film club", installed=False)
        slack.let_app_in(team, scopes=SCOPES.keys() - {"files:write", "im:write"})
        found = await doctor(API_BASE=slack.api, BOT_TOKEN=slack.bot_token(team), APP_TOKEN=slack.app_token)
    assert not found[0].ok
    assert found[0].what.endswith("lacks files:write, im:write")
    assert manifest() == _pasted(found[-1])


async def test_swapped_wrong_and_unverifiable_tokens_are_distinguished(doctor: Doctor) -> None:
    async with FakeSlack(manifest()) as slack:
        bot = slack.bot_token(slack.team("Film club"))
        swapped = await doctor(API_BASE=slack.api, BOT_TOKEN=slack.app_token, APP_TOKEN=bot)
        wrong = await doctor(API_BASE=slack.api, BOT_TOKEN="xoxb-1", APP_TOKEN="xapp-1")
        api = slack.api
    gone = await doctor(API_BASE=api, BOT_TOKEN=bot, APP_TOKEN=slack.app_token)
    for found, words in (
        (swapped, "does not begin with"),
        (wrong, "invalid_auth"),
        (gone, "could not be reached"),
    ):
        assert [False, False] == [finding.ok for finding in found[:2]]
        assert all(words in finding.what for finding in found[:2])


async def test_http_needs_a_public_url_and_a_token_or_oauth(doctor: Doctor) -> None:
    url = "https://bot.example.org"
    nowhere = await doctor(SIGNING_SECRET="s")
    assert [False, False] == [finding.ok for finding in nowhere[:2]]
    half = await doctor(public_url=url, SIGNING_SECRET="s", CLIENT_ID="1.2")
    assert [True, False] == [finding.ok for finding in half[:2]]
    assert manifest(url) == _pasted(half[-1])
    whole = await doctor(public_url=url, SIGNING_SECRET="s", CLIENT_ID="1.2", CLIENT_SECRET="c")
    assert all(finding.ok for finding in whole)
    assert f"{url}/slack/install" in whole[1].what


@pytest.mark.parametrize("seed", range(40))
async def test_every_check_reports_whatever_slack_answers(doctor: Doctor, seed: int) -> None:
    async with FakeSlack(manifest()) as slack:
        chance = Random(seed)  # noqa: S311 - nothing secret
        for method in ("auth.test", "apps.connections.open"):
            slack.fault(method, **odd_fault(chance))
        team = slack.team("Film club")
        found = await doctor(API_BASE=slack.api, BOT_TOKEN=slack.bot_token(team), APP_TOKEN=slack.app_token)
    assert 3 == len(found)
