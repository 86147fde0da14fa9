"""The words of video models reach every process, and survive an outage of their list."""

from pathlib import Path

import pytest

from bot.domain.commands import Animate
from bot.domain.errors import InvalidRequest, NotSent
from bot.domain.generations.concepts import CAMERA_MOTIONS, CONCEPTS, Vocabulary
from bot.service.queries.vocabulary import refresh_vocabularies, suggested_concepts
from bot.settings import Role
from tests.engine.conftest import Open
from tests.engine.fakes import Clock, FakeProvider
from tests.engine.harness import Engine, open_engine

SIX_HOURS = 21_600_000


async def concepts(engine: Engine) -> list[str]:
    offers = await engine.service.autocomplete_option(Animate, "concepts", "", engine.invocation())
    return [offer.value for offer in offers]


async def test_without_any_answer_the_documented_words_are_offered(engine: Open) -> None:
    async with engine(start=None) as bot:
        assert list(CONCEPTS)[:25] == await concepts(bot)
        motions = await bot.service.autocomplete_option(Animate, "camera_motion", "orbit", bot.invocation())
        assert ["camera orbit left", "camera orbit right"] == [offer.value for offer in motions]
        assert "camera dolly zoom" not in CAMERA_MOTIONS


async def test_a_list_that_was_out_of_reach_is_asked_for_again(engine: Open) -> None:
    async with engine(start=None, times={"vocabulary_retry": 25}) as bot:
        bot.provider.words_error = NotSent("HTTP 500")
        bot.start("vocabulary")
        await bot.until(lambda: bot.provider.words_asked >= 2)
        assert list(CONCEPTS)[:25] == await concepts(bot)
        bot.provider.words_error = None
        await bot.until(lambda: bot.services.vocabularies)
        assert ["orbit_left", "push_in"] == await concepts(bot)


async def test_a_list_is_asked_for_again_when_it_is_old_and_only_then(engine: Open) -> None:
    async with engine(start=None) as bot:
        await refresh_vocabularies(bot.services)
        bot.provider.words = Vocabulary(concepts=frozenset({"hover"}))
        bot.advance(SIX_HOURS - 1_000)
        await refresh_vocabularies(bot.services)
        assert 1 == bot.provider.words_asked
        bot.advance(1_000)
        await refresh_vocabularies(bot.services)
        assert ("hover",) == suggested_concepts(bot.services.vocabularies)


async def test_what_was_known_outlives_a_list_that_is_gone_or_empty(engine: Open) -> None:
    async with engine(start=None) as bot:
        await refresh_vocabularies(bot.services)
        bot.advance(SIX_HOURS)
        bot.provider.words = Vocabulary()
        await refresh_vocabularies(bot.services)
        assert ("orbit_left", "push_in") == suggested_concepts(bot.services.vocabularies)
        bot.advance(SIX_HOURS)
        bot.provider.words_error = NotSent("HTTP 500")
        await refresh_vocabularies(bot.services)
        assert ("orbit_left", "push_in") == suggested_concepts(bot.services.vocabularies)


async def test_a_gateway_offers_what_a_worker_was_told_and_asks_nobody(tmp_path: Path) -> None:
    clock = Clock()
    async with open_engine(tmp_path, start=None, clock=clock) as worker:
        await refresh_vocabularies(worker.services)
    silent = FakeProvider(clock)
    async with open_engine(
        tmp_path, start=None, clock=clock, providers=[silent], role=Role.GATEWAY, provider=()
    ) as gateway:
        await refresh_vocabularies(gateway.services)
        assert 0 == silent.words_asked
        assert ["orbit_left", "push_in"] == await concepts(gateway)


async def test_another_account_of_the_provider_is_asked_where_one_does_not_answer(engine: Open) -> None:
    clock = Clock()
    one, two = FakeProvider(clock, account="one"), FakeProvider(clock, account="two")
    one.words_error = NotSent("HTTP 500")
    async with engine(start=None, providers=[one, two]) as bot:
        await refresh_vocabularies(bot.services)
        assert (1, 1) == (one.words_asked, two.words_asked)
        assert ("orbit_left", "push_in") == suggested_concepts(bot.services.vocabularies)


async def test_only_what_a_provider_told_is_a_reason_to_refuse(engine: Open) -> None:
    async with engine(start=None) as bot:
        await bot.quote("/animate a sea --concepts hover")
        await refresh_vocabularies(bot.services)
        with pytest.raises(InvalidRequest, match="There is no concept hover"):
            await bot.quote("/animate a sea --concepts hover")


async def test_a_stored_list_that_cannot_be_read_is_asked_for_again(engine: Open) -> None:
    async with engine(start=None) as bot:
        await refresh_vocabularies(bot.services)
        await bot.change("UPDATE vocabulary SET concepts = 'nonsense'")
        await refresh_vocabularies(bot.services)
        assert 2 == bot.provider.words_asked
        assert ("orbit_left", "push_in") == suggested_concepts(bot.services.vocabularies)
