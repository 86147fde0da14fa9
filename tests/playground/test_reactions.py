"""Reactions under a card: everybody sees them, and the action runs for the person who reacts."""

from http import HTTPStatus

import httpx
import pytest

from tests.playground.page_requests import BEAR, command, decide, react, seen
from tests.playground.serving import Served


async def card_of(served: Served, text: str = BEAR) -> str:
    """Create a finished card and return its id."""
    answer = await command(served, "ada", text, f"make-{await served.core.card_count()}-00")
    for job in await served.core.job_ids():
        if not (await served.core.job(job)).is_final:
            await served.core.finish(job)
    card: str = answer["messages"][1]["card"]
    return card


async def marks(served: Served, me: str = "ada") -> list[tuple[str, str]]:
    return [(one["emoji"], one["name"]) for one in await seen(served, me, "reaction")]


async def test_a_reaction_runs_its_action_and_everybody_sees_it(served: Served) -> None:
    card = await card_of(served)
    answer = await react(served, "grace", card, "🔁", "key-00002")
    said, made = answer["messages"]
    assert (said["text"], made["name"]) == ("🔁 Variation", "grace")
    assert await marks(served, "ada") == [("🔁", "grace")]


async def test_the_same_key_reacts_once(served: Served) -> None:
    card = await card_of(served)
    for _ in range(2):
        await react(served, "ada", card, "🎲", "key-00002")
    assert await served.core.card_count() == 2
    assert await marks(served) == [("🎲", "ada")]


async def test_removing_a_reaction_undoes_only_a_star(served: Served) -> None:
    card = await card_of(served)
    await react(served, "ada", card, "⭐", "key-00002")
    assert (await served.core.newest()).stars == 1
    await react(served, "ada", card, "⭐", "key-00003", on=False)
    assert (await served.core.newest()).stars == 0
    await react(served, "ada", card, "🎲", "key-00004")
    await react(served, "ada", card, "🎲", "key-00005", on=False)
    assert (await served.core.card_count(), await marks(served)) == (2, [])


async def test_a_reaction_without_an_action_is_only_shown(served: Served) -> None:
    card = await card_of(served)
    answer = await react(served, "grace", card, "❤️", "key-00002")
    assert answer == {"refused": False, "messages": []}
    assert await marks(served) == [("❤️", "grace")]
    assert await served.core.card_count() == 1


async def test_a_number_selects_the_picture_for_its_person(served: Served) -> None:
    card = await card_of(served, f"{BEAR} --count 4")
    jobs = await served.core.job_ids()
    await react(served, "grace", card, "3️⃣", "key-00002")
    await react(served, "grace", card, "🎬", "key-00003")
    await react(served, "ada", card, "🎬", "key-00004")
    made = [job.parent for job in (await served.core.jobs())[4:]]
    assert [jobs[2], jobs[0]] == made
    await react(served, "grace", card, "2️⃣", "key-00005")
    assert ("3️⃣", "grace") not in await marks(served)
    assert ("2️⃣", "grace") in await marks(served)


async def test_the_selection_on_the_page_comes_first(served: Served) -> None:
    card = await card_of(served, f"{BEAR} --count 2")
    jobs = await served.core.job_ids()
    await react(served, "ada", card, "🎬", "key-00002", job=jobs[1])
    assert (await served.core.newest()).parent == jobs[1]
    await react(served, "ada", card, "🔁", "key-00003", job=(await served.core.newest()).id)
    assert (await served.core.newest()).parent == jobs[0]


async def test_a_reaction_that_does_not_apply_is_refused_privately(served: Served) -> None:
    card = await card_of(served)
    answer = await react(served, "grace", card, "⏩", "key-00002")
    assert answer["refused"]
    assert "only on a video" in answer["messages"][0]["text"]
    assert await seen(served, "ada", "note") == []
    number = await react(served, "grace", card, "4️⃣", "key-00003")
    assert "only one result" in number["messages"][0]["text"]
    assert await marks(served) == []


async def test_the_delete_reaction_deletes_ones_own_results(served: Served) -> None:
    card = await card_of(served)
    refused = await react(served, "grace", card, "❌", "key-00002")
    assert refused["refused"]
    await react(served, "grace", card, "❤️", "key-00003")
    asked = await react(served, "ada", card, "❌", "key-00004")
    assert [] == asked["messages"]
    assert "Kept" == (await decide(served, "ada", asked, "Keep", "key-00005"))["toast"]["title"]
    assert 1 == len(await seen(served, "grace", "card"))
    assert (await decide(served, "grace", asked, "Delete", "key-00006"))["refused"]
    assert 1 == len(await seen(served, "grace", "card"))
    for key, told in (("key-00007", "Deleted"), ("key-00008", "Already deleted")):
        assert told == (await decide(served, "ada", asked, "Delete", key))["toast"]["title"]
    assert await seen(served, "grace", "card") == []
    assert await marks(served) == []
    assert not any("/reaction/" in entry.key for entry in await served.core.adapter_data.since("", 0))


@pytest.mark.parametrize("emoji", ["🦄", "x", "🔁🔁"])
async def test_an_unknown_emoji_is_refused(served: Served, emoji: str) -> None:
    card = await card_of(served)
    with pytest.raises(httpx.HTTPStatusError) as caught:
        await react(served, "ada", card, emoji, "key-00002")
    assert caught.value.response.status_code == HTTPStatus.UNPROCESSABLE_ENTITY


async def test_nobody_reacts_to_a_message_they_cannot_see(served: Served) -> None:
    card = await card_of(served, f"{BEAR} --private")
    for name, path in (("grace", card), ("ada", "0" * 24)):
        with pytest.raises(httpx.HTTPStatusError) as caught:
            await react(served, name, path, "🔁", "key-00002")
        assert caught.value.response.status_code == HTTPStatus.NOT_FOUND


async def test_a_reaction_in_direct_messages_stays_there(served: Served) -> None:
    await command(served, "ada", BEAR, channel="dm")
    job = (await served.core.finish()).id
    card = (await served.core.job(job)).card
    await react(served, "ada", card, "❤️", "key-00002", channel="dm")
    assert len(await seen(served, "ada", "reaction", "dm")) == 1
    assert await seen(served, "grace", "reaction", "dm") == []
