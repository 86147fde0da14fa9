"""Actions: what buttons and reactions do to finished pictures and videos, and who pays."""

import asyncio

import pytest

from bot.domain.errors import InvalidRequest, JobNotFound, NotAllowed, NotYours
from bot.domain.generations.media import MediaKind
from bot.domain.generations.models import AspectRatio
from bot.domain.generations.requests import (
    ImageRequest,
    ReframeImageRequest,
    ReframeVideoRequest,
    VideoRequest,
)
from bot.domain.jobs.actions import Action, ActionInput
from bot.domain.jobs.job import Job, State
from bot.service.replies import CardReply, PrivateReply, Reply
from tests.engine.conftest import Open
from tests.engine.harness import Engine
from tests.engine.settings import ADA, BOB

FILM = "/animate a fox that runs"
DICE, STAR, CLAPPER = "🎲", "⭐", "🎬"
_TEN_MINUTES = 600_000


async def acted(engine: Engine, action: Action, job: Job, wording: ActionInput | None = None) -> Job:
    answer = await engine.press(action, job.id, by=BOB, action_input=wording)
    assert isinstance(answer, CardReply)
    made = await engine.ends(answer.view)
    assert State.COMPLETED is made.state, made.failure
    return made


async def react(engine: Engine, emoji: str, job: Job, *, key: str = "", undo: bool = False) -> Reply | None:
    """Have Bob react."""
    done = engine.service.unreact if undo else engine.service.react
    return await done(emoji, job.id, engine.invocation(BOB, key=key))


async def jobs_made(engine: Engine) -> int:
    (row,) = await engine.rows("SELECT count(*) AS jobs FROM job")
    return int(row["jobs"])


PICTURES = [
    (Action.VARIATION, ImageRequest, "image_refs"),
    (Action.AGAIN, ImageRequest, None),
    (Action.ANIMATE, VideoRequest, "start"),
    (Action.REFRAME, ReframeImageRequest, "source"),
]
VIDEOS = [
    (Action.VARIATION, VideoRequest, "start"),
    (Action.AGAIN, VideoRequest, None),
    (Action.EXTEND, VideoRequest, "start"),
    (Action.REVERSE, VideoRequest, "end"),
    (Action.REFRAME, ReframeVideoRequest, "source"),
]


@pytest.mark.parametrize(
    ("text", "action", "kind", "built_on"),
    [("/imagine a red fox", *one) for one in PICTURES] + [(FILM, *one) for one in VIDEOS],
)
async def test_an_action_makes_a_new_job_that_whoever_presses_pays(
    engine: Open, text: str, action: Action, kind: type, built_on: str | None
) -> None:
    async with engine() as bot:
        source = await bot.made(text)
        made = await acted(bot, action, source)

        assert isinstance(made.request, kind)
        if built_on is None:
            assert source.request == made.request
        else:
            built = getattr(made.request, built_on)
            assert source.id == (built[0] if isinstance(built, tuple) else built).job
            assert source.id == made.parent
        assert source.title == made.title
        assert (source.price, 0) == await bot.money(ADA)
        assert (made.price, 0) == await bot.money(BOB)


async def test_going_on_hands_over_the_generation_and_a_variation_the_first_frame(engine: Open) -> None:
    async with engine() as bot, bot.http() as http:
        source = await bot.made(FILM)
        await acted(bot, Action.EXTEND, source)
        assert {source.id: source.remote_id} == bot.provider.creates[-1][1]

        await acted(bot, Action.VARIATION, source)
        media = bot.provider.creates[-1][1]
        assert [f"{source.id}/still"] == list(media)
        served = await http.get(media[f"{source.id}/still"].removeprefix("http://bot.invalid"))
        assert (200, "image/jpeg") == (served.status_code, served.headers["content-type"])


@pytest.mark.parametrize("text", ["/imagine a red fox", FILM])
async def test_an_edit_asks_the_same_in_other_words(engine: Open, text: str) -> None:
    async with engine() as bot:
        source = await bot.made(text)
        made = await acted(bot, Action.EDIT, source, ActionInput(prompt="a blue fox"))
        assert source.request.model_copy(update={"prompt": "a blue fox"}) == made.request
        assert "a blue fox" == made.title
        with pytest.raises(InvalidRequest, match="too short"):
            await bot.press(Action.EDIT, source.id, action_input=ActionInput(prompt="ab"))
        with pytest.raises(InvalidRequest, match="Write the new prompt"):
            await bot.press(Action.EDIT, source.id)


async def test_a_reframe_takes_the_frame_that_was_picked(engine: Open) -> None:
    async with engine() as bot:
        made = await acted(
            bot, Action.REFRAME, await bot.made(), ActionInput(aspect_ratio=AspectRatio.SQUARE)
        )
        assert AspectRatio.SQUARE is made.request.aspect_ratio


@pytest.mark.parametrize(
    ("text", "action"),
    [(FILM, Action.ANIMATE), ("/imagine a red fox", Action.EXTEND), ("/imagine a red fox", Action.REVERSE)],
)
async def test_what_a_result_of_this_kind_cannot_do_is_refused(
    engine: Open, text: str, action: Action
) -> None:
    async with engine() as bot:
        source = await bot.made(text)
        other = MediaKind.PICTURE if source.request.makes is MediaKind.VIDEO else MediaKind.VIDEO
        with pytest.raises(InvalidRequest, match=f"only on a {other}"):
            await bot.press(action, source.id)


@pytest.mark.parametrize("action", [one for one in Action if one is not Action.DELETE])
async def test_nobody_acts_on_what_is_private_to_somebody_else(engine: Open, action: Action) -> None:
    async with engine() as bot:
        source = await bot.made("/imagine a red fox --private")
        with pytest.raises(JobNotFound):
            await bot.press(action, source.id, by=BOB, action_input=ActionInput(prompt="a blue fox"))
        assert 1 == await jobs_made(bot)


async def test_what_is_made_from_a_private_result_is_private(engine: Open) -> None:
    async with engine() as bot:
        source = await bot.made("/imagine a red fox --private")
        answer = await bot.press(Action.AGAIN, source.id)
        assert answer.view.private


async def test_sending_shows_a_copy_in_the_callers_direct_messages_once(any_engine: Open) -> None:
    async with any_engine() as bot:
        source = await bot.made(FILM)
        for _ in range(2):
            note = await bot.press(Action.SEND, source.id, by=BOB, key="sent")
            assert isinstance(note, PrivateReply)

        (copy,) = await bot.rows("SELECT id FROM card WHERE copy_of = :job", job=source.id)
        seen = await bot.until(lambda: bot.chat.of(copy["id"]))
        assert source.result == seen[-1].jobs[0].media
        place = bot.chat.places[copy["id"]]
        assert ("chat:@dm", f"@{BOB.person}", True) == (place.workspace, place.channel, place.private)
        assert (0, 0) == await bot.money(BOB)


async def test_a_copy_goes_when_its_result_is_deleted(engine: Open) -> None:
    async with engine() as bot:
        source = await bot.made()
        await bot.press(Action.SEND, source.id, by=BOB)
        (copy,) = await bot.rows("SELECT id FROM card WHERE copy_of = :job", job=source.id)
        await bot.until(lambda: bot.chat.of(copy["id"]))

        await bot.delete(source.id)

        await bot.until(lambda: len(bot.chat.removed) == 2)


async def test_who_is_blocked_gets_no_copy(engine: Open) -> None:
    async with engine() as bot:
        source = await bot.made()
        await bot.operator.workspaces_block(subject=BOB.person, blocked=True)
        with pytest.raises(NotAllowed):
            await bot.press(Action.SEND, source.id, by=BOB)


async def test_only_its_owner_deletes_by_a_button(engine: Open) -> None:
    async with engine() as bot:
        source = await bot.made()
        with pytest.raises(NotYours):
            await bot.press(Action.DELETE, source.id, by=BOB)
        await bot.delete(source.id)
        with pytest.raises(JobNotFound):
            await bot.press(Action.AGAIN, source.id)


async def test_a_reaction_makes_a_job_that_whoever_reacts_pays(engine: Open) -> None:
    async with engine() as bot:
        source = await bot.made()
        answer = await react(bot, CLAPPER, source)
        assert isinstance(answer, CardReply)
        made = await bot.ends(answer.view)
        assert (source.price, 0) == await bot.money(ADA)
        assert (made.price, 0) == await bot.money(BOB)
        assert BOB.member == made.member


async def test_an_emoji_that_means_nothing_does_nothing(engine: Open) -> None:
    async with engine(start=None) as bot:
        for undo in (False, True):
            assert None is await bot.service.react("🦊", "nothing", bot.invocation(BOB, key=f"k{undo}"))


async def test_the_same_reaction_counts_once_in_ten_minutes_and_then_again(any_engine: Open) -> None:
    async with any_engine() as bot:
        source = await bot.made()
        first = await react(bot, DICE, source)
        bot.advance(_TEN_MINUTES - 60_000)
        again = await react(bot, DICE, source)
        assert isinstance(first, CardReply)
        assert isinstance(again, CardReply)
        assert (first.view.card, True) == (again.view.card, again.repeated)
        assert 2 == await jobs_made(bot)

        other = await bot.service.react(DICE, source.id, bot.invocation(key="of another member"))
        assert isinstance(other, CardReply)
        assert not other.repeated

        bot.advance(120_000)
        later = await react(bot, DICE, source)
        assert isinstance(later, CardReply)
        assert not later.repeated


async def test_the_same_reaction_twenty_times_at_once_makes_one_job(any_engine: Open) -> None:
    async with any_engine() as bot:
        source = await bot.made()
        answers = await asyncio.gather(*(react(bot, DICE, source) for _ in range(20)))
        assert [False] + 19 * [True] == sorted(one.repeated for one in answers if isinstance(one, CardReply))
        assert 2 == await jobs_made(bot)


async def test_a_star_goes_with_its_reaction(engine: Open) -> None:
    async with engine() as bot:
        source = await bot.made()

        async def stars() -> int:
            seen = await bot.service.get_card(source.card, ADA)
            assert seen is not None
            return seen.jobs[0].stars

        for _ in range(2):
            await react(bot, STAR, source)
            assert 1 == await stars()
        for _ in range(2):
            await react(bot, STAR, source, undo=True)
            assert 0 == await stars()
        await bot.press(Action.GALLERY, source.id, by=BOB)
        assert 1 == await stars()
        await bot.press(Action.GALLERY, source.id, by=BOB)
        assert 0 == await stars()


async def test_taking_back_another_reaction_takes_nothing_back(engine: Open) -> None:
    async with engine() as bot:
        source = await bot.made()
        answer = await react(bot, DICE, source)
        assert isinstance(answer, CardReply)
        assert None is await react(bot, DICE, source, undo=True)
        assert State.COMPLETED is (await bot.ends(answer.view)).state
