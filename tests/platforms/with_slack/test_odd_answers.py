"""An answer of Slack that makes no sense is a fault of that one call: it is asked again, and nothing ends."""

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
from bot.domain.cards import CardView
from bot.domain.errors import Delayed, NotPosted
from bot.domain.identity import Place
from tests.patience import PATIENCE_S
from tests.platforms.fake_slack import FakeSlack, Stage
from tests.platforms.with_slack.cards import PICTURE, VIDEO, job_view
from tests.platforms.with_slack.house import House, open_house, pictures
from tests.platforms.with_slack.installing import client_of, open_app
from tests.platforms.with_slack.odd import ODD, odd_fault
from tests.platforms.with_slack.studio_house import open_studio, words

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
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with open_house(tmp_path) as opened:
        yield opened


@pytest.mark.parametrize("method", ["chat.update", "users.info"])
async def test_an_answer_that_makes_no_sense_is_asked_for_again(house: House, method: str) -> None:
    for body, kind in ODD:
        house.fake.fault(method, body=body, content_type=kind)
        with pytest.raises(Delayed) as delayed:
            await house.slack.call(method, house.team.id)
        assert not isinstance(delayed.value, NotPosted), "it may have been done"


@pytest.mark.parametrize("method", _READ)
@pytest.mark.parametrize(
    "body", [b'{"ok":true}', b'{"ok":true,"channel":null,"file":[],"ts":"","messages":{}}']
)
async def test_an_answer_without_what_is_needed_of_it_is_asked_for_again(
    house: House, method: str, body: bytes
) -> None:
    house.fake.fault(method, body=body)
    with pytest.raises(Delayed):
        await house.slack.call(method, house.team.id)


@pytest.mark.parametrize("retry_after", ["soon", "nan", "inf", "-3", ""])
async def test_a_refusal_whose_time_makes_no_sense_is_waited_out(house: House, retry_after: str) -> None:
    house.fake.fault("users.info", status=429, body=b"slow down", content_type="text/plain")
    house.fake.fault("users.info", status=429, body=b"{}", headers={"Retry-After": retry_after})
    for _ in range(2):
        slack = WebApi(SingleToken(SecretStr("xoxb-1")), house.fake.api)
        with pytest.raises(NotPosted) as held:
            await slack.call("users.info", house.team.id, user="U1")
        await slack.close()
        assert 30_000 == held.value.retry_after_ms


@pytest.mark.parametrize(
    "more",
    [
        {"errors": 7, "response_metadata": ["x"]},
        {"errors": {"a": 1}, "response_metadata": {"messages": "x"}, "needed": {}},
    ],
)
async def test_a_refusal_with_odd_details_is_a_refusal(house: House, more: dict[str, Any]) -> None:
    said = {"ok": False, "error": "invalid_blocks", **more}
    house.fake.fault("chat.update", body=orjson.dumps(said))
    with pytest.raises(ApiError):
        await house.slack.call("chat.update", house.team.id)


@pytest.mark.parametrize("seed", range(8))
async def test_no_card_is_lost_or_doubled_whatever_slack_answers(house: House, seed: int) -> None:
    """Every second call or so gets a false answer, after it was done or not; then Slack is well again."""
    chance = Random(seed)  # noqa: S311 - a seed, not a secret
    media = PICTURE if seed % 2 else VIDEO
    place = house.place() if seed % 4 < 2 else house.direct_place()
    await _delivered(house, house.view(job_view(1, media=media)), place, chance)
    shown = [one for one in house.messages() + house.sent_directly() if not one.files]
    assert 1 == len(shown)
    assert 1 == len(pictures(shown[0]))
    films = [one for one in house.messages() + house.sent_directly() if one.files]
    assert (media is VIDEO) == len(films), "a video is in the thread once"


async def _delivered(house: House, view: CardView, place: Place, chance: Random) -> None:
    """Show a card as the engine does, again and again, by processes that remember nothing."""
    doubted = False
    for attempt in range(200):
        house.fake.service.faults.clear()
        if attempt < 100:
            for _ in range(chance.randrange(3)):
                pattern = chance.choice(("*", "chat.*", "files.*", "conversations.*"))
                house.fake.fault(pattern, **odd_fault(chance))
        slack = WebApi(SingleToken(SecretStr(house.fake.bot_token(house.team))), house.fake.api)
        publisher = house.new_outlet(patience_s=0, slack=slack)
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
        house.fake.clock.advance(11)
        await house.fake.until(lambda: not _looked_at(house))
    pytest.fail("the card was never shown")


def _looked_at(house: House) -> bool:
    """Whether Slack is still looking at a file."""
    return any(file.stage is Stage.PROCESSING for file in house.fake.world.files.values())


async def test_the_next_token_is_asked_for_again_and_never_kept_in_another_shape() -> None:
    chance = Random(3)  # noqa: S311 - a seed, not a secret
    async with FakeSlack({"display_information": {"name": "Reverie"}}) as fake:
        ask = TokenRefresher(client_of(fake), client_id="1", client_secret=SecretStr("s"), clock=lambda: 0)
        for _ in range(150):
            fake.fault("oauth.v2.access", **odd_fault(chance))
            with pytest.raises(Delayed):
                await ask("r")


async def test_an_installation_that_slack_answers_oddly_is_told_and_not_kept(tmp_path: Path) -> None:
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


async def test_the_socket_is_opened_once_slack_makes_sense_again(tmp_path: Path) -> None:
    odd = [{"body": body, "content_type": kind} for body, kind in (ODD[0], ODD[9])]
    async with open_studio(tmp_path, trouble=odd) as house:
        await house.slack.connected()
        assert "left of $25" in words(await house.ada.slash("/quota").response())
        assert 3 == len(house.slack.requests("apps.connections.open"))


class _BrokenHome:
    """A Home tab that fails in a way nobody has thought of."""

    def __init__(self) -> None:
        self.runs = 0
        self.again = asyncio.Event()

    async def run(self) -> None:
        self.runs += 1
        if self.runs == 2:
            self.again.set()
        raise KeyError("view")


async def test_a_home_tab_that_fails_ends_nothing_else() -> None:
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


async def test_a_note_or_a_reach_that_cannot_be_read_does_not_hold_back_its_card(house: House) -> None:
    view = house.view(job_view(1, media=PICTURE))
    await house.adapter_data.put(f"upload/{view.card}/{view.jobs[0].id}/{UploadKind.PICTURE}", "{}")
    await house.publisher.show(view, house.place(reply_token="{not json"))
    assert 1 == len(pictures(house.messages()[0]))


async def test_the_whole_bot_goes_on_and_charges_for_what_was_made_alone(tmp_path: Path) -> None:
    """Each method answers oddly twice, then truly: nothing ends, each card comes once.

    Who asks is left out: a command of somebody who cannot be looked up is refused.
    """
    chance = Random(8)  # noqa: S311 - a seed, not a secret
    async with open_studio(tmp_path) as house:
        for pattern in ("chat.*", "views.*", "conversations.*", "files.get*", "files.info"):
            house.slack.fault(pattern, **odd_fault(chance) | {"done": False}, times=2)
        house.ada.open_home()
        first = await house.imagine("a red fox")
        second = await house.imagine("a blue fox")
        assert {first.ts, second.ts} == {one.ts for one in house.mine() if one.blocks}
        assert house.receiver.not_ready_reason() is None
    with closing(sqlite3.connect(tmp_path / "reverie.db")) as database:
        (completed,) = database.execute("SELECT count(*), sum(price), 0 FROM job WHERE state = 'completed'")
        meters = database.execute("SELECT DISTINCT used, reserved FROM meter").fetchall()
    assert (2, [completed[1:]]) == (completed[0], meters), "each was charged once"


async def test_a_command_is_answered_though_slack_does_not_say_who_the_bot_is(tmp_path: Path) -> None:
    async with open_studio(tmp_path) as house:
        house.slack.fault("auth.test", body=b"<html>", content_type="text/html")
        refused = await house.ada.slash("/quota").acknowledged()
        told = await house.ada.slash("/quota").acknowledged()

    assert ("ephemeral", True) == (refused["response_type"], "try again" in refused["text"])
    assert "Your quota" == told["text"]
