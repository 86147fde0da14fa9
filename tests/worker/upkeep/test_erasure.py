"""A person has their data deleted: nothing names them or quotes them, and the books still balance."""

from functools import partial

import pytest

from bot.domain.errors import InvalidRequest, JobNotFound
from bot.domain.identity import Caller
from bot.domain.jobs.actions import Action
from bot.domain.jobs.job import Job, State
from bot.providers.base import GenerationState
from bot.service.replies import PrivateReply
from bot.store.copy import TABLES
from bot.store.operator.reports import inconsistent_counts, inconsistent_meters
from tests.engine.conftest import Open
from tests.engine.fake_library import PNG
from tests.engine.harness import Engine
from tests.engine.settings import ADA, BOB, BOSS

HOUR_MS, MONTH_MS = 3_600_000, 31 * 86_400_000
#: tables that may still name a person: what limits them, and what admins decided
_MAY_NAME = ("allowance", "block", "audit")
#: the person, and a word of everything that they wrote
_TRACES = ("chat:ada", ":ada", "Ada", "marmalade")


async def traces(bot: Engine) -> dict[str, str]:
    """By table, a row that still names the person or quotes their words."""
    found = {}
    for table in TABLES:
        for row in await bot.rows(f"SELECT * FROM {table}"):  # noqa: S608 - our names
            if table not in _MAY_NAME and any(trace in str(row) for trace in _TRACES):
                found[table] = str(row)
    return found


async def forget(bot: Engine, by: Caller = ADA) -> PrivateReply:
    asked = await bot.learn("/mydata forget", by=by)
    return await bot.answer(asked, "Delete my data", by=by)


async def is_deleted(bot: Engine, job: Job) -> bool:
    return bool(await bot.rows("SELECT id FROM job WHERE id = :id AND deleted = 1", id=job.id))


async def pass_time(bot: Engine, milliseconds: int) -> None:
    """Let time pass once all cards are shown: a show under way would lose its lease, and begin again."""
    await bot.until(
        lambda: _nothing(bot, "SELECT id FROM card WHERE shown_rev < wanted_rev AND undeliverable IS NULL")
    )
    bot.advance(milliseconds)


async def until_cleared(bot: Engine) -> None:
    """Let pass what a platform needs to repeat an event."""
    await pass_time(bot, 3 * HOUR_MS)
    await bot.until(lambda: _nothing(bot, "SELECT person FROM erasure WHERE cleared_at IS NULL"))


async def until_done(bot: Engine) -> None:
    await until_cleared(bot)
    await pass_time(bot, MONTH_MS)
    await bot.until(lambda: _nothing(bot, "SELECT person FROM erasure"))


async def _is_gone(bot: Engine, file: str) -> bool:
    return not await bot.services.storage.exists(file)


async def _nothing(bot: Engine, sql: str) -> bool:
    return not await bot.rows(sql)


async def test_nothing_names_or_quotes_a_person_whose_data_was_deleted(any_engine: Open) -> None:
    async with any_engine() as bot:
        await bot.learn("/rules moderators mods|mods", by=BOSS)
        mine = await bot.made("/imagine marmalade on toast")
        theirs = await bot.made("/imagine a blue boat", by=BOB)
        await bot.press(Action.GALLERY, theirs.id)
        other = Caller(workspace="talk:hall", person="talk:al", member="talk:hall:al", name="Lovelace")
        code = (await bot.learn("/link", by=other)).text.partition("/link ")[2][:14]
        await bot.answer(await bot.learn(f"/link {code}"), "Link")
        await bot.learn("/link")
        await bot.press(Action.SEND, theirs.id)
        await bot.learn(f"/report {theirs.id} marmalade is missing")
        await bot.learn(f"/studio preset save character hero --picture {mine.id}", by=BOSS)
        await bot.learn("/settings --aspect_ratio 9:16")
        upload = await bot.upload(PNG)
        await bot.learn("/quotas grant --member ada --amount 1 --reason marmalade", by=BOSS)
        spent = await bot.money()
        assert spent != (0, 0)

        assert "is being deleted" in (await forget(bot)).title

        await bot.until(lambda: is_deleted(bot, mine))
        with pytest.raises(JobNotFound):
            await bot.say(f"/show {mine.id}")
        assert mine.result is not None
        await until_cleared(bot)
        assert await _nothing(bot, "SELECT id FROM member WHERE person = 'chat:ada' AND defaults <> '{}'")
        # What limits the person goes on to do so.
        assert spent == await bot.money()
        # Files are removed after the rows that refer to them.
        for file in (upload.file, mine.result.file):
            await bot.until(partial(_is_gone, bot, file))
        await until_done(bot)
        assert {} == await traces(bot)
        assert [] == await inconsistent_meters(bot.services.database)
        assert [] == await inconsistent_counts(bot.services.database)
        assert not await is_deleted(bot, theirs)
        assert [] == await bot.rows("SELECT person FROM linked_person")


async def test_what_waits_is_cancelled_and_what_runs_is_deleted_when_it_has_ended(engine: Open) -> None:
    async with engine() as bot:
        bot.provider.born = GenerationState.DREAMING
        running = await bot.ask("/imagine marmalade")
        await bot.comes_to(running, State.SUBMITTED)
        await bot.learn("/rules prices --confirm 0", by=BOSS)
        waiting = await bot.ask("/imagine more marmalade")
        assert State.HELD is (await bot.job(waiting)).state

        await forget(bot)

        assert State.CANCELLED is (await bot.ends(waiting)).state
        assert State.SUBMITTED is (await bot.job(running)).state
        for generation in list(bot.provider.generations):
            bot.provider.end(generation, GenerationState.COMPLETED)
        job = await bot.ends(running)
        await pass_time(bot, HOUR_MS)
        await bot.until(lambda: is_deleted(bot, job))
        await until_done(bot)
        assert {} == await traces(bot)


async def test_what_is_made_after_the_request_stays(engine: Open) -> None:
    async with engine() as bot:
        await bot.made("/imagine marmalade")
        await forget(bot)
        bot.advance(1)
        later = await bot.made("/imagine toast")
        await until_done(bot)
        assert not await is_deleted(bot, later)
        assert "toast" in (await bot.learn(f"/show {later.id}")).title
        assert "Ada" in str(await bot.rows("SELECT name FROM member"))


async def test_it_goes_on_after_a_crash_at_any_step(engine: Open) -> None:
    async with engine(start=("submit", "watch", "deliver", "prepare")) as bot:
        for _ in range(3):
            await bot.made("/imagine marmalade")
        await forget(bot)
        for _ in range(2):
            bot.start("erasure")
            await bot.until(lambda: _nothing(bot, "SELECT id FROM job WHERE deleted = 0"))
            await bot.dropped()
            bot.advance(HOUR_MS)
        bot.start()
        await until_done(bot)
        assert {} == await traces(bot)


async def test_only_the_button_deletes_and_only_for_whom_it_was_shown(engine: Open) -> None:
    async with engine() as bot:
        job = await bot.made()
        asked = await bot.learn("/mydata forget")
        with pytest.raises(InvalidRequest):
            await bot.answer(asked, "Delete my data", by=BOB)
        assert "Nothing was deleted" in (await bot.answer(asked, "Cancel")).text
        with pytest.raises(InvalidRequest, match="question is over"):
            await bot.answer(asked, "Delete my data")
        assert await _nothing(bot, "SELECT person FROM erasure")
        assert not await is_deleted(bot, job)


async def test_the_buttons_of_earlier_versions_answer_the_question_too(engine: Open) -> None:
    """They named it as a pending command."""
    async with engine() as bot:
        question = (await bot.learn("/mydata forget")).choices[0].question
        kept = await bot.service.discard_pending(question, ADA, key="k")
        assert "Nothing was deleted" in kept.text
        question = (await bot.learn("/mydata forget")).choices[0].question
        assert (await bot.service.find_pending(question, bot.invocation())).private
        told = await bot.service.start_pending(question, bot.invocation())
        assert isinstance(told, PrivateReply)
        assert "being deleted" in told.title


async def test_a_link_ends_with_the_data_and_frees_nobody_of_a_limit_or_a_block(engine: Open) -> None:
    other = Caller(workspace="talk:hall", person="talk:al", member="talk:hall:al", name="Lovelace")
    async with engine() as bot:
        await bot.operator.quota_set(subject="person:chat:ada", amount="5", period="month")
        job = await bot.made("/imagine marmalade")
        (spent,) = await bot.rows("SELECT used FROM meter WHERE scope = 'person:chat:ada'")
        code = (await bot.learn("/link", by=other)).text.partition("/link ")[2][:14]
        await bot.answer(await bot.learn(f"/link {code}"), "Link")
        await bot.operator.workspaces_block(subject="talk:al", blocked=True)
        await forget(bot)
        await bot.until(lambda: is_deleted(bot, job))
        await until_cleared(bot)
        # The block still holds for both, and nobody's name is kept for it.
        names = await bot.rows("SELECT person, name FROM linked_person ORDER BY person")
        assert ["chat:ada", "talk:al"] == [row["person"] for row in names]
        assert "Ada" != names[0]["name"]

        await bot.operator.workspaces_block(subject="talk:al", blocked=False)
        await forget(bot)
        await until_cleared(bot)
        assert [] == await bot.rows("SELECT person FROM linked_person")
        # What was spent still counts where it counted.
        assert [spent] == await bot.rows("SELECT used FROM meter WHERE scope = 'person:chat:ada'")
