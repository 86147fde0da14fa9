"""Jobs that a workspace pays with its own API key, also while that is replaced or removed."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pytest
from structlog.testing import capture_logs

from bot.domain.errors import (
    AccountProblem,
    InvalidRequest,
    NotAllowed,
    QuotaExhausted,
)
from bot.domain.jobs.actions import Action
from bot.domain.jobs.job import State
from bot.domain.money.quota import Level
from bot.providers.base import GenerationState
from bot.service import defaults
from bot.store.admin import workspaces
from bot.store.operator.accounts import AccountState
from bot.store.operator.reports import inconsistent_counts, inconsistent_meters
from bot.store.operator.workspace_keys import find_key
from tests.engine.harness import Engine
from tests.engine.settings import BOSS, person
from tests.service.keyed import AWAY, AWAY_BOB, KEY, OTHER, Keyed, enter, stored


async def test_jobs_of_a_workspace_with_a_key_use_its_account_alone(keyed: Keyed) -> None:
    async with keyed.open() as bot:
        await enter(bot)
        mine = await bot.made()
        theirs = await bot.made(by=AWAY_BOB)

        own = keyed.accounts.of(KEY)
        assert (own.account, "one") == (mine.account, theirs.account)
        assert f"simulator/image/{own.account}" == mine.queue
        assert own.account == mine.account_required
        assert (1, 1) == (len(own.creates), len(bot.provider.creates))
        assert [] == await inconsistent_meters(bot.services.database)
        assert [] == await inconsistent_counts(bot.services.database)


async def test_the_operators_budget_and_totals_do_not_count_what_a_key_pays(keyed: Keyed) -> None:
    async with keyed.open(default_ceiling=0) as bot:
        with pytest.raises(QuotaExhausted):
            await bot.ask()
        await bot.operator.quota_set(subject="everything", amount="0")
        await bot.operator.quota_set(subject="person:chat:ada", amount="0")
        await enter(bot)

        job = await bot.made()

        assert (job.price, 0) == await bot.money()
        scopes = {row["scope"] for row in await bot.rows("SELECT scope FROM meter WHERE used > 0")}
        assert {"member:chat:home:ada", "workspace:chat:home"} == scopes
        (overview,) = (await bot.operator.overview())["workspaces"]
        assert 0 == overview["spent_microusd"]


async def test_rules_of_the_workspace_and_its_members_hold_for_its_own_key(keyed: Keyed) -> None:
    async with keyed.open() as bot:
        await enter(bot)
        await bot.say("/quotas set --workspace --amount 0.01", by=BOSS)
        with pytest.raises(QuotaExhausted, match="this workspace has"):
            await bot.ask()


async def test_nothing_is_spent_with_a_key_before_an_admin_has_chosen_a_budget(any_keyed: Keyed) -> None:
    async with any_keyed.open(provider="luma", luma_keys="key") as bot:
        told = await enter(bot, budget=None)
        assert "before you choose a budget with /studio setup" in told.text
        with pytest.raises(QuotaExhausted, match=r"no budget yet.*admin.*/studio setup"):
            await bot.ask(by=BOSS)
        assert "choose a budget" in (await bot.learn("/studio setup", by=BOSS)).text
        told = await bot.learn("/studio setup --budget 25", by=BOSS)
        assert told.text == "A week costs $25.00 at most."
        assert "budget" not in (await enter(bot, OTHER, budget=None)).text
        await bot.made()
        await bot.learn("/quotas remove --workspace --period month", by=BOSS)
        with pytest.raises(QuotaExhausted, match="no budget yet"):
            await bot.ask()


async def test_quotes_and_quota_name_who_pays(keyed: Keyed) -> None:
    async with keyed.open() as bot:
        assert not (await bot.quote("/imagine a red fox")).own_key
        shared = await bot.ask()
        assert "Paid by" not in dict(shared.jobs[0].fields)
        await enter(bot)
        assert (await bot.quote("/imagine a red fox")).own_key
        card = await bot.ask()
        assert "the workspace's own key" == dict(card.jobs[0].fields)["Paid by"]
        shown = await bot.shown(card, lambda view: view.settled)
        assert "the workspace's own key" == dict(shown.jobs[0].fields)["Paid by"]
        await bot.say("/studio key remove", by=BOSS)
        listed = await bot.learn(f"/show {card.jobs[0].id}")
        assert "the workspace's own key" == dict(listed.views[0].jobs[0].fields)["Paid by"]
        await enter(bot)
        assert "billed to this workspace's own key" in (await bot.learn("/quota")).text


async def test_jobs_wait_for_a_stopped_key_and_never_use_the_operators_account(any_keyed: Keyed) -> None:
    async with any_keyed.open(reachable=True) as bot:
        await enter(bot)
        own = any_keyed.accounts.of(KEY)
        own.check_error = AccountProblem("The account has no credit left")
        own.steps.append(AccountProblem("The account has no credit left"))
        card = await bot.ask()

        await bot.shown(card, lambda view: "no credit left" in view.jobs[0].headline)
        assert "/studio key" in bot.chat.of(card.card)[-1].jobs[0].headline
        assert "no credit left" in str((await bot.learn("/studio key", by=BOSS)).fields)
        async with bot.http() as http:
            ready = (await http.get("/readyz")).json()
        assert not ready["degraded"]
        assert "chat:home" in str(ready["remarks"])
        assert [] == bot.provider.creates

        own.check_error = None
        await bot.until(lambda: _ended_after(bot, 25))
        assert State.COMPLETED is (await bot.ends(card)).state


async def _ended_after(bot: Engine, milliseconds: int) -> bool:
    bot.advance(milliseconds)
    return not await bot.rows("SELECT 1 FROM job WHERE finished_at IS NULL")


async def test_a_removed_key_is_watched_to_the_end_and_then_deleted(keyed: Keyed) -> None:
    async with keyed.open(image_concurrent=1) as bot:
        own = keyed.accounts.of(KEY, concurrent=1)
        own.born = GenerationState.DREAMING
        await enter(bot)
        running, waiting = await bot.ask(), await bot.ask()
        await bot.comes_to(running, State.SUBMITTED)

        told = await bot.learn("/studio key remove", by=BOSS)

        assert "not charged: 1" in told.text
        assert State.CANCELLED is (await bot.ends(waiting)).state
        assert [True] == [row["removed_at"] is not None for row in await stored(bot)]
        theirs = await bot.ask()
        for generation in list(own.generations):
            own.end(generation, GenerationState.COMPLETED)
        assert State.COMPLETED is (await bot.ends(running)).state
        await bot.until(lambda: _no_key(bot))
        assert "one" == (await bot.ends(theirs)).account
        assert 1 == len(own.creates)
        assert [] == await inconsistent_counts(bot.services.database)
        assert [] == await inconsistent_meters(bot.services.database)


async def _no_key(bot: Engine) -> bool:
    return not await stored(bot) and not bot.services.workspace_providers


async def test_another_key_takes_over_what_waits_for_the_first(any_keyed: Keyed) -> None:
    async with any_keyed.open() as bot:
        first, second = any_keyed.accounts.of(KEY, concurrent=1), any_keyed.accounts.of(OTHER)
        first.born = GenerationState.DREAMING
        await enter(bot)
        running, waiting = await bot.ask(), await bot.ask()
        await bot.comes_to(running, State.SUBMITTED)

        told = await enter(bot, OTHER)

        assert "moved to this key: 1" in told.text
        moved = await bot.ends(waiting)
        assert (second.account, f"simulator/image/{second.account}") == (moved.account, moved.queue)
        first.end(next(iter(first.generations)), GenerationState.COMPLETED)
        assert first.account == (await bot.ends(running)).account
        await bot.until(lambda: _keys(bot, [second.account]))
        assert [] == await inconsistent_counts(bot.services.database)


async def _keys(bot: Engine, accounts: list[str]) -> bool:
    return accounts == [row["account"] for row in await stored(bot)]


async def test_what_builds_on_a_removed_account_is_refused_before_it_is_charged(keyed: Keyed) -> None:
    async with keyed.open() as bot:
        await enter(bot)
        video = await bot.made("/animate a fox")
        before = await bot.money()
        await enter(bot, OTHER)
        with pytest.raises(InvalidRequest, match="no longer in use"):
            await bot.press(Action.EXTEND, video.id)
        await bot.learn("/studio key remove", by=BOSS)
        with pytest.raises(InvalidRequest, match="no longer in use"):
            await bot.press(Action.EXTEND, video.id)
        assert before == await bot.money()


async def test_a_video_of_the_operators_account_is_not_extended_with_the_key(keyed: Keyed) -> None:
    """The key does not know that generation, and the operator does not pay any more."""
    async with keyed.open() as bot:
        video = await bot.made("/animate a fox")
        await enter(bot)
        with pytest.raises(InvalidRequest, match="no longer in use"):
            await bot.press(Action.EXTEND, video.id)


async def test_what_extends_a_video_of_the_earlier_key_is_cancelled(keyed: Keyed) -> None:
    async with keyed.open() as bot:
        first = keyed.accounts.of(KEY, concurrent=1)
        await enter(bot)
        video = await bot.made("/animate a fox")
        first.born = GenerationState.DREAMING
        running = await bot.ask("/animate a hen")
        await bot.comes_to(running, State.SUBMITTED)
        waiting = await bot.ask(f"/extend {video.id}")

        told = await enter(bot, OTHER)

        assert "earlier account: 1" in told.text
        ended = await bot.ends(waiting)
        assert State.CANCELLED is ended.state
        assert ended.failure is not None
        assert "not charged" in ended.failure.message
        assert [] == keyed.accounts.of(OTHER).creates
        assert [] == await inconsistent_counts(bot.services.database)


async def test_a_video_of_one_workspaces_account_is_not_extended_for_another(keyed: Keyed) -> None:
    """The person sees it there, but the other workspace's key must not pay."""
    async with keyed.open() as bot:
        await enter(bot)
        video = await bot.made("/animate a fox")
        ada_away = person("ada", workspace=AWAY)
        with pytest.raises(InvalidRequest, match="no longer in use"):
            await bot.ask(f"/extend {video.id}", by=ada_away)
        assert 1 == len(keyed.accounts.of(KEY).creates)


async def test_a_command_that_meets_a_changed_key_is_refused(
    keyed: Keyed, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who pays is decided in the accepting transaction."""
    async with keyed.open(start=None) as bot:
        find: Callable[..., Any] = workspaces.find_workspace

        async def before_the_key_is_set(*arguments: Any) -> Any:
            found = await find(*arguments)
            await enter(bot)
            return found

        monkeypatch.setattr(defaults, "find_workspace", before_the_key_is_set)
        with pytest.raises(NotAllowed, match="just been changed"):
            await bot.ask()
        assert [] == await bot.rows("SELECT id FROM job")


async def test_a_key_that_cannot_be_decrypted_stops_its_account(keyed: Keyed) -> None:
    async with keyed.open() as bot:
        await enter(bot)
        await bot.change("UPDATE workspace_key SET value = 'v2.moved'")
        card = await bot.ask()
        await bot.shown(card, lambda view: "cannot be decrypted" in view.jobs[0].headline)
        found = await find_key(bot.services.database, "chat:home")
        assert found is not None
        assert AccountState.STOPPED is found.state
        await enter(bot)
        assert State.COMPLETED is (await bot.ends(card)).state


async def test_a_removed_key_that_cannot_be_decrypted_is_forgotten_after_the_last_deadline(
    any_keyed: Keyed,
) -> None:
    """Another process may have the secret; then the jobs in flight are refunded."""
    with capture_logs() as logs:
        await _forget_unreadable(any_keyed, logs)


async def _forget_unreadable(keyed: Keyed, logs: Sequence[Mapping[str, Any]]) -> None:
    async with keyed.open() as bot:
        keyed.accounts.of(KEY).born = GenerationState.DREAMING
        await enter(bot)
        card = await bot.ask()
        await bot.comes_to(card, State.SUBMITTED)
        await bot.dropped()
        await bot.learn("/studio key remove", by=BOSS)
        await bot.change("UPDATE workspace_key SET value = 'v2.moved'")
        bot.start()

        times = bot.services.times
        await bot.until(lambda: bool(_unusable(logs)))
        bot.advance(times.generation_deadline // 2)
        assert 1 == len(await stored(bot))
        bot.advance(times.generation_deadline + times.unknown_deadline)

        assert State.FAILED is (await bot.ends(card)).state
        await bot.until(lambda: _no_key(bot))
        assert 1 == len(_unusable(logs))


def _unusable(logs: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    return [one for one in logs if one["event"] == "workspace_key_unusable"]


async def test_an_idle_account_is_closed_and_opened_again_for_its_next_job(keyed: Keyed) -> None:
    async with keyed.open() as bot:
        await enter(bot)
        await bot.made()
        assert bot.services.workspace_providers
        await bot.until(lambda: _closed_after(bot, 60_000))
        await bot.made()
        assert 2 == len(keyed.accounts.of(KEY).creates)


def _closed_after(bot: Engine, milliseconds: int) -> bool:
    bot.advance(milliseconds)
    return not bot.services.workspace_providers


async def test_levels_of_the_operator_are_not_limits_of_a_keyed_workspace(keyed: Keyed) -> None:
    async with keyed.open(start=None) as bot:
        await enter(bot)
        assert Level.CEILING not in [limit.level for limit, _ in await bot.limits()]
