"""Tokens of workspaces and organisations across replicas, rotation and outages."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from slack_sdk.oauth.installation_store import Installation

from adapters.slack.oauth.installations import InstallationStore
from adapters.slack.oauth.token_rotation import RotatingToken
from bot.domain.errors import Delayed, Undeliverable
from bot.service.adapter_data import AdapterData
from tests.platforms.with_slack.oauth.oauth_harness import installations_of, open_adapter_data, open_app

HOUR = 3_600_000
NOW = 1_790_000_000_000


class Slack:
    """Exchanges each refresh token once."""

    def __init__(self) -> None:
        self.now = NOW
        self.asked: list[str] = []
        self.error: Exception | None = None
        self.reached = asyncio.Event()
        self.answers = asyncio.Event()
        self.answers.set()

    def clock(self) -> int:
        return self.now

    async def refresh(self, refresh_token: str) -> RotatingToken:
        if self.error is not None:
            raise self.error
        assert refresh_token not in self.asked, "a refresh token is valid once"
        self.asked.append(refresh_token)
        self.reached.set()
        await self.answers.wait()
        number = len(self.asked) + 1
        return RotatingToken(
            token=f"token {number}",
            refresh_token=f"refresh {number}",
            expires_at=self.now + 12 * HOUR,
        )

    def process(self, adapter_data: AdapterData) -> InstallationStore:
        return InstallationStore(adapter_data, self.clock, self.refresh)


@pytest.fixture
async def adapter_data(tmp_path: Path) -> AsyncIterator[AdapterData]:
    async with open_adapter_data(tmp_path) as opened:
        yield opened


def installation(team: str | None = "T1", **more: object) -> Installation:
    known = {"team_id": team, "user_id": "U1", "bot_token": "token 1", "installed_at": NOW / 1000}
    return Installation(**{**known, **more})  # type: ignore[arg-type]


def rotating(*, hours: float) -> Installation:
    ends = (NOW + hours * HOUR) // 1000
    return installation(bot_refresh_token="refresh 1", bot_token_expires_at=int(ends))


async def test_one_process_refreshes_a_token_before_it_expires(adapter_data: AdapterData) -> None:
    slack = Slack()
    one, other = slack.process(adapter_data), slack.process(adapter_data)
    await one.async_save(rotating(hours=1))
    slack.answers.clear()
    renewing = asyncio.create_task(one.token("T1"))
    await slack.reached.wait()
    slack.now += 10_000
    assert "token 1" == await other.token("T1"), "the old one works until its end"
    slack.answers.set()
    assert "token 2" == await renewing
    slack.now += 31_000
    assert "token 2" == await other.token("T1")
    assert ["refresh 1"] == slack.asked


async def test_a_clock_that_was_set_back_does_not_keep_a_revoked_token(
    adapter_data: AdapterData,
) -> None:
    slack = Slack()
    one, other = slack.process(adapter_data), slack.process(adapter_data)
    await one.async_save(installation())
    assert "token 1" == await one.token("T1")
    await other.remove("T1", None)
    slack.now -= 24 * HOUR
    assert await one.token("T1") is None


async def test_an_expired_token_is_refreshed_before_use(adapter_data: AdapterData) -> None:
    slack = Slack()
    processes = [slack.process(adapter_data) for _ in range(3)]
    await processes[0].async_save(rotating(hours=-1))
    tokens = await asyncio.gather(*(each.token("T1") for each in processes for _ in range(3)))
    assert {"token 2"} == set(tokens)
    assert ["refresh 1"] == slack.asked


async def test_an_outage_does_not_matter_before_the_token_expires(adapter_data: AdapterData) -> None:
    slack = Slack()
    await slack.process(adapter_data).async_save(rotating(hours=1))
    slack.error = Delayed()
    assert "token 1" == await slack.process(adapter_data).token("T1")
    slack.now += 2 * HOUR
    with pytest.raises(Delayed):
        await slack.process(adapter_data).token("T1")
    slack.now += 60_000
    slack.error = Undeliverable()
    assert await slack.process(adapter_data).token("T1") is None
    slack.now += 60_000
    slack.error = None
    assert "token 2" == await slack.process(adapter_data).token("T1")


async def test_an_installation_removed_during_a_refresh_stays_removed(adapter_data: AdapterData) -> None:
    slack = Slack()
    one = slack.process(adapter_data)
    await one.async_save(rotating(hours=1))
    slack.answers.clear()
    renewing = asyncio.create_task(one.token("T1"))
    await slack.reached.wait()
    await slack.process(adapter_data).remove("T1", None)
    slack.answers.set()
    assert await renewing is None
    assert [] == await adapter_data.latest("")


async def test_an_organisations_token_works_in_all_of_its_workspaces(adapter_data: AdapterData) -> None:
    slack = Slack()
    one = slack.process(adapter_data)
    # Slack sends it as a string in some payloads.
    whole = installation("T1", enterprise_id="E1", bot_token="whole", is_enterprise_install="true")
    await one.async_save(whole)
    await one.async_save(installation("T2", enterprise_id="E1", bot_token="own"))
    assert ["whole", "whole", "own"] == [await one.token(team, "E1") for team in ("T1", "T4", "T2")]
    assert await one.token("T3", "E9") is None

    later = slack.process(adapter_data)
    assert "whole" == await later.token("T1"), "what names a team alone finds its organisation"
    assert await later.token("T9") is None
    found = await later.find("T2", "E1", org_wide=True)
    assert found is not None
    assert "whole" == found.token

    await later.remove("T2", "E1")
    assert "whole" == await later.token("T2", "E1")
    await later.remove(None, "E1")
    assert await slack.process(adapter_data).token("T1", "E1") is None


async def test_the_last_installation_counts_and_removal_deletes_old_records(
    adapter_data: AdapterData,
) -> None:
    store = Slack().process(adapter_data)
    await store.async_save(installation(user_id="U1"))
    await store.async_save(installation(user_id="U2", bot_token="token 2"))
    found = await store.find("T1")
    assert found is not None
    assert ("token 2", "U2") == (found.token, found.installer)

    await adapter_data.put("person/T1/U1", '{"user":"U1","installed_at":1}')
    await store.remove("T1", None)
    assert [] == await adapter_data.latest("")


async def test_tokens_rotate_with_slacks_own_endpoint(tmp_path: Path) -> None:
    async with open_app(tmp_path, token_rotation_enabled=True) as served:
        team = served.slack.team("Film club", installed=False)
        await served.slack.install(served.slack.user(team, "ada"), served.install_url)
        first = await served.installations.token(team.id)
        served.slack.clock.advance(13 * 3600)
        second = await installations_of(served.slack, served.adapter_data).token(team.id)
        assert first != second == served.slack.bot_token(team)


async def test_tokens_are_encrypted_in_the_store(adapter_data: AdapterData, tmp_path: Path) -> None:
    await Slack().process(adapter_data).async_save(installation(bot_token="xoxb-open-sesame"))
    assert b"open-sesame" not in await asyncio.to_thread(_stored, tmp_path)


def _stored(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.glob("reverie.db*"))
