"""Jobs go to the provider that can make them, among several providers with accounts of their own."""

from dataclasses import replace

from bot.domain.commands import Help, build
from bot.domain.errors import InvalidRequest
from bot.domain.generations.media import Reference
from bot.domain.generations.models import ImageModel, Lane
from bot.domain.jobs.actions import Action
from bot.domain.jobs.failures import FailureCategory
from bot.domain.jobs.job import State
from bot.domain.money.pricing import Rates
from bot.service.facade import BotService
from bot.service.replies import PrivateReply
from bot.store.queue.claim import cool_down
from tests.engine.conftest import Open
from tests.engine.fake_library import PNG
from tests.engine.fakes import Clock, FakeProvider, lost
from tests.engine.harness import Engine
from tests.engine.settings import ADA, EVE
from tests.service.commands.providers import a_usual_and_a_plain_account
from tests.service.commands.test_ordering import refused


async def provider_of(bot: Engine, text: str) -> str:
    return (await bot.made(text)).provider


async def test_the_model_decides_which_provider_makes_a_job(engine: Open) -> None:
    usual, plain = a_usual_and_a_plain_account()
    async with engine(providers=[usual, plain]) as bot:
        assert "simulator" == await provider_of(bot, "/imagine a fox")
        assert "plain" == await provider_of(bot, "/imagine a fox --model uni-1")
        assert (1, 1) == (len(usual.creates), len(plain.creates))


async def test_what_no_model_of_a_provider_can_do_is_refused_with_the_one_that_can(engine: Open) -> None:
    async with (
        engine(providers=a_usual_and_a_plain_account(), start=None) as bot,
        refused(bot, InvalidRequest, "uni-1 takes no pictures to modify; choose photon-1 or photon-flash-1"),
    ):
        await bot.say("/imagine a fox --model uni-1 --modify https://a.example/a.png")


async def test_a_follow_up_stays_with_its_provider_while_that_can_make_it(engine: Open) -> None:
    usual, plain = a_usual_and_a_plain_account()
    async with engine(providers=[usual, plain]) as bot:
        source = await bot.made("/imagine a fox --model uni-1")
        variation = await bot.ends((await bot.press(Action.VARIATION, source.id)).view)
        assert ("plain", ImageModel.UNI_1) == (variation.provider, variation.request.model)
        assert [None] == [reference.weight for reference in variation.request.references]
        reframed = await bot.ends((await bot.press(Action.REFRAME, source.id)).view)
        assert ("simulator", ImageModel.PHOTON_1) == (reframed.provider, reframed.request.model)


async def test_only_what_the_accounts_offer_is_suggested(engine: Open) -> None:
    _, plain = a_usual_and_a_plain_account()
    async with engine(providers=[plain], start=None) as bot:
        suggested = await bot.service.autocomplete_line("/imagine a fox --model ", bot.invocation())
        assert ["uni-1"] == [one.label for one in suggested]


async def test_help_prices_only_what_is_offered_and_has_a_price(engine: Open) -> None:
    _, plain = a_usual_and_a_plain_account()
    async with engine(providers=[plain], start=None) as bot:
        told = await bot.say("/help")
        assert isinstance(told, PrivateReply)
        assert "A picture costs uni-1 $0.041." in told.text
        assert "photon-1" not in told.text
        unpriced = replace(bot.services, rates=Rates(dated=bot.services.rates.dated))
        reply = await BotService(unpriced).execute(build(Help, {}), bot.invocation())
        assert isinstance(reply, PrivateReply)
        assert "A failed job is not charged." == reply.text


async def test_a_provider_that_cools_down_holds_up_no_other(engine: Open) -> None:
    usual, plain = a_usual_and_a_plain_account()
    async with engine(providers=[usual, plain]) as bot:
        later = bot.clock.wall() + 60_000
        await bot.services.database.transact(cool_down, "usual", Lane.IMAGE, until=later)
        waiting = await bot.ask("/imagine a fox")
        assert State.COMPLETED is (await bot.ends(await bot.ask("/imagine a fox --model uni-1"))).state
        assert State.QUEUED is (await bot.job(waiting)).state


async def test_a_job_of_unknown_outcome_is_never_moved_and_without_a_list_ends_at_once(engine: Open) -> None:
    """Nothing can find out what became of it; waiting would only hold the member's money."""
    usual, plain = a_usual_and_a_plain_account()
    second = FakeProvider(Clock(), account="second")
    second.name, second.capabilities = plain.name, plain.capabilities
    plain.steps.append(lost())
    second.steps.append(lost())
    async with engine(providers=[usual, plain, second]) as bot:
        job = await bot.ends(await bot.ask("/imagine a fox --model uni-1"))
        assert (State.FAILED, FailureCategory.LOST_ANSWER) == (
            job.state,
            job.failure and job.failure.category,
        )
        assert 1 == len(plain.creates) + len(second.creates)
        assert (0, 0) == await bot.money()


async def test_a_provider_that_takes_files_needs_no_public_url(engine: Open) -> None:
    _, plain = a_usual_and_a_plain_account()
    async with engine(providers=[plain], reachable=False) as bot:
        file = Reference.of(await bot.upload(PNG + b"mine"))
        await bot.made("/imagine a fox", files=(file,))
        (sent,) = plain.files.values()
        assert ("image/png", len(PNG + b"mine")) == (sent.mime, sent.size)
        with await sent.open() as content:
            assert PNG + b"mine" == content.read()


async def test_a_provider_is_told_of_each_member_by_an_id_that_hides_them(engine: Open) -> None:
    async with engine() as bot:
        for by in (ADA, ADA, EVE):
            await bot.ends(await bot.ask("/imagine a fox", by=by))
        first, again, other = bot.provider.end_users
        assert first == again != other
        assert "ada" not in first.lower()
