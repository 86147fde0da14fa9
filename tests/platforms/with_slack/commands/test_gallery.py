"""The gallery on Slack: its channel, the question to the maker, and the list."""

from pathlib import Path

from tests.platforms.with_slack.bot_harness import job_of, run_bot, words


async def test_a_result_is_posted_once_its_maker_has_agreed_and_removed_with_its_last_star(
    tmp_path: Path,
) -> None:
    async with run_bot(tmp_path) as bot:
        channel = bot.slack.channel(bot.team, "gallery")
        told = await bot.boss.slash("/reverie", "studio gallery #gallery --consent on").response()
        card = await bot.imagine("a red fox")
        starred = await bot.boss.press(card, "rv:gallery").response()
        directly = bot.ada.at_bot().place
        question = await bot.slack.message_in(directly, lambda one: "May it be shown" in words(one))
        agreed = await bot.ada.at_bot().press(question, "rv:share").response()
        post = await bot.card(channel)
        listed = await bot.boss.slash("/reverie", "gallery").response()
        bot.boss.press(card, "rv:gallery")
        await bot.slack.until(lambda: not bot.mine(channel))

    assert "#gallery" in words(told)
    assert "once ada agrees" in words(starred)
    assert "Added to the gallery" in words(agreed)
    assert "a red fox" in words(post)
    assert "a red fox" in words(listed)
    assert bot.boss.user is listed.only_for


async def test_a_family_tree_is_a_picture_and_offers_each_of_its_results(tmp_path: Path) -> None:
    async with run_bot(tmp_path) as bot:
        card = await bot.imagine("a red fox")
        bot.ada.press(card, "rv:variation")
        child = await bot.card(until=lambda one: one is not card)
        tree = await bot.ada.slash("/reverie", f"lineage #{job_of(child)}").response()
        image = next(block for block in tree.blocks if block["type"] == "image")
        opened = await bot.ada.press(tree, "rv:open").response()

    assert bot.slack.world.files[image["slack_file"]["id"]].content.startswith(b"\x89PNG")
    assert "/imagine “a red fox” led to" in image["alt_text"]
    assert job_of(card) == job_of(opened)
    assert "rv:variation" in words(opened)
