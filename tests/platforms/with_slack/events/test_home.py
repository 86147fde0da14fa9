"""The Home tab beside the real core: content, buttons and refreshes."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from adapters.chat.result_files import MediaLinker
from adapters.slack.delivery.upload_store import Upload, UploadKind, UploadStore
from adapters.slack.events.home_tab import HomeTab, Viewer
from adapters.slack.messages.home_view import MAX_HISTORY, MAX_RUNNING, HomeButton, HomeTabData, home_view
from adapters.slack.oauth.manifest import manifest
from adapters.slack.web_api.client import SingleToken, WebApi
from bot.service.adapter_data import AdapterData
from bot.service.replies import PrivateReply
from tests.engine.harness import Engine, open_engine
from tests.engine.settings import ADA, BOSS
from tests.platforms.fake_slack import FakeSlack, Person
from tests.platforms.fake_slack.rules.views import check_view
from tests.platforms.with_discord.cards import card_view, job_view

_PROMPT = "a fox <!channel> *bold* <mailto:ada@evil.example|here>"


@dataclass(frozen=True, slots=True, kw_only=True)
class HomeTabs:
    """The Home tabs of a member and of an admin."""

    slack: FakeSlack
    engine: Engine
    home: HomeTab
    uploads: UploadStore
    ada: Person
    boss: Person

    def visitor(self, person: Person) -> Viewer:
        caller = ADA if person is self.ada else BOSS
        return Viewer(caller=caller, team=person.user.team.id, user=person.user.id)

    async def press(self, person: Person, button: HomeButton, value: str = "") -> None:
        await self.home.press(self.visitor(person), button, value, key=self.engine.new_key())

    def texts(self, person: Person) -> str:
        assert person.home is not None
        return str(person.home.blocks)

    def buttons(self, person: Person, button: HomeButton) -> list[dict[str, Any]]:
        assert person.home is not None
        return [each for each in person.home.parts if each["action_id"] == button]


@asynccontextmanager
async def look(folder: Path, link: MediaLinker = lambda _: None, **more: Any) -> AsyncIterator[HomeTabs]:
    async with FakeSlack(manifest()) as slack, open_engine(folder, **more) as engine:
        team = slack.team("Film club")
        web_api = WebApi(SingleToken(SecretStr(slack.bot_token(team))), slack.api)
        uploads = UploadStore(AdapterData(engine.services.database, engine.services.cipher, "slack"))
        home = HomeTab(engine.service, web_api, uploads, link, engine.clock.wall, refresh_s=0.01)
        try:
            yield HomeTabs(
                slack=slack,
                engine=engine,
                home=home,
                uploads=uploads,
                ada=slack.user(team, "ada"),
                boss=slack.user(team, "boss", admin=True),
            )
        finally:
            await web_api.close()


async def test_the_tab_shows_running_jobs_history_and_quota(tmp_path: Path) -> None:
    async with look(tmp_path) as at:
        await at.engine.made(f"/imagine {_PROMPT}")
        await at.home.open(at.visitor(at.ada))
        told = at.texts(at.ada)
        assert "No jobs are running" in told
        assert "left of $25.00" in told
        assert "Done" in told
        assert "<!channel>" not in told
        assert "<mailto" not in told
        assert [] == at.buttons(at.ada, HomeButton.PAUSE), "the studio is its admins' alone"

        (send,) = at.buttons(at.ada, HomeButton.SEND)
        await at.press(at.ada, HomeButton.SEND, send["value"])
        assert "On its way to you" in at.texts(at.ada)
        places = at.engine.chat.places
        await at.engine.until(lambda: any(place.channel == "@chat:ada" for place in places.values()))


async def test_a_queued_job_is_cancelled_there(tmp_path: Path) -> None:
    async with look(tmp_path, start=None) as at:
        await at.engine.ask("/imagine a fox")
        await at.home.open(at.visitor(at.ada))
        (cancel,) = at.buttons(at.ada, HomeButton.CANCEL)
        await at.press(at.ada, HomeButton.CANCEL, cancel["value"])
        assert "Not charged" in at.texts(at.ada)
        assert [] == at.buttons(at.ada, HomeButton.CANCEL)
        await at.press(at.ada, HomeButton.CANCEL, "of another version")
        assert "older version" in at.texts(at.ada)


async def test_only_admins_see_usage_and_pause_the_workspace(tmp_path: Path) -> None:
    async with look(tmp_path) as at:
        await at.home.open(at.visitor(at.boss))
        assert "Spent this month" in at.texts(at.boss)
        await at.press(at.boss, HomeButton.PAUSE)
        assert "No new jobs are accepted" in at.texts(at.boss)
        await at.press(at.ada, HomeButton.RESUME)
        assert "Resumed" not in at.texts(at.ada)
        await at.press(at.boss, HomeButton.RESUME)
        assert "Resumed" in at.texts(at.boss)


async def test_the_tab_is_refreshed_at_intervals(tmp_path: Path) -> None:
    async with look(tmp_path, start=None) as at:
        visitor = at.visitor(at.ada)
        running = asyncio.create_task(at.home.run())
        at.home.refresh(at.visitor(at.boss))
        await at.home.open(visitor)
        for number in range(20):
            await at.engine.ask(f"/imagine fox {number}")
            at.home.refresh(visitor)
        await at.slack.until(lambda: "and 10 more" in at.texts(at.ada))
        assert len(at.slack.requests("views.publish")) < 20
        assert at.boss.home is None, "nobody looks there"
        running.cancel()
        await asyncio.wait([running])


async def test_a_failing_tab_does_not_stop_the_others(tmp_path: Path) -> None:
    def broken(_: object) -> str | None:
        raise KeyError("media")

    async with look(tmp_path, broken) as at:
        await at.engine.made("/imagine a fox")
        await at.home.open(at.visitor(at.boss))
        assert at.boss.home is not None
        opened = len(at.slack.requests("views.publish"))
        with pytest.raises(KeyError):
            await at.home.open(at.visitor(at.ada))
        running = asyncio.create_task(at.home.run())
        at.home.refresh(at.visitor(at.ada))
        at.home.refresh(at.visitor(at.boss))
        await at.slack.until(lambda: len(at.slack.requests("views.publish")) > opened)
        assert not running.done()
        running.cancel()
        await asyncio.wait([running])


async def test_thumbnails_that_slack_cannot_fetch_are_left_out(tmp_path: Path) -> None:
    async with look(tmp_path, lambda media: f"https://bot.example.org/media/{media.file}/view") as at:
        await at.engine.made("/imagine a fox")
        await at.home.open(at.visitor(at.ada))
        assert "'image_url': 'https://bot.example.org/media/" in at.texts(at.ada)
        at.slack.fault("views.publish", error="invalid_arguments")
        await at.press(at.ada, HomeButton.REFRESH)
        assert "image_url" not in at.texts(at.ada)
        assert "/view|Open>" in at.texts(at.ada)


async def test_thumbnails_use_uploaded_files(tmp_path: Path) -> None:
    async with look(tmp_path) as at:
        job = await at.engine.made("/imagine a fox")
        file = at.ada.upload("fox.png", b"picture")
        upload = Upload(file=file.id, source="fox", since=0, ready=True)
        await at.uploads.put(job.card, job.id, UploadKind.PICTURE, upload)
        await at.home.open(at.visitor(at.ada))
        assert f"'slack_file': {{'id': '{file.id}'}}" in at.texts(at.ada)


def test_the_longest_tab_is_within_slacks_limits() -> None:
    job = job_view(headline="x" * 5_000, fields=(("Model", "y" * 5_000),), cancellable=True)
    views = tuple(card_view(job, title="z" * 5_000) for _ in range(50))
    facts = PrivateReply(title="t" * 5_000, text="w" * 5_000, fields=(("l" * 5_000, "v" * 5_000),) * 50)
    jobs = PrivateReply(title="jobs", views=views)
    overview = HomeTabData(
        quota=facts, running=jobs, history=jobs, usage=facts, quotas=facts, notice="n" * 5_000
    )
    view = home_view(overview, link=lambda _: "https://bot.example.org/m/view", now=0)
    check_view(view, kind="home", shows=lambda _: None)
    assert MAX_RUNNING + MAX_HISTORY < len(view["blocks"])
