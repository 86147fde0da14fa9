"""Actions: what buttons and reactions do to finished pictures and videos, and who pays."""

import asyncio

import pytest

from bot.domain.actions import Action, ActionInput
from bot.domain.errors import InvalidRequest, JobNotFound, NotAllowed, NotYours
from bot.domain.jobs import Job, State
from bot.domain.media import MediaKind
from bot.domain.models import AspectRatio
from bot.domain.requests import ImageRequest, ReframeImageRequest, ReframeVideoRequest, VideoRequest
from bot.service.replies import CardReply, PrivateReply, Reply
from tests.engine.conftest import Open
from tests.engine.house import ADA, BOB, House

FILM = "/animate a fox that runs"
DICE, STAR, CLAPPER = "🎲", "⭐", "🎬"
_TEN_MINUTES = 600_000


async def acted(house: House, action: Action, job: Job, wording: ActionInput | None = None) -> Job:
    answer = await house.press(action, job.id, by=BOB, action_input=wording)
    assert isinstance(answer, CardReply)
    made = await house.ends(answer.view)
    assert State.COMPLETED is made.state, made.failure
    return made


async def react(house: House, emoji: str, job: Job, *, key: str = "", undo: bool = False) -> Reply | None:
    """Have Bob react."""
    done = house.service.unreact if undo else house.service.react
    return await done(emoji, job.id, house.invocation(BOB, key=key))


async def jobs_made(house: House) -> int:
    (row,) = await house.rows("SELECT count(*) AS jobs FROM job")
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
    house: Open, text: str, action: Action, kind: type, built_on: str | None
) -> None:
    async with house() as home:
        source = await home.made(text)
        made = await acted(home, action, source)

        assert isinstance(made.request, kind)
        if built_on is None:
            assert source.request == made.request
        else:
            built = getattr(made.request, built_on)
            assert source.id == (built[0] if isinstance(built, tuple) else built).job
            assert source.id == made.parent
        assert source.title == made.title
        assert (source.price, 0) == await home.money(ADA)
        assert (made.price, 0) == await home.money(BOB)


async def test_going_on_hands_over_the_generation_and_a_variation_the_first_frame(house: Open) -> None:
    async with house() as home, home.http() as http:
        source = await home.made(FILM)
        await acted(home, Action.EXTEND, source)
        assert {source.id: source.remote_id} == home.provider.creates[-1][1]

        await acted(home, Action.VARIATION, source)
        media = home.provider.creates[-1][1]
        assert [f"{source.id}/still"] == list(media)
        served = await http.get(media[f"{source.id}/still"].removeprefix("http://bot.invalid"))
        assert (200, "image/jpeg") == (served.status_code, served.headers["content-type"])


@pytest.mark.parametrize("text", ["/imagine a red fox", FILM])
async def test_an_edit_asks_the_same_in_other_words(house: Open, text: str) -> None:
    async with house() as home:
        source = await home.made(text)
        made = await acted(home, Action.EDIT, source, ActionInput(prompt="a blue fox"))
        assert source.request.model_copy(update={"prompt": "a blue fox"}) == made.request
        assert "a blue fox" == made.title
        with pytest.raises(InvalidRequest, match="too short"):
            await home.press(Action.EDIT, source.id, action_input=ActionInput(prompt="ab"))
        with pytest.raises(InvalidRequest, match="Write the new prompt"):
            await home.press(Action.EDIT, source.id)


async def test_a_reframe_takes_the_frame_that_was_picked(house: Open) -> None:
    async with house() as home:
        made = await acted(
            home, Action.REFRAME, await home.made(), ActionInput(aspect_ratio=AspectRatio.SQUARE)
        )
        assert AspectRatio.SQUARE is made.request.aspect_ratio


@pytest.mark.parametrize(
    ("text", "action"),
    [(FILM, Action.ANIMATE), ("/imagine a red fox", Action.EXTEND), ("/imagine a red fox", Action.REVERSE)],
)
async def test_what_a_result_of_this_kind_cannot_do_is_refused(
    house: Open, text: str, action: Action
) -> None:
    async with house() as home:
        source = await home.made(text)
        other = MediaKind.PICTURE if source.request.makes is MediaKind.VIDEO else MediaKind.VIDEO
        with pytest.raises(InvalidRequest, match=f"only on a {other}"):
            await home.press(action, source.id)


@pytest.mark.parametrize("action", [one for one in Action if one is not Action.DELETE])
async def test_nobody_acts_on_what_is_private_to_somebody_else(house: Open, action: Action) -> None:
    async with house() as home:
        source = await home.made("/imagine a red fox --private")
        with pytest.raises(JobNotFound):
            await home.press(action, source.id, by=BOB, action_input=ActionInput(prompt="a blue fox"))
        assert 1 == await jobs_made(home)


async def test_what_is_made_from_a_private_result_is_private(house: Open) -> None:
    async with house() as home:
        source = await home.made("/imagine a red fox --private")
        answer = await home.press(Action.AGAIN, source.id)
        assert answer.view.private


async def test_sending_shows_a_copy_in_the_callers_direct_messages_once(any_house: Open) -> None:
    async with any_house() as home:
        source = await home.made(FILM)
        for _ in range(2):
            note = await home.press(Action.SEND, source.id, by=BOB, key="sent")
            assert isinstance(note, PrivateReply)

        (copy,) = await home.rows("SELECT id FROM card WHERE copy_of = :job", job=source.id)
        seen = await home.until(lambda: home.chat.of(copy["id"]))
        assert source.result == seen[-1].jobs[0].media
        place = home.chat.places[copy["id"]]
        assert ("chat:@dm", f"@{BOB.person}", True) == (place.workspace, place.channel, place.private)
        assert (0, 0) == await home.money(BOB)


async def test_a_copy_goes_when_its_result_is_deleted(any_house: Open) -> None:
    async with any_house() as home:
        source = await home.made()
        await home.press(Action.SEND, source.id, by=BOB)
        (copy,) = await home.rows("SELECT id FROM card WHERE copy_of = :job", job=source.id)
        await home.until(lambda: home.chat.of(copy["id"]))

        await home.delete(source.id)

        await home.until(lambda: len(home.chat.removed) == 2)


async def test_who_is_blocked_gets_no_copy(house: Open) -> None:
    async with house() as home:
        source = await home.made()
        await home.operator.workspaces_block(subject=BOB.person, blocked=True)
        with pytest.raises(NotAllowed):
            await home.press(Action.SEND, source.id, by=BOB)


async def test_only_its_owner_deletes_by_a_button(house: Open) -> None:
    async with house() as home:
        source = await home.made()
        with pytest.raises(NotYours):
            await home.press(Action.DELETE, source.id, by=BOB)
        await home.delete(source.id)
        with pytest.raises(JobNotFound):
            await home.press(Action.AGAIN, source.id)


async def test_a_reaction_makes_a_job_that_whoever_reacts_pays(house: Open) -> None:
    async with house() as home:
        source = await home.made()
        answer = await react(home, CLAPPER, source)
        assert isinstance(answer, CardReply)
        made = await home.ends(answer.view)
        assert (source.price, 0) == await home.money(ADA)
        assert (made.price, 0) == await home.money(BOB)
        assert BOB.member == made.member


async def test_an_emoji_that_means_nothing_does_nothing(house: Open) -> None:
    async with house(start=None) as home:
        for undo in (False, True):
            assert None is await home.service.react("🦊", "nothing", home.invocation(BOB, key=f"k{undo}"))


async def test_the_same_reaction_counts_once_in_ten_minutes_and_then_again(any_house: Open) -> None:
    async with any_house() as home:
        source = await home.made()
        first = await react(home, DICE, source)
        home.advance(_TEN_MINUTES - 60_000)
        again = await react(home, DICE, source)
        assert isinstance(first, CardReply)
        assert isinstance(again, CardReply)
        assert (first.view.card, True) == (again.view.card, again.repeated)
        assert 2 == await jobs_made(home)

        other = await home.service.react(DICE, source.id, home.invocation(key="of another member"))
        assert isinstance(other, CardReply)
        assert not other.repeated

        home.advance(120_000)
        later = await react(home, DICE, source)
        assert isinstance(later, CardReply)
        assert not later.repeated


async def test_the_same_reaction_twenty_times_at_once_makes_one_job(any_house: Open) -> None:
    async with any_house() as home:
        source = await home.made()
        answers = await asyncio.gather(*(react(home, DICE, source) for _ in range(20)))
        assert [False] + 19 * [True] == sorted(one.repeated for one in answers if isinstance(one, CardReply))
        assert 2 == await jobs_made(home)


async def test_a_star_goes_with_its_reaction(any_house: Open) -> None:
    async with any_house() as home:
        source = await home.made()

        async def stars() -> int:
            seen = await home.service.get_card(source.card, ADA)
            assert seen is not None
            return seen.jobs[0].stars

        for _ in range(2):
            await react(home, STAR, source)
            assert 1 == await stars()
        for _ in range(2):
            await react(home, STAR, source, undo=True)
            assert 0 == await stars()
        await home.press(Action.GALLERY, source.id, by=BOB)
        assert 1 == await stars()
        await home.press(Action.GALLERY, source.id, by=BOB)
        assert 0 == await stars()


async def test_taking_back_another_reaction_takes_nothing_back(house: Open) -> None:
    async with house() as home:
        source = await home.made()
        answer = await react(home, DICE, source)
        assert isinstance(answer, CardReply)
        assert None is await react(home, DICE, source, undo=True)
        assert State.COMPLETED is (await home.ends(answer.view)).state
