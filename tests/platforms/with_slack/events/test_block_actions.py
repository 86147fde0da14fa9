"""Buttons and selects over real sockets, beside the real core."""

from pathlib import Path

from bot.domain.ids import short_id
from tests.platforms.fake_slack import Message
from tests.platforms.with_slack.bot_harness import job_of, run_bot, words


def _card_of(message: Message) -> str:
    return next(str(part["value"]) for part in message.parts if part["action_id"] == "rv:details")[25:]


async def test_a_button_makes_one_new_card_for_its_presser(tmp_path: Path) -> None:
    async with run_bot(tmp_path) as bot:
        card = await bot.imagine()
        pressed = bot.boss.press(card, "rv:again")
        await pressed.acknowledged()
        bot.slack.repeat(pressed.delivery)
        other = await bot.card(until=lambda one: one is not card)
        details = await bot.ada.press(other, "rv:details").response()
        stale = await bot.ada.press(details, "rv:details").response()
        used = await bot.boss.slash("/quota").response()

    assert [card, other] == bot.mine()
    assert "boss" in words(other)
    assert bot.ada.user is details.only_for
    assert short_id(job_of(other)) in words(details)
    assert short_id(job_of(other)) in words(stale)
    assert "$0.00 used" not in words(used)


async def test_a_member_whose_results_are_private_gets_those_of_buttons_and_reactions_directly(
    tmp_path: Path,
) -> None:
    async with run_bot(tmp_path) as bot:
        card, directly = await bot.imagine(), bot.ada.at_bot().place
        await bot.ada.slash("/reverie", "settings --private on").response()
        bot.ada.press(card, "rv:again")
        first = await bot.card(directly)
        bot.ada.react(card, "repeat")
        await bot.card(directly, until=lambda one: one is not first)

    assert [card] == bot.mine()


async def test_a_video_is_upscaled_and_gets_audio_by_its_buttons(tmp_path: Path) -> None:
    async with run_bot(tmp_path) as bot:
        bot.ada.slash("/animate", "a fox runs --resolution 540p")
        film = await bot.card()
        bot.ada.press(film, "rv:upscale")
        larger = await bot.card(until=lambda one: one is not film)
        bot.ada.press(larger, "rv:audio")
        heard = await bot.card(until=lambda one: one not in (film, larger))

    assert "720p" in words(larger)
    assert short_id(job_of(film)) in words(larger)
    assert "what fits the video" in words(heard)
    assert short_id(job_of(larger)) in words(heard)
    assert "rv:audio" not in words(heard)


async def test_a_history_is_turned_page_by_page_with_its_pictures(tmp_path: Path) -> None:
    async with run_bot(tmp_path) as bot:
        first = await bot.imagine("a fox in the snow")
        second = await bot.imagine("a bear in the snow")
        listed = await bot.ada.slash("/reverie", "history snow --count 1").response()
        begun = words(listed)
        bot.ada.press(listed, "rp:0")
        await bot.slack.until(lambda: "a fox in the snow" in words(listed))
        turned = words(listed)
        opened = await bot.ada.choose(listed, "rv:open", f"{job_of(first)}:{_card_of(first)}").response()

    assert f"#{short_id(job_of(second))} · /imagine · " in begun
    assert "slack_file" in begun
    assert "Older ▶" in begun
    assert f"#{short_id(job_of(first))}" in turned
    assert "◀ Newer" in turned
    assert "a bear" not in turned
    assert job_of(first) == job_of(opened)


async def test_edit_and_reframe_open_modals(tmp_path: Path) -> None:
    async with run_bot(tmp_path) as bot:
        card = await bot.imagine("a red fox")
        editing = await bot.ada.press(card, "rv:edit").view()
        assert "a red fox" == editing.typed["prompt", "prompt"]["value"]
        wrong = bot.ada.submit(editing, {"prompt": None})
        await wrong.acknowledged()
        assert "rompt" in wrong.errors["prompt"]
        bot.ada.submit(editing, {"prompt": "a blue fox"})
        edited = await bot.card(until=lambda one: "a blue fox" in one.text)
        reframing = await bot.ada.press(card, "rv:reframe").view()
        ratios = {
            one["text"]["text"]: one["value"] for one in reframing.told["blocks"][0]["element"]["options"]
        }
        bot.ada.submit(reframing, {"aspect_ratio": ratios["1:1 · $0.018"]})
        reframed = await bot.card(until=lambda one: one not in (card, edited))
        long = await bot.imagine("a very long tale of a fox " * 130)
        refused = await bot.ada.press(long, "rv:edit").response()

    assert "1:1" in words(reframed)
    assert "accepts 3000" in words(refused)


async def test_a_selection_is_used_and_not_visible_to_others(
    tmp_path: Path,
) -> None:
    async with run_bot(tmp_path) as bot:
        bot.ada.slash("/imagine", "two foxes --count 2")
        card = await bot.card(until=lambda one: sum(b["type"] == "image" for b in one.blocks) == 2)
        before = list(card.blocks)
        select = next(part for part in card.parts if part["action_id"] == "rv:pick")
        second = select["options"][1]["value"]
        picked = bot.ada.choose(card, "rv:pick", second)
        assert {} == await picked.acknowledged()
        # As it was sent when the rates were lower.
        own = next(part for part in card.parts if part["action_id"] == "rv:variation:2")
        own["value"] = f"{own['value'].rpartition(':')[0]}:10000"
        question = await bot.ada.press(card, "rv:variation:2").response()
        before = list(card.blocks)
        bot.ada.press(question, "rv:start")
        varied = await bot.card(until=lambda one: one is not card and "Made from" in words(one))
        mine = await bot.ada.press(card, "rv:details").response()
        other = await bot.boss.press(card, "rv:details").response()

    assert before == card.blocks
    assert "The price has risen from $0.010" in words(question)
    assert f"#{short_id(second[:24])}" in words(varied)
    assert (second[:24], job_of(card)) == (job_of(mine), job_of(other))


async def test_only_the_owner_or_an_admin_deletes_and_outdated_buttons_are_refused(tmp_path: Path) -> None:
    async with run_bot(tmp_path) as bot:
        card = await bot.imagine()
        bo = bot.slack.user(bot.team, "bo")
        refused = await bo.press(card, "rv:delete").response()
        label = {"type": "plain_text", "text": "?"}
        old_button = {"type": "button", "action_id": "rv:dance", "value": "x", "text": label}
        card.blocks[-1]["elements"].append(old_button)
        old = await bo.press(card, "rv:dance").response()
        asked = await bot.boss.press(card, "rv:delete").response()
        kept = await bot.boss.press(asked, "rv:keep").response()
        await bot.slack.until(lambda: asked.deleted)
        gone = card.deleted
        asked = await bot.boss.press(card, "rv:delete").response()
        done = await bot.boss.press(asked, "rv:confirm").response()
        await bot.slack.until(lambda: card.deleted and asked.deleted)

    assert "belongs to" in words(refused) or "not yours" in words(refused).lower()
    assert "another version" in words(old)
    assert bot.boss.user is asked.only_for
    assert f"#{short_id(job_of(card))}" in words(asked)
    assert ["rv:keep", "rv:confirm"] == [part["action_id"] for part in asked.parts if "action_id" in part]
    assert (False, True) == (gone, "Kept" in words(kept))
    assert "Deleted" in words(done)
