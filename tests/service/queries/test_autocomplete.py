"""Autocompletion of one option."""

from bot.domain.commands import Animate, Cancel, Extend, Imagine, Reframe, Show
from bot.domain.generations.concepts import Vocabulary
from bot.domain.ids import short_id
from bot.domain.jobs.actions import Action
from tests.engine.conftest import Open
from tests.engine.harness import Engine
from tests.engine.settings import BOB, BOSS

HOUR = 3_600_000


async def offered(engine: Engine, command: type, option: str, typed: str = "") -> list[tuple[str, str]]:
    offers = await engine.service.autocomplete_option(command, option, typed, engine.invocation())
    return [(one.value, one.label) for one in offers]


async def test_own_jobs_come_newest_first_with_their_age_and_only_where_they_fit(engine: Open) -> None:
    async with engine() as bot:
        fox = await bot.made("/imagine a red fox")
        bot.advance(2 * HOUR)
        film = await bot.made("/animate a fox that runs")
        await bot.made("/imagine somebody else's fox", by=BOB)
        pictures = [(fox.id, f"a red fox · 2 h ago · picture · #{short_id(fox.id)}")]
        videos = [(film.id, f"a fox that runs · just now · video · #{short_id(film.id)}")]
        assert pictures == await offered(bot, Animate, "start")
        assert videos == await offered(bot, Extend, "job")
        assert videos + pictures == await offered(bot, Reframe, "media")
        assert pictures == await offered(bot, Show, "job", "RED f")
        assert pictures == await offered(bot, Show, "job", fox.id[:26])
        assert [] == await offered(bot, Cancel, "job"), "nothing waits"


async def test_what_is_typed_is_no_pattern(engine: Open) -> None:
    async with engine() as bot:
        await bot.made("/imagine a red fox")
        assert [] == await offered(bot, Show, "job", "r_d f%x")


async def test_of_several_the_last_is_completed(engine: Open) -> None:
    async with engine() as bot:
        fox = await bot.made("/imagine a red fox")
        given = "https://example.org/a.jpg "
        assert [given + fox.id] == [value for value, _ in await offered(bot, Imagine, "image", f"{given}fox")]


async def test_jobs_without_a_result_are_not_offered_to_build_on(engine: Open) -> None:
    async with engine() as bot:
        fox = await bot.made("/imagine a red fox")
        await bot.delete(fox.id)
        assert [] == await offered(bot, Reframe, "media")


async def test_words_of_the_camera_and_choices_are_offered(engine: Open) -> None:
    async with engine() as bot:
        values = [value for value, _ in await offered(bot, Animate, "concepts", "pan_left, dolly_z")]
        assert ["pan_left, dolly_zoom"] == values
        assert [("9:16", "9:16"), ("9:21", "9:21")] == await offered(bot, Reframe, "aspect_ratio", "9:")
        assert [] == await offered(bot, Show, "nonsense", "9:")


async def test_a_message_is_known_by_any_of_its_names(engine: Open) -> None:
    async with engine() as bot:
        card = await bot.ask("/imagine two foxes --count 2")
        await bot.shown(card, lambda view: view.settled)
        message = next(name for name, owner in bot.chat.card_of.items() if owner == card.card)
        found = await bot.service.card_by_message("chat", "elsewhere", message)
        assert found is not None
        assert (card.card, tuple(job.id for job in card.jobs)) == (found.card, found.jobs)
        assert await bot.service.card_by_message("other", message) is None
        assert await bot.service.card_by_message("chat", "elsewhere") is None


async def test_a_sent_copy_is_known_by_the_job_that_it_shows(engine: Open) -> None:
    async with engine() as bot:
        fox = await bot.made("/imagine a red fox")
        await bot.press(Action.SEND, fox.id)
        copy = await bot.until(lambda: next((m for m, c in bot.chat.card_of.items() if c != fox.card), None))
        found = await bot.until(lambda: bot.service.card_by_message("chat", copy))
        assert (fox.id,) == found.jobs


async def test_a_quota_can_be_set_before_a_member_has_come(engine: Open) -> None:
    async with engine() as bot:
        await bot.service.remember_member(BOB)
        note = await bot.learn(f"/quotas set {BOB.member} --amount 2", by=BOSS)
        assert f"{BOB.name} may use $2.00" in note.text


async def test_the_load_counts_what_runs_and_what_waits(any_engine: Open) -> None:
    async with any_engine(start=None) as bot:
        await bot.ask("/imagine two foxes --count 2")
        load = await bot.service.queue_stats()
        assert (0, 2) == (load.running, load.waiting)


async def test_camera_motions_are_found_by_words_in_any_case_and_order(engine: Open) -> None:
    async with engine(start=None) as bot:
        bot.services.vocabularies["simulator"] = Vocabulary(
            camera_motions=("Orbit Left", "Pan Left", "Static")
        )
        for typed, found in (("orbit l", ["Orbit Left"]), ("LEFT", ["Orbit Left", "Pan Left"]), ("bit", [])):
            offers = await bot.service.autocomplete_option(Animate, "camera_motion", typed, bot.invocation())
            assert found == [offer.value for offer in offers], typed


async def test_concepts_are_found_by_any_of_their_words(engine: Open) -> None:
    async with engine(start=None) as bot:
        offers = await bot.service.autocomplete_option(
            Animate, "concepts", "pan_left, zoom", bot.invocation()
        )
        assert [f"pan_left, {key}" for key in ("dolly_zoom", "zoom_in", "zoom_out")] == [
            offer.value for offer in offers
        ]
