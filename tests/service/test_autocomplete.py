"""Autocompletion of one option."""

from bot.domain.actions import Action
from bot.domain.commands import Animate, Cancel, Extend, Imagine, Reframe, Show
from bot.domain.concepts import Vocabulary
from bot.domain.ids import short_id
from tests.engine.conftest import Open
from tests.engine.house import BOB, BOSS, House

HOUR = 3_600_000


async def offered(house: House, command: type, option: str, typed: str = "") -> list[tuple[str, str]]:
    offers = await house.service.autocomplete_option(command, option, typed, house.invocation())
    return [(one.value, one.label) for one in offers]


async def test_own_jobs_come_newest_first_with_their_age_and_only_where_they_fit(any_house: Open) -> None:
    async with any_house() as home:
        fox = await home.made("/imagine a red fox")
        home.advance(2 * HOUR)
        film = await home.made("/animate a fox that runs")
        await home.made("/imagine somebody else's fox", by=BOB)
        pictures = [(fox.id, f"a red fox · 2 h ago · picture · #{short_id(fox.id)}")]
        videos = [(film.id, f"a fox that runs · just now · video · #{short_id(film.id)}")]
        assert pictures == await offered(home, Animate, "start")
        assert videos == await offered(home, Extend, "job")
        assert videos + pictures == await offered(home, Reframe, "media")
        assert pictures == await offered(home, Show, "job", "RED f")
        assert pictures == await offered(home, Show, "job", fox.id[:26])
        assert [] == await offered(home, Cancel, "job"), "nothing waits"


async def test_what_is_typed_is_no_pattern(house: Open) -> None:
    async with house() as home:
        await home.made("/imagine a red fox")
        assert [] == await offered(home, Show, "job", "r_d f%x")


async def test_of_several_the_last_is_completed(house: Open) -> None:
    async with house() as home:
        fox = await home.made("/imagine a red fox")
        given = "https://example.org/a.jpg "
        assert [given + fox.id] == [
            value for value, _ in await offered(home, Imagine, "image", f"{given}fox")
        ]


async def test_jobs_without_a_result_are_not_offered_to_build_on(house: Open) -> None:
    async with house() as home:
        fox = await home.made("/imagine a red fox")
        await home.delete(fox.id)
        assert [] == await offered(home, Reframe, "media")


async def test_words_of_the_camera_and_choices_are_offered(house: Open) -> None:
    async with house() as home:
        values = [value for value, _ in await offered(home, Animate, "concepts", "pan_left, dolly_z")]
        assert ["pan_left, dolly_zoom"] == values
        assert [("9:16", "9:16"), ("9:21", "9:21")] == await offered(home, Reframe, "aspect_ratio", "9:")
        assert [] == await offered(home, Show, "nonsense", "9:")


async def test_a_message_is_known_by_any_of_its_names(any_house: Open) -> None:
    async with any_house() as home:
        card = await home.ask("/imagine two foxes --count 2")
        await home.shown(card, lambda view: view.settled)
        message = next(name for name, owner in home.chat.card_of.items() if owner == card.card)
        found = await home.service.card_by_message("chat", "elsewhere", message)
        assert found is not None
        assert (card.card, tuple(job.id for job in card.jobs)) == (found.card, found.jobs)
        assert await home.service.card_by_message("other", message) is None
        assert await home.service.card_by_message("chat", "elsewhere") is None


async def test_a_sent_copy_is_known_by_the_job_that_it_shows(house: Open) -> None:
    async with house() as home:
        fox = await home.made("/imagine a red fox")
        await home.press(Action.SEND, fox.id)
        copy = await home.until(
            lambda: next((m for m, c in home.chat.card_of.items() if c != fox.card), None)
        )
        found = await home.until(lambda: home.service.card_by_message("chat", copy))
        assert (fox.id,) == found.jobs


async def test_a_quota_can_be_set_before_a_member_has_come(any_house: Open) -> None:
    async with any_house() as home:
        await home.service.remember_member(BOB)
        note = await home.learn(f"/quotas set {BOB.member} --amount 2", by=BOSS)
        assert f"{BOB.name} may spend $2.00" in note.text


async def test_the_load_counts_what_runs_and_what_waits(any_house: Open) -> None:
    async with any_house(start=None) as home:
        await home.ask("/imagine two foxes --count 2")
        load = await home.service.queue_stats()
        assert (0, 2) == (load.running, load.waiting)


async def test_camera_motions_are_found_by_words_in_any_case_and_order(house: Open) -> None:
    async with house(start=None) as home:
        home.services.vocabularies["simulator"] = Vocabulary(
            camera_motions=("Orbit Left", "Pan Left", "Static")
        )
        for typed, found in (("orbit l", ["Orbit Left"]), ("LEFT", ["Orbit Left", "Pan Left"]), ("bit", [])):
            offers = await home.service.autocomplete_option(
                Animate, "camera_motion", typed, home.invocation()
            )
            assert found == [offer.value for offer in offers], typed


async def test_concepts_are_found_by_any_of_their_words(house: Open) -> None:
    async with house(start=None) as home:
        offers = await home.service.autocomplete_option(
            Animate, "concepts", "pan_left, zoom", home.invocation()
        )
        assert [f"pan_left, {key}" for key in ("dolly_zoom", "zoom_in", "zoom_out")] == [
            offer.value for offer in offers
        ]
