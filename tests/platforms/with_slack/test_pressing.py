"""Buttons and lists under cards and notes, over real sockets beside the real core."""

from pathlib import Path

from bot.domain.ids import short_id
from tests.platforms.with_slack.studio_house import job_of, open_studio, words


async def test_a_button_makes_one_new_card_for_whoever_presses_it(tmp_path: Path) -> None:
    async with open_studio(tmp_path) as house:
        card = await house.imagine()
        pressed = house.boss.press(card, "rv:again")
        await pressed.acknowledged()
        house.slack.repeat(pressed.delivery)
        other = await house.card(until=lambda one: one is not card)
        details = await house.ada.press(other, "rv:details").response()
        stale = await house.ada.press(details, "rv:details").response()
        used = await house.boss.slash("/quota").response()

    assert [card, other] == house.mine()
    assert "boss" in words(other)
    assert house.ada.user is details.only_for
    assert short_id(job_of(other)) in words(details)
    assert short_id(job_of(other)) in words(stale)
    assert "$0.00 used" not in words(used)


async def test_other_words_and_another_frame_are_asked_for_in_small_forms(tmp_path: Path) -> None:
    async with open_studio(tmp_path) as house:
        card = await house.imagine("a red fox")
        editing = await house.ada.press(card, "rv:edit").view()
        assert "a red fox" == editing.typed["prompt", "prompt"]["value"]
        wrong = house.ada.submit(editing, {"prompt": None})
        await wrong.acknowledged()
        assert "rompt" in wrong.errors["prompt"]
        house.ada.submit(editing, {"prompt": "a blue fox"})
        edited = await house.card(until=lambda one: "a blue fox" in one.text)
        reframing = await house.ada.press(card, "rv:reframe").view()
        house.ada.submit(reframing, {"aspect_ratio": "1:1"})
        reframed = await house.card(until=lambda one: one not in (card, edited))
        long = await house.imagine("a very long tale of a fox " * 130)
        refused = await house.ada.press(long, "rv:edit").response()

    assert "1:1" in words(reframed)
    assert "accepts 3000" in words(refused)


async def test_of_several_results_the_chosen_one_is_meant_and_nobody_else_sees_the_choice(
    tmp_path: Path,
) -> None:
    async with open_studio(tmp_path) as house:
        house.ada.slash("/imagine", "two foxes --count 2")
        card = await house.card(until=lambda one: sum(b["type"] == "image" for b in one.blocks) == 2)
        before = list(card.blocks)
        select = next(part for part in card.parts if part["action_id"] == "rv:pick")
        second = select["options"][1]["value"]
        picked = house.ada.choose(card, "rv:pick", second)
        assert {} == await picked.acknowledged()
        mine = await house.ada.press(card, "rv:details").response()
        other = await house.boss.press(card, "rv:details").response()

    assert before == card.blocks
    assert (second[:24], job_of(card)) == (job_of(mine), job_of(other))


async def test_only_the_owner_or_an_admin_deletes_and_old_buttons_are_answered(tmp_path: Path) -> None:
    async with open_studio(tmp_path) as house:
        card = await house.imagine()
        bo = house.slack.user(house.team, "bo")
        refused = await bo.press(card, "rv:delete").response()
        label = {"type": "plain_text", "text": "?"}
        old_button = {"type": "button", "action_id": "rv:dance", "value": "x", "text": label}
        card.blocks[-1]["elements"].append(old_button)
        old = await bo.press(card, "rv:dance").response()
        asked = await house.boss.press(card, "rv:delete").response()
        kept = await house.boss.press(asked, "rv:keep").response()
        await house.slack.until(lambda: asked.deleted)
        gone = card.deleted
        asked = await house.boss.press(card, "rv:delete").response()
        done = await house.boss.press(asked, "rv:confirm").response()
        await house.slack.until(lambda: card.deleted and asked.deleted)

    assert "belongs to" in words(refused) or "not yours" in words(refused).lower()
    assert "another version" in words(old)
    assert house.boss.user is asked.only_for
    assert f"#{short_id(job_of(card))}" in words(asked)
    assert ["rv:keep", "rv:confirm"] == [part["action_id"] for part in asked.parts if "action_id" in part]
    assert (False, True) == (gone, "Kept" in words(kept))
    assert "Deleted" in words(done)
