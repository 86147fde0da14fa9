"""A malformed response of Slack is a fault of one call, which is retried."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any, cast

import orjson
import pytest
from pydantic import SecretStr

from adapters.slack.delivery.upload_store import UploadKind
from adapters.slack.events.event_tasks import EventTasks
from adapters.slack.oauth.token_rotation import TokenRefresher
from adapters.slack.socket_mode import SocketModeSupervisor
from adapters.slack.web_api.client import SingleToken, WebApi
from adapters.slack.web_api.errors import ApiError
from bot.domain.cards.card import CardView
from bot.domain.errors import Delayed, NotPosted
from bot.domain.identity import Place
from tests.patience import PATIENCE_S
from tests.platforms.fake_slack import FakeSlack, Stage
from tests.platforms.unmodified import METER_SUMS
from tests.platforms.with_slack.bot_harness import run_bot, words
from tests.platforms.with_slack.cards import PICTURE, VIDEO, job_view
from tests.platforms.with_slack.delivery.publisher_harness import PublisherHarness, open_publisher, pictures
from tests.platforms.with_slack.oauth.oauth_harness import client_of, open_app
from tests.platforms.with_slack.web_api.malformed_responses import ODD, odd_fault

#: methods whose answers are read, with arguments that the fake takes
_READ = (
    "conversations.history",
    "conversations.info",
    "conversations.open",
    "conversations.replies",
    "files.getUploadURLExternal",
    "files.info",
    "reactions.get",
    "users.info",
    "chat.postMessage",
)


@pytest.fixture
async def harness(tmp_path: Path) -> AsyncIterator[PublisherHarness]:
    async with open_publisher(tmp_path) as opened:
        yield opened


@pytest.mark.parametrize("method", ["chat.update", "users.info"])
async def test_a_malformed_response_is_retried(harness: PublisherHarness, method: str) -> None:
    for body, kind in ODD:
        harness.fake.fault(method, body=body, content_type=kind)
        with pytest.raises(Delayed) as delayed:
            await harness.slack.call(method, harness.team.id)
        assert not isinstance(delayed.value, NotPosted), "it may have been done"


@pytest.mark.parametrize("method", _READ)
@pytest.mark.parametrize(
    "body", [b'{"ok":true}', b'{"ok":true,"channel":null,"file":[],"ts":"","messages":{}}']
)
async def test_a_response_without_required_fields_is_retried(
    harness: PublisherHarness, method: str, body: bytes
) -> None:
    harness.fake.fault(method, body=body)
    with pytest.raises(Delayed):
        await harness.slack.call(method, harness.team.id)


@pytest.mark.parametrize("retry_after", ["soon", "nan", "inf", "-3", ""])
async def test_a_malformed_retry_after_uses_the_default_wait(
    harness: PublisherHarness, retry_after: str
) -> None:
    harness.fake.fault("users.info", status=429, body=b"slow down", content_type="text/plain")
    harness.fake.fault("users.info", status=429, body=b"{}", headers={"Retry-After": retry_after})
    for _ in range(2):
        slack = WebApi(SingleToken(SecretStr("xoxb-1")), harness.fake.api)
        with pytest.raises(NotPosted) as held:
            await slack.call("users.info", harness.team.id, user="U1")
        await slack.close()
        assert 30_000 == held.value.retry_after_ms


@pytest.mark.parametrize(
    "more",
    [
        {"errors": 7, "response_metadata": ["x"]},
        {"errors": {"a": 1}, "response_metadata": {"messages": "x"}, "needed": {}},
    ],
)
async def test_an_error_with_malformed_details_is_an_api_error(
    harness: PublisherHarness, more: dict[str, Any]
) -> None:
    said = {"ok": False, "error": "invalid_blocks", **more}
    harness.fake.fault("chat.update", body=orjson.dumps(said))
    with pytest.raises(ApiError):
        await harness.slack.call("chat.update", harness.team.id)


@pytest.mark.parametrize("seed", range(8))
async def test_no_card_is_lost_or_posted_twice_whatever_slack_answers(
    harness: PublisherHarness, seed: int
) -> None:
    """About every second call gets a malformed response, carried out or not; later Slack works again."""
    chance = Random(seed)  # noqa: S311 - a seed, not a secret
    media = PICTURE if seed % 2 else VIDEO
    place = harness.place() if seed % 4 < 2 else harness.direct_place()
    await _delivered(harness, harness.view(job_view(1, media=media)), place, chance)
    shown = [one for one in harness.messages() + harness.sent_directly() if not one.files]
    assert 1 == len(shown)
    assert 1 == len(pictures(shown[0]))
    videos = [one for one in harness.messages() + harness.sent_directly() if one.files]
    assert (media is VIDEO) == len(videos), "a video is in the thread once"


async def _delivered(harness: PublisherHarness, view: CardView, place: Place, chance: Random) -> None:
    """Deliver a card as the core does, repeatedly and by processes without memory."""
    doubted = False
    for attempt in range(200):
        harness.fake.service.faults.clear()
        if attempt < 100:
            for _ in range(chance.randrange(3)):
                pattern = chance.choice(("*", "chat.*", "files.*", "conversations.*"))
                harness.fake.fault(pattern, **odd_fault(chance))
        slack = WebApi(SingleToken(SecretStr(harness.fake.bot_token(harness.team))), harness.fake.api)
        publisher = harness.new_publisher(patience_s=0, slack=slack)
        try:
            if doubted and place.message is None:
                place = replace(place, message=await publisher.find_message(view.card, place))
            doubted = True
            await publisher.show(view, place)
        except NotPosted:
            doubted = False
        except Delayed:
            pass
        else:
            return
        finally:
            await slack.close()
        harness.fake.clock.advance(11)
        await harness.fake.until(lambda: not _looked_at(harness))
    pytest.fail("the card was never shown")


def _looked_at(harness: PublisherHarness) -> bool:
    """Whether Slack is still processing a file."""
    return any(file.stage is Stage.PROCESSING for file in harness.fake.world.files.values())


async def test_a_malformed_token_response_is_retried_and_never_stored() -> None:
    chance = Random(3)  # noqa: S311 - a seed, not a secret
    async with FakeSlack({"display_information": {"name": "Reverie"}}) as fake:
        ask = TokenRefresher(client_of(fake), client_id="1", client_secret=SecretStr("s"), clock=lambda: 0)
        for _ in range(150):
            fake.fault("oauth.v2.access", **odd_fault(chance))
            with pytest.raises(Delayed):
                await ask("r")


async def test_a_malformed_installation_is_reported_and_not_stored(tmp_path: Path) -> None:
    chance = Random(5)  # noqa: S311 - a seed, not a secret
    async with open_app(tmp_path) as served:
        ada = served.slack.user(served.slack.team("Film club", installed=False), "ada")
        for number in range(60):
            method = ("oauth.v2.access", "auth.test")[number % 2]
            served.slack.fault(method, **odd_fault(chance) | {"done": False})
            page = await served.slack.install(ada, served.install_url)
            if page.status != 200:
                assert (503, True) == (page.status, "temporarily unavailable" in page.text)
                assert [] == await served.adapter_data.latest("bot/")
            served.slack.service.faults.clear()
        assert 200 == (await served.slack.install(ada, served.install_url)).status


async def test_the_socket_connects_after_malformed_responses(tmp_path: Path) -> None:
    odd = [{"body": body, "content_type": kind} for body, kind in (ODD[0], ODD[9])]
    async with run_bot(tmp_path, trouble=odd) as harness:
        await harness.slack.connected()
        assert "left of $25" in words(await harness.ada.slash("/quota").response())
        assert 3 == len(harness.slack.requests("apps.connections.open"))


class _BrokenHome:
    """A Home tab with an unexpected error."""

    def __init__(self) -> None:
        self.runs = 0
        self.again = asyncio.Event()

    async def run(self) -> None:
        self.runs += 1
        if self.runs == 2:
            self.again.set()
        raise KeyError("view")


async def test_a_failing_home_tab_does_not_end_the_receiver() -> None:
    home = _BrokenHome()
    listener = SocketModeSupervisor(
        cast("Any", None), EventTasks(), cast("Any", home), cast("Any", None), respond=cast("Any", None)
    )
    running = asyncio.create_task(listener.run())
    async with asyncio.timeout(PATIENCE_S):
        await home.again.wait()
    assert not running.done()
    running.cancel()
    await asyncio.wait([running])


async def test_a_card_with_unreadable_records_is_still_delivered(harness: PublisherHarness) -> None:
    view = harness.view(job_view(1, media=PICTURE))
    await harness.adapter_data.put(f"upload/{view.card}/{view.jobs[0].id}/{UploadKind.PICTURE}", "{}")
    await harness.publisher.show(view, harness.place(reply_token="{not json"))
    assert 1 == len(pictures(harness.messages()[0]))


async def test_the_bot_keeps_working_and_charges_each_result_once(tmp_path: Path) -> None:
    """Each method responds malformed twice, then correctly; each card is posted once.

    users.info is left out: a command of an unidentified user is refused.
    """
    chance = Random(8)  # noqa: S311 - a seed, not a secret
    async with run_bot(tmp_path) as harness:
        for pattern in ("chat.*", "views.*", "conversations.*", "files.get*", "files.info"):
            harness.slack.fault(pattern, **odd_fault(chance) | {"done": False}, times=2)
        harness.ada.open_home()
        first = await harness.imagine("a red fox")
        second = await harness.imagine("a blue fox")
        assert {first.ts, second.ts} == {one.ts for one in harness.mine() if one.blocks}
        assert harness.receiver.not_ready_reason() is None
    with closing(sqlite3.connect(tmp_path / "reverie.db")) as database:
        (completed,) = database.execute("SELECT count(*), sum(price), 0 FROM job WHERE state = 'completed'")
        meters = database.execute(METER_SUMS).fetchall()
    assert (2, [completed[1:]]) == (completed[0], meters), "each was charged once"


async def test_a_command_is_answered_while_auth_test_fails(tmp_path: Path) -> None:
    async with run_bot(tmp_path) as harness:
        harness.slack.fault("auth.test", body=b"<html>", content_type="text/html")
        refused = await harness.ada.slash("/quota").acknowledged()
        told = await harness.ada.slash("/quota").acknowledged()

    assert ("ephemeral", True) == (refused["response_type"], "try again" in refused["text"])
    assert told["text"].startswith("Your quota: ")
