"""The URLs of inputs that a provider gets, with a public URL and without one."""

from dataclasses import replace

import pytest

from bot.domain.cards.card import CardView
from bot.domain.errors import InvalidRequest, MediaRefused, MediaUnavailable, NotSent
from bot.domain.generations.media import MediaKind, Reference
from bot.domain.generations.models import Lane
from bot.domain.generations.requests import PICTURE_MAX_BYTES, ReframeImageRequest
from bot.domain.jobs.actions import Action
from bot.domain.jobs.failures import FailureCategory
from bot.domain.jobs.job import State
from bot.store.queue.claim import cool_down
from tests.engine.conftest import Open
from tests.engine.fake_library import MP4, PNG, Found
from tests.engine.fakes import FakeFiles
from tests.engine.harness import Engine

PHOTO = "http://pictures.example/photo.png"
WITHOUT_PREPARING = ("submit", "watch", "deliver", "orphans")


async def sent(engine: Engine) -> dict[str, str]:
    """What the newest create was given for what it builds on."""
    return dict(engine.provider.creates[-1][1])


async def test_a_result_is_given_to_the_provider_as_a_signed_link(engine: Open) -> None:
    async with engine() as bot, bot.http() as http:
        source = await bot.made()
        card = await bot.ask(f"/reframe 1:1 {source.id} --prompt 'with more sky'")

        assert State.COMPLETED is (await bot.ends(card)).state
        request, media, _ = bot.provider.creates[-1]
        assert isinstance(request, ReframeImageRequest)
        assert [source.id] == list(media)
        served = await http.get(media[source.id].removeprefix("http://bot.invalid"))
        assert (200, "image/png") == (served.status_code, served.headers["content-type"])
        assert "prepared" in await bot.causes(card)


async def test_a_frame_of_a_video_is_given_to_the_provider_as_a_picture(engine: Open) -> None:
    async with engine() as bot, bot.http() as http:
        source = await bot.made("/animate a fox that runs")
        await bot.ends((await bot.press(Action.VARIATION, source.id)).view)

        (key, url), *_ = (await sent(bot)).items()
        assert f"{source.id}/still" == key
        served = await http.get(url.removeprefix("http://bot.invalid"))
        assert (200, "image/jpeg") == (served.status_code, served.headers["content-type"])


async def test_an_uploaded_file_is_given_to_the_provider_as_a_signed_link(engine: Open) -> None:
    async with engine() as bot, bot.http() as http:
        file = Reference.of(await bot.upload(PNG + b"mine"))
        await bot.made("/animate it runs", files=(file,))

        served = await http.get((await sent(bot))[file.key].removeprefix("http://bot.invalid"))
        assert PNG + b"mine" == served.content


async def test_each_link_is_made_anew_when_it_is_sent(engine: Open) -> None:
    """Links end; a job may wait in line for longer."""
    async with engine(start=("prepare", "watch", "deliver")) as bot, bot.http() as http:
        file = Reference.of(await bot.upload(PNG + b"mine"))
        card = await bot.ask("/animate it runs", files=(file,))
        await bot.comes_to(card, State.QUEUED)
        bot.advance(bot.services.times.media_link - 60_000)
        bot.start()
        await bot.ends(card)
        url = (await sent(bot))[file.key]
        bot.advance(bot.services.times.media_link - 60_000)
        assert 200 == (await http.get(url.removeprefix("http://bot.invalid"))).status_code


async def test_without_a_public_url_the_provider_gets_its_own_links(engine: Open) -> None:
    async with engine(reachable=False) as bot:
        picture, film = await bot.made(), await bot.made("/animate a fox that runs")
        assert picture.remote_id is not None
        assert film.remote_id is not None
        generations = bot.provider.generations
        for identifier, one in list(generations.items()):
            # Signed anew, as each answer is: what was said at the end of the generation may be over.
            generations[identifier] = replace(one, asset_url=f"{one.asset_url}?signed=later")

        await bot.made(f"/reframe 1:1 {picture.id}")
        assert {picture.id: generations[picture.remote_id].asset_url} == await sent(bot)
        await bot.made(f"/reframe 1:1 {film.id}")
        assert {film.id: generations[film.remote_id].asset_url} == await sent(bot)
        assert "signed=later" in (await sent(bot))[film.id]
        await bot.ends((await bot.press(Action.VARIATION, film.id)).view)
        assert {f"{film.id}/still": generations[film.remote_id].thumbnail_url} == await sent(bot)
        await bot.made(f"/extend {film.id} it jumps")
        assert {film.id: film.remote_id} == await sent(bot)


async def test_without_a_public_url_a_public_address_is_read_where_it_is(engine: Open) -> None:
    async with engine(reachable=False) as bot:
        await bot.made(f"/animate it runs --start {PHOTO}")
        assert {PHOTO: PHOTO} == await sent(bot)


async def test_without_a_public_url_a_platforms_own_address_is_asked_for_anew(engine: Open) -> None:
    """What the platform signs may have ended while the job waited."""
    files = FakeFiles()
    async with engine(reachable=False, files=files) as bot:
        file = Reference(url="http://cdn.chat.example/1", via="chat")
        await bot.made("/animate it runs", files=(file,))

        assert [f"{file.url}?signed=1"] == [url for url in bot.library.fetched if "cdn" in url]
        assert {file.key: f"{file.url}?signed=2"} == await sent(bot)
        assert {"c1"} == {place.channel for _, place in files.asked}


async def test_a_platforms_own_file_is_fetched_with_what_it_wants_to_see(engine: Open) -> None:
    async with engine(files=FakeFiles({"authorization": "Bearer ours"})) as bot:
        file = Reference(url="http://files.chat.example/1", via="chat")
        await bot.made("/animate it runs", files=(file,))

        (fetched,) = [url for url in bot.library.fetched if "chat" in url]
        assert (True, {"authorization": "Bearer ours"}) == bot.library.told[fetched]
        assert "ours" not in (await sent(bot))[file.key]


@pytest.mark.parametrize(
    ("error", "category"),
    [
        (MediaRefused("This file was removed."), FailureCategory.INPUT_REFUSED),
        (MediaUnavailable("The platform does not answer."), None),
    ],
)
async def test_a_file_that_its_platform_does_not_give(
    engine: Open, error: Exception, category: FailureCategory | None
) -> None:
    files = FakeFiles()
    async with engine(files=files, times={"prepare_retry": 20}) as bot:
        files.error = error
        file = Reference(url="http://files.chat.example/1", via="chat")
        card = await bot.ask("/animate it runs", files=(file,))
        if category is None:
            await bot.until(lambda: files.asked)
            files.error = None
            assert State.COMPLETED is (await bot.ends(card)).state
        else:
            failure = (await bot.ends(card)).failure
            assert failure is not None
            assert category is failure.category


async def refused(engine: Engine, card: CardView, told: str) -> None:
    seen = await engine.shown(card, lambda view: view.settled)
    assert told in seen.jobs[0].headline
    assert State.FAILED is (await engine.ends(card)).state
    assert (0, 0) == await engine.money()
    assert [] == engine.provider.creates


async def test_without_a_public_url_a_sent_file_is_refused_with_the_remedy(engine: Open) -> None:
    async with engine(reachable=False) as bot:
        file = Reference.of(await bot.upload(PNG + b"mine"))
        await refused(bot, await bot.ask("/animate it runs", files=(file,)), "REVERIE_PUBLIC_URL")


async def test_without_a_public_url_a_platforms_closed_file_is_refused_unfetched(engine: Open) -> None:
    async with engine(reachable=False, files=FakeFiles({"authorization": "Bearer ours"})) as bot:
        file = Reference(url="http://files.chat.example/1", via="chat")
        await refused(bot, await bot.ask("/animate it runs", files=(file,)), "REVERIE_PUBLIC_URL")
        assert [] == bot.library.fetched


async def test_without_a_public_url_what_must_be_converted_is_refused(engine: Open) -> None:
    async with engine(reachable=False) as bot:
        bot.library.found[PHOTO] = Found(mime="image/heic", content=b"....ftypheic")
        card = await bot.ask(f"/animate it runs --start {PHOTO}")
        await refused(bot, card, "send a JPEG, PNG or MP4")


async def test_without_a_public_url_a_result_that_is_too_big_is_refused_at_once(engine: Open) -> None:
    async with engine(reachable=False, start=WITHOUT_PREPARING) as bot:
        bot.library.content = lambda _: PNG.ljust(PICTURE_MAX_BYTES + 1, b"x")
        source = await bot.made()
        with pytest.raises(InvalidRequest, match="the maximum is 10 MB"):
            await bot.ask(f"/reframe 1:1 {source.id}")


async def test_a_link_that_cannot_be_had_now_is_asked_for_later(engine: Open) -> None:
    async with engine(reachable=False) as bot:
        source = await bot.made()
        bot.provider.get_error = lambda _: NotSent("no route")
        card = await bot.ask(f"/reframe 1:1 {source.id}")

        async def waits() -> bool:
            return "input_not_ready" in await bot.causes(card)

        await bot.until(waits)
        assert 1 == len(bot.provider.creates)
        bot.provider.get_error = lambda _: None
        bot.advance(5_001)

        assert State.COMPLETED is (await bot.ends(card)).state


async def test_an_address_that_its_platform_cannot_tell_now_is_asked_for_later(engine: Open) -> None:
    files = FakeFiles()
    async with engine(reachable=False, files=files, start=("prepare", "watch", "deliver")) as bot:
        file = Reference(url="http://cdn.chat.example/1", via="chat")
        card = await bot.ask("/animate it runs", files=(file,))
        await bot.comes_to(card, State.QUEUED)
        files.error = MediaUnavailable("The platform does not answer.")
        bot.start()

        async def waits() -> bool:
            return "input_not_ready" in await bot.causes(card)

        await bot.until(waits)
        files.error = None
        bot.advance(bot.services.times.cool_down)
        assert State.COMPLETED is (await bot.ends(card)).state


@pytest.mark.parametrize("text", ["/reframe 1:1 {}", "/extend {} it jumps"])
async def test_an_input_that_is_gone_before_it_is_prepared_fails_the_job_unpaid(
    engine: Open, text: str
) -> None:
    async with engine(start=WITHOUT_PREPARING) as bot:
        source = await bot.made("/animate a fox that runs")
        card = await bot.ask(text.format(source.id))
        await bot.delete(source.id)

        await fails(bot, card, FailureCategory.INPUT_REFUSED, "was deleted")


async def test_an_input_whose_file_is_lost_fails_the_job_unpaid(engine: Open) -> None:
    async with engine(start=WITHOUT_PREPARING) as bot:
        source = await bot.made()
        assert source.result is not None
        card = await bot.ask(f"/reframe 1:1 {source.id}")
        await bot.services.storage.remove(source.result.file)

        await fails(bot, card, FailureCategory.INPUT_REFUSED, "no longer stored")


async def test_a_sent_file_that_is_lost_fails_the_job_unpaid(engine: Open) -> None:
    async with engine(start=None) as bot:
        media = await bot.upload(MP4 + b"mine")
        card = await bot.ask("/reframe 1:1", files=(Reference.of(media),))
        await bot.services.storage.remove(media.file)
        bot.start()
        await refused(bot, card, "no longer stored; send it again")


@pytest.mark.parametrize("text", ["/reframe 1:1 {}", "/extend {} it jumps"])
@pytest.mark.parametrize("reachable", [True, False])
async def test_an_input_that_goes_while_its_job_waits_in_line_fails_the_job_unpaid(
    engine: Open, text: str, *, reachable: bool
) -> None:
    async with engine(reachable=reachable) as bot:
        source = await bot.made("/animate a fox that runs")
        until = bot.clock.wall() + 60_000
        await bot.services.database.transact(cool_down, "one", Lane.VIDEO, until=until)
        card = await bot.ask(text.format(source.id))
        await bot.comes_to(card, State.QUEUED)
        await bot.delete(source.id)
        bot.advance(60_000)

        job = await bot.ends(card)
        assert State.FAILED is job.state
        assert job.failure is not None
        assert FailureCategory.INPUT_UNREACHABLE is job.failure.category
        assert (source.price, 0) == await bot.money()
        assert 1 == len(bot.provider.creates)


async def test_whatever_a_video_is_made_from_its_kind_is_known(engine: Open) -> None:
    async with engine() as bot:
        file = Reference.of(await bot.upload(MP4 + b"mine"))
        assert MediaKind.VIDEO is file.kind
        job = await bot.made("/reframe 1:1", files=(file,))
        assert "A video from what was sent" == job.title
        assert "" == job.prompt_text


async def fails(engine: Engine, card: CardView, category: FailureCategory, told: str) -> None:
    """Once it is prepared, the job fails for this reason, and what it had reserved is free again."""
    assert State.PREPARING is (await engine.job(card)).state
    used, reserved = await engine.money()
    assert reserved
    engine.start()
    job = await engine.ends(card)
    assert State.FAILED is job.state
    assert job.failure is not None
    assert category is job.failure.category
    seen = await engine.shown(card, lambda view: view.settled)
    assert told in seen.jobs[0].headline
    assert "not charged" in seen.jobs[0].headline
    assert (used, 0) == await engine.money()
    assert 1 == len(engine.provider.creates)
