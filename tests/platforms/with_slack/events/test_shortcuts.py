"""Message shortcuts on cards and on messages of others."""

from pathlib import Path

from tests.platforms.with_slack.bot_harness import job_of, medium, run_bot, words


async def test_shortcuts_on_a_card_act_like_its_buttons(tmp_path: Path) -> None:
    async with run_bot(tmp_path) as bot:
        card = await bot.imagine()
        details = await bot.ada.use_on(card, "Details").response()
        form = await bot.ada.use_on(card, "Reframe").view()
        extending = await bot.ada.use_on(card, "Extend").response()
        question = await bot.ada.use_on(card, "Variation").response()
        bot.ada.press(question, "rv:start")
        varied = await bot.card(until=lambda one: one is not card)
        bot.ada.slash("/imagine", "two foxes --count 2")
        several = await bot.card(until=lambda one: "two foxes" in one.text and len(one.blocks) > 5)
        choosing = await bot.ada.use_on(several, "Animate").response()

    assert job_of(card) == job_of(details)
    assert "reverie_rewording" == form.told["callback_id"]
    assert "cannot be used on a picture" in words(extending)
    assert "Start · ≈$0.018" in words(question), "the menu shows no price"
    assert "Made from" in words(varied)
    assert "rv:pick" in words(choosing)


async def test_shortcuts_on_other_messages_open_a_modal(tmp_path: Path) -> None:
    async with run_bot(tmp_path) as bot:
        plain = bot.boss.write("good morning")
        video, picture = bot.boss.file("a.mp4", b"x" * 9), bot.boss.file("b.png", b"x" * 9)
        message = bot.boss.write("look", video, picture)
        nothing = await bot.ada.use_on(plain, "Animate").response()
        foreign = await bot.ada.use_on(message, "Extend").response()
        unknown = await bot.ada.use_on(message, "Details").response()
        animating = await bot.ada.use_on(message, "Animate").view()
        reframing = await bot.ada.use_on(message, "Reframe").view()
        other = await bot.ada.use_on(message, "Variation").view()
        over = bot.ada.submit(reframing, {})
        await over.acknowledged()
        bot.ada.submit(other, {"prompt": "like this"})
        card = await bot.slack.message_in(bot.general, lambda one: "like this" in one.text)

    assert "no picture or video" in words(nothing)
    assert "made with Reverie" in words(foreign)
    assert "not made with Reverie" in words(unknown)
    assert ["1 · picture"] == medium(animating)
    assert ["1 · video", "2 · picture"] == medium(reframing)
    assert "start again" in next(iter(over.errors.values()))
    assert card.author.is_bot
