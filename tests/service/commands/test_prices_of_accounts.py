"""Prices where the operator's account and a workspace's own one are at different providers."""

from typing import Any

import pytest

from bot.domain.cards.card import JobView
from bot.domain.errors import InvalidRequest
from bot.domain.generations.models import ImageModel
from bot.domain.jobs.actions import Action
from bot.domain.jobs.job import Job
from bot.domain.money.pricing import published_rates
from bot.store.operator.reports import inconsistent_meters
from tests.engine.harness import Engine
from tests.engine.settings import ADA, BOSS
from tests.service.commands.providers import a_usual_and_a_plain_account
from tests.service.keyed import AWAY_BOB, KEY, Keyed, enter

_RATES = published_rates()
#: micro-dollars of a picture of each provider's first model
PLAIN = _RATES.picture[ImageModel.UNI_1].each
USUAL = -(-_RATES.image[ImageModel.PHOTON_1] * 2048 * 1152 // 1_000_000)


def opened(keyed: Keyed) -> Any:
    """The operator's account is at a provider that makes plain pictures; keys open the usual one."""
    _, plain = a_usual_and_a_plain_account()
    return keyed.open(providers=[plain])


async def view_of(bot: Engine, job: Job) -> JobView:
    (view,) = (await bot.learn(f"/show {job.id}")).views
    return view.jobs[0]


async def test_a_command_costs_what_the_provider_of_its_payer_takes(keyed: Keyed) -> None:
    async with opened(keyed) as bot:
        assert PLAIN == (await bot.quote("/imagine a fox")).price.each
        shared = await bot.made("/imagine a fox")
        assert ("plain", PLAIN) == (shared.provider, shared.price)

        await enter(bot)

        quote = await bot.quote("/imagine a fox")
        assert (True, USUAL) == (quote.own_key, quote.price.each)
        own, theirs = await bot.made("/imagine a fox"), await bot.made("/imagine a fox", by=AWAY_BOB)
        assert ("simulator", ImageModel.PHOTON_1, USUAL) == (own.provider, own.request.model, own.price)
        assert ("plain", ImageModel.UNI_1, PLAIN) == (theirs.provider, theirs.request.model, theirs.price)
        assert (1, 2) == (len(keyed.accounts.of(KEY).creates), len(bot.provider.creates))
        assert (PLAIN + USUAL, 0) == await bot.money(ADA)
        assert (PLAIN, 0) == await bot.money(AWAY_BOB)
        assert [] == await inconsistent_meters(bot.services.database)


async def test_what_the_payer_cannot_have_made_is_refused_and_not_priced(keyed: Keyed) -> None:
    async with opened(keyed) as bot:
        await enter(bot)
        for ask in (bot.quote, bot.say):
            with pytest.raises(InvalidRequest, match=r"uni-1 is not available here.*choose photon-1"):
                await ask("/imagine a fox --model uni-1")
        with pytest.raises(InvalidRequest, match="choose uni-1"):
            await bot.quote("/imagine a fox --model photon-1", by=AWAY_BOB)
        assert [] == await bot.rows("SELECT id FROM job")


async def test_help_and_quota_name_the_prices_of_the_payer(any_keyed: Keyed) -> None:
    async with opened(any_keyed) as bot:
        assert "uni-1 $0.041" in (await bot.learn("/help")).text
        await enter(bot)
        told, quota = (await bot.learn("/help")).text, (await bot.learn("/quota")).text
        assert "photon-1 ≈$0.018" in told
        assert "uni-1" not in told + quota
        assert "$0.018" in quota
        assert "uni-1 $0.041" in (await bot.learn("/help", by=AWAY_BOB)).text


async def test_buttons_show_what_the_payer_of_now_would_pay(keyed: Keyed) -> None:
    """Also under a picture that somebody else has paid, at another provider."""
    async with opened(keyed) as bot:
        picture = await bot.made("/imagine a fox")
        before = (await view_of(bot, picture)).prices
        variation = PLAIN + _RATES.picture[ImageModel.UNI_1].reference
        assert (PLAIN, variation) == (before.shown(Action.AGAIN), before.shown(Action.VARIATION))

        await enter(bot)

        after = (await view_of(bot, picture)).prices
        assert USUAL == after.shown(Action.VARIATION)
        varied = await bot.ends((await bot.press(Action.VARIATION, picture.id)).view)
        assert ("simulator", USUAL) == (varied.provider, varied.price)
        # The same request again names a model that this payer does not have.
        assert {Action.AGAIN, Action.EDIT}.isdisjoint(after.by_action)
        with pytest.raises(InvalidRequest, match="uni-1 is not available here"):
            await bot.press(Action.AGAIN, picture.id)

        await bot.learn("/studio key remove", by=BOSS)
        assert before.by_action == (await view_of(bot, picture)).prices.by_action
