"""What goes wrong at Discord or on the way there: later, never twice, and never a secret in what is said."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from adapters.discord.delivery.attachments import Ladder
from adapters.discord.delivery.publisher import CardOutlet
from adapters.discord.rest.client import Rest
from bot.domain.cards import JobPhase
from bot.domain.errors import Delayed, Undeliverable
from tests.platforms.fake_discord import Drop
from tests.platforms.with_discord.cards import job_view
from tests.platforms.with_discord.house import House, open_house

_POST = "POST /channels/*/messages"
_RUNNING = job_view(tone=JobPhase.RUNNING)


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with open_house(tmp_path) as opened:
        yield opened


async def test_a_rate_limit_is_told_at_once_and_kept_without_asking_again(house: House) -> None:
    house.fake.fault(_POST, status=429, retry_after_s=30)
    for _ in range(2):
        with pytest.raises(Delayed) as delayed:
            await house.publisher.show(house.view(), house.place())
        assert 25_000 < (delayed.value.retry_after_ms or 0) <= 30_000
    assert 1 == len(house.fake.requests(_POST))


async def test_a_short_rate_limit_is_sat_out(house: House) -> None:
    house.fake.fault(_POST, status=429, retry_after_s=0.05)
    with pytest.raises(Delayed):
        await house.publisher.show(house.view(), house.place())
    await house.publisher.show(house.view(), house.place())
    assert 1 == len(house.cards())


async def test_a_global_rate_limit_stops_everything(house: House) -> None:
    house.fake.fault(_POST, status=429, retry_after_s=30, scope="global")
    with pytest.raises(Delayed):
        await house.publisher.show(house.view(), house.place())
    before = len(house.fake.requests())
    with pytest.raises(Delayed):
        await house.publisher.show(house.view(), house.direct())
    assert before == len(house.fake.requests())


async def test_a_ban_by_the_network_in_front_of_discord_is_waited_out(house: House) -> None:
    house.fake.fault(_POST, status=429, banned=True)
    with pytest.raises(Delayed) as delayed:
        await house.publisher.show(house.view(), house.place())
    assert 60_000 == delayed.value.retry_after_ms


async def test_the_limits_that_discord_tells_are_kept_before_it_says_no(house: House) -> None:
    house.fake.limits.be_strict()
    for number in range(5):
        await house.publisher.show(house.view(_RUNNING, number=600 + number), house.place())
    with pytest.raises(Delayed):
        await house.publisher.show(house.view(_RUNNING, number=700), house.place())
    assert 0 == house.fake.limits.invalid_requests
    assert 5 == len(house.fake.requests(_POST))


@pytest.mark.parametrize(
    "fault",
    [
        {"status": 500},
        {"status": 502},
        {"status": 503},
        {"drop": Drop.BEFORE},
        {"drop": Drop.AFTER},
        {"status": 500, "done": True},
        {"cut_after": 20},
    ],
    ids=str,
)
async def test_a_fault_puts_off_and_the_next_show_makes_one_message(
    house: House, fault: dict[str, Any]
) -> None:
    house.fake.fault(_POST, **fault)
    view = house.view()
    with pytest.raises(Delayed):
        await house.publisher.show(view, house.place())
    await house.publisher.show(view, house.place())
    [message] = house.cards()
    assert 1 == len(message.attachments)


async def test_a_message_that_was_edited_too_often_waits(house: House) -> None:
    _, place = await house.answered(house.view(_RUNNING))
    house.fake.clock.advance(16 * 60)
    house.fake.fault("PATCH /channels/*/messages/*", status=400, code=30046)
    with pytest.raises(Delayed) as delayed:
        await house.publisher.show(house.view(), place)
    assert 60_000 == delayed.value.retry_after_ms


async def test_a_message_that_discord_does_not_accept_is_given_up(house: House) -> None:
    house.fake.fault(_POST, status=400, code=50035, message="Invalid Form Body")
    with pytest.raises(Undeliverable, match="Invalid Form Body"):
        await house.publisher.show(house.view(), house.place())


async def test_a_token_that_is_not_accepted_is_an_obstacle_with_a_remedy(house: House) -> None:
    rest = Rest(SecretStr("wrong.token.here"), connector=house.fake.connector)
    ladder = Ladder(house.shelf, lambda _: None)
    publisher = CardOutlet(rest=rest, ladder=ladder, clock=house.fake.clock.now_ms, mention=True)
    assert rest.obstacle() is None
    try:
        with pytest.raises(Delayed) as delayed:
            await publisher.show(house.view(), house.place())
    finally:
        await rest.close()
    assert "DISCORD_TOKEN" in (rest.obstacle() or "")
    assert "wrong.token.here" not in f"{rest.obstacle()} {delayed.value!r} {delayed.value.__cause__!r}"


async def test_an_answer_works_with_its_own_token_alone(house: House) -> None:
    """Its routes carry no authorisation, so that they work while the bot's token is being changed."""
    _, place = await house.answered(house.view(_RUNNING), limit=10 * 2**20)
    await house.publisher.show(house.view(), place)
    assert [False] * 2 == [one.authorised for one in house.fake.requests("* /webhooks/*")]


async def test_no_error_names_the_token_of_an_interaction(house: House) -> None:
    invocation, place = await house.answered(house.view(_RUNNING))
    house.fake.fault("PATCH /webhooks/*", drop=Drop.BEFORE)
    with pytest.raises(Delayed) as delayed:
        await house.publisher.show(house.view(), place)
    assert invocation.interaction.token not in f"{delayed.value!r} {delayed.value}"


async def test_nobody_there_puts_off(house: House) -> None:
    rest = Rest(SecretStr("a.b.c"), proxy="http://127.0.0.1:9")
    publisher = CardOutlet(rest=rest, ladder=house.ladder, clock=house.fake.clock.now_ms, mention=True)
    try:
        with pytest.raises(Delayed, match="cannot be reached"):
            await publisher.show(house.view(), house.place())
    finally:
        await rest.close()


async def test_everything_goes_through_the_proxy_that_the_operator_names(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(house.fake.certificates.authority))
    async with house.fake.proxy() as proxy:
        rest = Rest(SecretStr(house.fake.token), proxy=proxy.url)
        try:
            assert str(house.fake.world.bot.id) == await rest.me()
        finally:
            await rest.close()
