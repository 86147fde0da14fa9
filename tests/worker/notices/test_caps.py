"""Spending caps: admins are warned once, at the cap a workspace pauses cleanly, and it resumes by itself."""

import asyncio
from typing import Any

import pytest

from bot.domain.errors import QuotaExhausted
from bot.domain.jobs.job import State
from bot.domain.money.quota import Level
from bot.providers.base import GenerationState
from bot.store.operator.reports import inconsistent_meters
from bot.store.quotas.limits import of_level
from bot.worker.notices.cap_notices import post_due_cap_notices
from tests.engine.conftest import Open
from tests.engine.harness import Engine
from tests.engine.settings import ADA, BOB, BOSS, person
from tests.service.commands.providers import a_usual_and_a_plain_account

DAY_MS = 86_400_000


async def notices(engine: Engine) -> list[tuple[str, str]]:
    """Have both of two replicas look; answers what was posted so far, with the channel."""
    publishers = {"chat": engine.chat}
    await asyncio.gather(*(post_due_cap_notices(engine.services, publishers) for _ in range(2)))
    return [(place.channel, text) for text, place in engine.chat.told]


async def test_admins_are_warned_once_in_a_period_and_told_when_the_cap_is_reached(engine: Open) -> None:
    async with engine() as bot:
        price = (await bot.made()).price
        for _ in range(3):
            await bot.made()
        # What was spent before the cap counts.
        await bot.learn(f"/quotas set --workspace --amount {price * 5 / 1e6:.6f}", by=BOSS)
        assert [] == await inconsistent_meters(bot.services.database)
        assert [] == await notices(bot), "there is no admin channel"
        await bot.learn("/studio setup --admin_channel staff|#staff", by=BOSS)
        (warning,) = await notices(bot)
        assert ("staff", True) == (warning[0], "More than 80 %" in warning[1])
        assert "the cap of this workspace for today" in warning[1]
        assert 1 == len(await notices(bot)), "once"
        await bot.made()
        with pytest.raises(QuotaExhausted, match="this workspace has"):
            await bot.ask()
        (_, reached) = await notices(bot)
        assert ("staff", True) == (reached[0], "is reached" in reached[1])
        assert 2 == len(await notices(bot)), "once"

        bot.advance(DAY_MS)
        assert State.COMPLETED is (await bot.made()).state
        assert 2 == len(await notices(bot))


async def test_what_is_under_way_counts_on_a_new_cap(engine: Open) -> None:
    async with engine() as bot:
        bot.provider.born = GenerationState.DREAMING
        card = await bot.ask()
        job = await bot.comes_to(card, State.SUBMITTED)
        await bot.learn(f"/quotas set --workspace --amount {job.price / 1e6:.6f}", by=BOSS)
        with pytest.raises(QuotaExhausted, match="this workspace has"):
            await bot.ask()
        bot.provider.end(str(job.remote_id), GenerationState.FAILED)
        await bot.ends(card)
        assert [] == await inconsistent_meters(bot.services.database)
        bot.provider.born = GenerationState.COMPLETED
        assert State.COMPLETED is (await bot.made()).state, "the cap has got its money back"


async def test_a_cap_is_reached_when_no_picture_of_these_providers_fits(engine: Open) -> None:
    """Another provider's picture, which nobody can have here, would still fit."""
    _, plain = a_usual_and_a_plain_account()
    async with engine(providers=[plain]) as bot:
        await bot.learn("/quotas set --workspace --amount 0.09", by=BOSS)
        await bot.learn("/studio setup --admin_channel staff|#staff", by=BOSS)
        for _ in range(2):
            await bot.made()
        (told,) = await notices(bot)
        assert "is reached" in told[1]


@pytest.mark.parametrize("resumed_by", ["a raised cap", "a removed cap", "a new day", "a reset"])
async def test_queued_jobs_keep_their_place_while_paused_and_resume(engine: Open, resumed_by: str) -> None:
    async with engine() as bot:
        await bot.learn("/quotas set --workspace --amount 5", by=BOSS)
        await bot.made()
        await bot.dropped()
        waiting = await bot.ask(place=bot.place(channel="c7"))
        await bot.learn("/quotas set --workspace --amount 0.001", by=BOSS)
        bot.start()
        elsewhere = await bot.ask(by=person("ada", workspace="chat:elsewhere"))
        await bot.ends(elsewhere)
        assert State.QUEUED is (await bot.job(waiting)).state
        with pytest.raises(QuotaExhausted, match="Queued jobs keep their place"):
            await bot.ask(by=BOB)
        status = await bot.learn("/status")
        assert "the budget is used up" in str(status.fields)
        told = await notices(bot)
        assert [("c7", True)] == [(channel, text.startswith("Paused: the cap")) for channel, text in told]
        assert 1 == len(await notices(bot)), "members are told once"
        assert "Queued jobs keep their place" in await bot.service.pause_notice(ADA)

        match resumed_by:
            case "a raised cap":
                await bot.learn("/quotas set --workspace --amount 5", by=BOSS)
            case "a removed cap":
                await bot.learn("/quotas remove --workspace", by=BOSS)
            case "a new day":
                # Less than a whole day, after which the job would have waited too long.
                (cap, _), *_ = of_level(await bot.limits(), Level.WORKSPACE)
                bot.advance(cap.period_end - bot.clock.wall())
            case _:
                await bot.learn("/quotas reset --workspace", by=BOSS)
        assert State.COMPLETED is (await bot.ends(waiting)).state
        # After a reset the job has used the cap up once more.
        assert (resumed_by == "a reset") == bool(await bot.service.pause_notice(ADA))


async def test_workspaces_in_a_group_share_a_budget_beside_their_own(any_engine: Open) -> None:
    away = person("ada", workspace="chat:elsewhere")
    async with any_engine() as bot:
        price = (await bot.made()).price
        await bot.ends(await bot.ask(by=away))
        operator = bot.operator.calls
        await operator["groups_create"](group="Acme", amount=f"{price * 2.1 / 1e6:.6f}")
        for workspace in ("chat:home", "chat:elsewhere"):
            await operator["groups_add"](group="Acme", workspace=workspace)
            boss = person("boss", workspace=workspace, admin=True)
            await bot.learn("/studio setup --admin_channel staff|#staff", by=boss)
        assert [] == await notices(bot), "what was spent before does not count"

        await bot.made()
        facts = dict((await bot.learn("/quota", by=away)).fields)
        assert "$0.018 used" in facts["Budget shared with chat:home, this month"]
        facts = dict((await bot.learn("/quotas show", by=BOSS)).fields)
        assert "$0.018 used" in facts["Budget shared with chat:elsewhere, this month"]
        await bot.ends(await bot.ask(by=away))
        with pytest.raises(QuotaExhausted, match="the budget that this workspace shares with others"):
            await bot.ask()
        told = [text for _, text in await notices(bot)]
        assert 2 == len(told), "the admins of both workspaces"
        assert all("is reached" in text and "shares with others" in text for text in told), told
        assert 2 == len(await notices(bot)), "once"

        await operator["groups_budget"](group="Acme", amount="5")
        await bot.dropped()
        here, there = await bot.ask(place=bot.place(channel="c7")), await bot.ask(by=away)
        await operator["groups_budget"](group="Acme", amount="0.01")
        bot.start()
        await bot.looks()
        assert {State.QUEUED} == {(await bot.job(one)).state for one in (here, there)}
        assert "shares with others" in await bot.service.pause_notice(away)
        assert "the budget is used up" in str((await bot.learn("/status")).fields)
        assert ("c7", True) in [(channel, text.startswith("Paused")) for channel, text in await notices(bot)]

        # Whoever leaves goes on; its jobs settle where they were reserved.
        await operator["groups_remove"](group="Acme", workspace="chat:home")
        assert State.COMPLETED is (await bot.ends(here)).state
        await operator["groups_delete"](group="Acme")
        assert State.COMPLETED is (await bot.ends(there)).state
        assert [] == await inconsistent_meters(bot.services.database)
        (group,) = await bot.rows("SELECT used, reserved FROM meter WHERE scope LIKE 'group:%'")
        assert (4 * price, 0) == (group["used"], group["reserved"])


@pytest.mark.parametrize("cap", ["total_daily_cap", "total_monthly_cap"])
async def test_everything_has_caps_by_settings(engine: Open, cap: str) -> None:
    async with engine(start=None, **{cap: "0.02"}) as bot:
        await bot.ask()
        with pytest.raises(QuotaExhausted, match="the budget that the operator gave"):
            await bot.ask(by=person("eve", workspace="chat:elsewhere"))
        await bot.operator.quota_set(
            subject="everything", amount="1", period="day" if "daily" in cap else "month"
        )
        await bot.ask(by=person("eve", workspace="chat:elsewhere"))


async def test_a_total_cap_that_was_changed_holds_from_the_start(engine: Open) -> None:
    """Whoever raises it in the settings restarts the bot, and no new command has to come for that."""
    async with engine(total_daily_cap="5") as bot:
        await bot.made()
        await bot.dropped()
        waiting = await bot.ask()
        same: dict[str, Any] = {"clock": bot.clock, "providers": [bot.provider]}
    async with engine(total_daily_cap="0.001", **same) as bot:
        await bot.looks()
        assert State.QUEUED is (await bot.job(waiting)).state
        assert "the budget of the whole bot" in await bot.service.pause_notice(ADA)
    async with engine(**same) as bot:
        assert State.COMPLETED is (await bot.ends(waiting)).state
        # A cap that was removed warns nobody.
        assert [] == await notices(bot)
