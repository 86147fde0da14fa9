"""Looking up jobs by short ids and by words; nothing that the caller may not see or use."""

import pytest

from bot.domain.commands import Animate, Cancel, Command, Delete, Extend, Reframe, Show
from bot.domain.errors import InvalidRequest, JobNotFound
from bot.domain.identity import Caller, Place
from bot.domain.ids import short_id
from bot.domain.jobs.job import Job
from bot.service.replies import PrivateReply
from tests.engine.conftest import Open
from tests.engine.harness import Engine
from tests.engine.settings import ADA, BOB, person

ADA_DIRECTLY = person("ada", workspace="chat:@dm")
DIRECT = Place(adapter="chat", workspace="chat:@dm", channel=f"@{ADA.person}", private=True, direct=True)


async def offered(
    engine: Engine,
    command: type[Command],
    option: str,
    typed: str = "",
    *,
    by: Caller = ADA,
    place: Place | None = None,
) -> list[str]:
    found = await engine.service.autocomplete_option(
        command, option, typed, engine.invocation(by, place=place)
    )
    return [one.value for one in found]


def shown(note: PrivateReply) -> list[str]:
    return [job.id for view in note.views for job in view.jobs]


async def alike(engine: Engine, first: Job, second: Job) -> str:
    """Have the second job once more, by an id that ends like the first one's; answers that id."""
    other = f"{second.id[:-6]}{first.id[-6:]}"
    (row,) = await engine.rows("SELECT * FROM job WHERE id = :id", id=second.id)
    values = row | {"id": other, "position": 9}
    names = ", ".join(values)
    places = ", ".join(f":{one}" for one in values)
    await engine.change(f"INSERT INTO job ({names}) VALUES ({places})", **values)  # noqa: S608 - our columns
    return other


@pytest.mark.parametrize("written", ["#{}", "{}"])
async def test_a_short_id_is_taken_wherever_a_job_is(engine: Open, written: str) -> None:
    async with engine() as bot:
        fox = await bot.made("/imagine a red fox")
        film = await bot.made("/animate it runs")
        a_fox, a_film = written.format(short_id(fox.id)), written.format(short_id(film.id))
        assert [fox.id] == shown(await bot.learn(f"/show {a_fox}"))
        assert [fox.id] == shown(await bot.learn(f"/status {a_fox}"))
        assert f"#{short_id(fox.id)}" in (await bot.learn(f"/delete {a_fox}")).text
        for text, source in (
            (f"/reframe 1:1 {a_fox}", fox),
            (f"/reframe 1:1 --media {a_fox}", fox),
            (f"/animate {a_fox} it runs", fox),
            (f"/animate it runs --start {a_fox}", fox),
            (f"/imagine a fox --image {a_fox}@0.5", fox),
            (f"/imagine a fox --style {a_fox}", fox),
            (f"/extend {a_film} on and on", film),
            (f"/extend on and on --job {a_film}", film),
        ):
            job = await bot.job(await bot.ask(text))
            assert source.id == job.parent, text
            assert short_id(source.id) not in job.title, text
        waiting = await bot.quote(f"/extend {a_film} on and on")
        assert waiting.price.total > 0


async def test_six_letters_that_name_no_job_are_words(engine: Open) -> None:
    async with engine() as bot:
        film = await bot.made("/animate it runs")
        job = await bot.job(await bot.ask("/extend street lights go on"))
        assert (film.id, "street lights go on") == (job.parent, job.title)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("/extend it jumps #{film}", "it jumps"),
        ("/extend it jumps {film_id}", "it jumps"),
        ("/extend #{film}, it jumps", "it jumps"),
        ("/reframe 1:1 more sky #{fox}", "more sky"),
        ("/imagine #{fox}@0.5 a wolf", "a wolf"),
        ("/imagine {fox_id}@0.5 a wolf", "a wolf"),
        ("/imagine #{fox}, a wolf", "a wolf"),
        ("/imagine a wolf like #{fox}", "a wolf like"),
        ("/animate it moves #{fox}", "it moves"),
        ("/animate it moves (#{fox}) slowly", "it moves slowly"),
    ],
)
async def test_an_id_among_the_words_is_what_it_builds_on(engine: Open, text: str, words: str) -> None:
    async with engine() as bot:
        fox, film = await bot.made("/imagine a red fox"), await bot.made("/animate it runs")
        for newer in ("/imagine another", "/animate another"):
            await bot.made(newer)
        named = {"fox": short_id(fox.id), "film": short_id(film.id), "fox_id": fox.id, "film_id": film.id}
        job = await bot.job(await bot.ask(text.format(**named)))
        wanted = film if "{film" in text else fox
        assert ([wanted.id], wanted.id, words) == (
            [one.job for one in job.request.references],
            job.parent,
            job.request.prompt,
        )
        weight = job.request.references[0].weight
        assert (0.5 if "@0.5" in text else weight) == weight


async def test_two_ids_name_both_videos(engine: Open) -> None:
    async with engine() as bot:
        one, two = await bot.made("/animate one"), await bot.made("/animate two")
        for text in (f"/extend {short_id(one.id)} {short_id(two.id)}", f"/extend #{one.id} #{two.id} slowly"):
            job = await bot.job(await bot.ask(text))
            assert [one.id, two.id] == [reference.job for reference in job.request.references]


@pytest.mark.parametrize(
    "text",
    [
        "/imagine #4n6p8r a wolf",
        "/imagine a wolf like #4n6p8r",
        "/extend it jumps #4n6p8r",
        "/extend 4n6p8r",
        "/reframe 1:1 4n6p8r",
        "/imagine 06edf7j630kjsq5v38f4mfya a wolf",
    ],
)
async def test_an_id_that_names_no_job_is_never_words(engine: Open, text: str) -> None:
    async with engine() as bot:
        await bot.made("/animate it runs")
        money = await bot.money()
        with pytest.raises(JobNotFound, match="There is no job"):
            await bot.say(text)
        assert money == await bot.money()


async def test_a_hashtag_is_words(engine: Open) -> None:
    async with engine() as bot:
        job = await bot.job(await bot.ask("/imagine a lake #sweden #summer2026 #1"))
        assert "a lake #sweden #summer2026 #1" == job.request.prompt


async def test_an_unknown_short_id_is_told_and_nothing_is_spent(engine: Open) -> None:
    async with engine() as bot:
        await bot.made("/animate it runs")
        before = await bot.money()
        with pytest.raises(JobNotFound, match="There is no job #000000"):
            await bot.say("/extend #000000 on and on")
        assert before == await bot.money()


async def test_a_short_id_of_several_jobs_is_told_with_all_of_them(any_engine: Open) -> None:
    async with any_engine(start=None) as bot:
        first, second = [await bot.job(await bot.ask(f"/imagine {name}")) for name in ("a fox", "a hare")]
        other = await alike(bot, first, second)
        with pytest.raises(InvalidRequest, match="several jobs") as refusal:
            await bot.say(f"/show #{short_id(first.id)}")
        for part in (first.id, "a fox", other, "a hare"):
            assert part in str(refusal.value)
        assert [other] == shown(await bot.learn(f"/show {other}"))


async def test_what_the_asker_may_not_see_is_no_candidate(any_engine: Open) -> None:
    async with any_engine(start=None) as bot:
        mine = await bot.job(await bot.ask("/imagine a fox"))
        secret = await bot.job(await bot.ask("/imagine a secret --private", by=BOB))
        elsewhere = await bot.job(
            await bot.ask("/imagine elsewhere", by=person("eve", workspace="chat:elsewhere"))
        )
        for one in (secret, elsewhere):
            await alike(bot, mine, one)
        assert [mine.id] == shown(await bot.learn(f"/show #{short_id(mine.id)}"))
        with pytest.raises(JobNotFound):
            await bot.say(f"/show #{short_id(secret.id)}", by=person("carl", workspace="chat:third"))


async def test_a_short_id_of_somebody_elses_public_job_works_in_the_same_workspace(engine: Open) -> None:
    async with engine() as bot:
        fox = await bot.made("/imagine a red fox", by=BOB)
        assert [fox.id] == shown(await bot.learn(f"/show #{short_id(fox.id)}"))
        assert fox.id == (await bot.job(await bot.ask(f"/reframe 1:1 #{short_id(fox.id)}"))).parent


async def test_words_find_one_job_and_tell_of_several(engine: Open) -> None:
    async with engine() as bot:
        bear = await bot.made("/imagine a Teddy BÄR with a guitar")
        await bot.made("/imagine a cup of coffee, black")
        await bot.made("/imagine a cup of coffee, white")
        assert [bear.id] == shown(await bot.learn("/show bär teddy"))
        asked = await bot.learn("/delete bär")
        assert (2, True) == (len(asked.choices), "Teddy BÄR" in asked.text)
        with pytest.raises(InvalidRequest, match=r"several jobs.*(black|white).*(black|white)"):
            await bot.say("/delete coffee")
        with pytest.raises(JobNotFound, match="matches 'tea'"):
            await bot.say("/show tea")
        with pytest.raises(JobNotFound, match="/cancel can use"):
            await bot.say("/cancel bär")


async def test_completion_filters_by_id_short_id_and_words_in_any_order_and_case(any_engine: Open) -> None:
    async with any_engine() as bot:
        bear = await bot.made("/imagine a Teddy BÄR with a guitar")
        fox = await bot.made("/imagine a red fox")
        assert [fox.id, bear.id] == await offered(bot, Show, "job")
        for typed in ("teddy", "TEDDY", "guitar bär", bear.id, short_id(bear.id), f"#{short_id(bear.id)}"):
            assert [bear.id] == await offered(bot, Show, "job", typed), typed
            assert [bear.id] == await offered(bot, Animate, "start", typed), typed
            assert [f"/show {bear.id}"] == [
                one.text.strip()
                for one in await bot.service.autocomplete_line(f"/show {typed}", bot.invocation())
            ], typed
        assert [] == await offered(bot, Show, "job", "teddy fox")


async def test_only_what_a_command_can_use_is_offered(engine: Open) -> None:
    async with engine() as bot:
        fox = await bot.made("/imagine a red fox")
        film = await bot.made("/animate a fox runs")
        gone = await bot.made("/imagine a fox that expires")
        await bot.change("UPDATE job SET expired = 1 WHERE id = :id", id=gone.id)
        deleted = await bot.made("/imagine a fox that goes")
        await bot.delete(deleted.id)
        assert [fox.id] == await offered(bot, Animate, "start", "fox")
        assert [film.id] == await offered(bot, Extend, "job", "fox")
        assert [film.id, fox.id] == await offered(bot, Reframe, "media", "fox")
        assert [gone.id, film.id, fox.id] == await offered(bot, Delete, "job", "fox")
        assert [] == await offered(bot, Cancel, "job", "fox")
        found = await bot.service.autocomplete_line("/extend fox", bot.invocation())
        assert [f"/extend {film.id}"] == [one.text.strip() for one in found]


async def test_nothing_private_from_elsewhere_is_offered(engine: Open) -> None:
    async with engine() as bot:
        public = await bot.made("/imagine a red fox")
        here = await bot.made("/imagine a secret fox --private")
        there = await bot.made("/imagine a hidden fox --private", place=bot.place(channel="c2"))
        other = await bot.made("/imagine a fox elsewhere", by=person("ada", workspace="chat:elsewhere"))
        shy = await bot.made("/imagine a shy fox", by=ADA_DIRECTLY, place=DIRECT)
        assert [here.id, public.id] == await offered(bot, Delete, "job", "fox")
        assert [there.id, public.id] == await offered(
            bot, Delete, "job", "fox", place=bot.place(channel="c2")
        )
        everything = await offered(bot, Delete, "job", "fox", by=ADA_DIRECTLY, place=DIRECT)
        assert [shy.id, other.id, there.id, here.id, public.id] == everything
        with pytest.raises(JobNotFound):
            await bot.say("/delete shy")


async def test_a_mere_look_never_acts(engine: Open) -> None:
    async with engine() as bot:
        fox = await bot.made("/imagine a red fox")
        before = await bot.rows("SELECT count(*) AS n FROM job")
        for text in ("/show", "/status"):
            await bot.learn(f"{text} #{short_id(fox.id)}")
        assert before == await bot.rows("SELECT count(*) AS n FROM job")
