"""Buttons, selects and modals of cards: whoever presses a button asks and pays."""

from pathlib import Path

from discord.http import Route

from adapters.discord.messages.buttons import ComponentId
from adapters.discord.messages.modals import PROMPT, RATIO
from bot.domain.ids import short_id
from bot.domain.jobs.actions import Action
from tests.platforms.fake_discord import Callback, FakeDiscord, Message
from tests.platforms.with_discord.bot_env import BotEnv, open_bot_env
from tests.platforms.with_discord.readers import facts, job_of, labels, private, source


async def test_buttons_work_for_whoever_presses_them(tmp_path: Path, fake: FakeDiscord) -> None:
    """The custom id is enough: the gateway caches no messages."""
    async with open_bot_env(tmp_path, fake) as env:
        _, card = await env.imagine()
        bob = fake.member(env.guild, "bob").at(env.channel)
        pressed = bob.press(card, "Again")
        new = await env.done(pressed)
        assert Callback.MESSAGE is pressed.callback
        assert "bob" == new.embeds[0]["author"]["name"]
        assert new.replies_to is card

        starred = await private(bob.press(card, "Gallery"))
        assert "Added to the gallery" == starred.embeds[0]["title"]
        await fake.until(lambda: "⭐ 1" in card.embeds[0]["footer"]["text"])

        refused = await private(bob.press(card, "Delete"))
        assert "This job belongs to ada" == refused.content
        assert not card.deleted

        origin = await private(bob.press(new, "Details"))
        assert job_of(new) == job_of(origin)
        stranger = fake.member(fake.guild("Elsewhere"), "eve")
        forged = ComponentId(verb=Action.AGAIN, job=job_of(new), card="0" * 24).write()
        button = {"type": 2, "style": 2, "label": "x", "custom_id": forged}
        elsewhere = await _posted(env, stranger.place.id, button)
        told = await private(stranger.press(elsewhere, forged))
        assert "There is no such job; /history lists yours" == told.content

        old = {"type": 2, "style": 2, "label": "x", "custom_id": f"rv:sing:{'0' * 24}:{'0' * 24}"}
        told = await private(bob.press(await _posted(env, env.channel.id, old), "x"))
        assert "This button is of another version" in told.content


async def test_a_member_whose_results_are_private_gets_those_of_buttons_and_reactions_alone(
    tmp_path: Path, fake: FakeDiscord
) -> None:
    async with open_bot_env(tmp_path, fake) as env:
        _, card = await env.imagine()
        await private(env.ada.slash("settings", private="on"))
        alone = await private(env.ada.press(card, "Again"))
        assert "a red fox" == alone.embeds[0]["title"]
        # A reaction has no response that its member alone could see.
        env.ada.react(card, "🔁")
        await fake.until(lambda: any(one.attachments for one in env.ada.reads_directly()))
        assert [card] == env.mine()


async def test_a_video_is_upscaled_by_a_button_and_gets_audio_by_a_reaction(
    tmp_path: Path, fake: FakeDiscord
) -> None:
    async with open_bot_env(tmp_path, fake) as env:
        film = await env.done(env.ada.slash("animate", prompt="a fox runs", resolution="540p"))
        larger = await env.done(env.ada.press(film, "Upscale"))
        assert ("720p", f"{source(job_of(film))} · a fox runs") == (
            facts(larger)["Resolution"],
            facts(larger)["Made from"],
        )
        env.ada.react(film, "🔊")
        known = {film.id, larger.id}
        heard = await fake.message_in(env.channel, lambda one: one.id not in known and bool(one.attachments))
        assert "what fits the video" == facts(heard)["Audio"]
        assert not any(part.get("label") == "Add audio" for part in heard.parts())
        # By command, with words of its own and the newest video.
        named = env.ada.slash("audio", job=job_of(larger), prompt="rain", negative_prompt="voices")
        assert {"Audio": "rain", "Without": "voices"}.items() <= facts(await env.done(named)).items()


async def test_prompt_and_aspect_ratio_are_edited_in_modals(tmp_path: Path, fake: FakeDiscord) -> None:
    async with open_bot_env(tmp_path, fake) as env:
        _, card = await env.imagine("a *red* fox")
        opened = env.ada.press(card, "Edit prompt")
        field = (await opened.form())["components"][0]["component"]
        assert ("a *red* fox", 4000) == (field["value"], field["max_length"])
        changed = await env.done(env.ada.submit(opened, {PROMPT: "a blue fox"}))
        assert "a blue fox" == changed.embeds[0]["title"]

        opened = env.ada.press(changed, "Reframe")
        options = (await opened.form())["components"][0]["component"]["options"]
        assert ["9:16 · $0.018"] == [one["label"] for one in options if one.get("default")]
        square_value = next(one["value"] for one in options if one["label"].startswith("1:1 · $"))
        framed = await env.done(env.ada.submit(opened))
        assert ("9:16", f"{source(job_of(changed))} · a blue fox") == (
            facts(framed)["Aspect ratio"],
            facts(framed)["Made from"],
        )

        again = env.ada.press(framed, "Reframe")
        await again.form()
        square = await env.done(env.ada.submit(again, {RATIO: [square_value]}))
        assert "1:1" == facts(square)["Aspect ratio"]

        shown = env.ada.press(framed, "Source job")
        origin = await shown.message(lambda message: bool(message.attachments))
        assert (job_of(changed), env.ada.user) == (job_of(origin), origin.only_for)

        _, long = await env.imagine("fox " * 1200)
        told = await private(env.ada.press(long, "Edit prompt"))
        assert "This prompt has 4799 characters, and a form takes at most 4000" in told.content


async def test_the_details_are_a_command_and_open_a_form_with_the_settings(
    tmp_path: Path, fake: FakeDiscord
) -> None:
    async with open_bot_env(tmp_path, fake) as env:
        source = await env.done(env.ada.slash("imagine", prompt="a fox", aspect_ratio="1:1"))
        made = await env.done(
            env.ada.slash(
                "imagine",
                prompt="a `red` fox",
                model="photon-flash-1",
                aspect_ratio="21:9",
                image_from=f"{job_of(source)}@0.5",
            )
        )
        bob = fake.member(env.guild, "bob").at(env.channel)
        details = await private(bob.press(made, "Details"))
        assert details.content == (
            "```\n/imagine prompt:a `red` fox model:photon-flash-1 aspect_ratio:21:9 count:1 format:jpg "
            f"image_from:#{job_of(source)[-6:]}@0.5 private:False\n```"
        )
        opened = bob.press(details, "Use these settings")
        fields = [part["component"] for part in (await opened.form())["components"]]
        assert "a `red` fox" == fields[0]["value"]
        chosen = {
            one["custom_id"]: each["value"]
            for one in fields
            for each in one.get("options", ())
            if each["default"]
        }
        assert {"model": "photon-flash-1", "aspect_ratio": "21:9", "format": "jpg"} == chosen
        again = await env.done(bob.submit(opened, {"prompt": "a blue fox", "aspect_ratio": ["9:16"]}))
        assert "a blue fox" == again.embeds[0]["title"]
        assert {"Model": "photon-flash-1", "Aspect ratio": "9:16"}.items() <= facts(again).items()
        # What the modal does not ask for stays as it was.
        assert f"#{job_of(source)[-6:]}" in facts(again)["Made from"]


async def test_help_opens_the_form_of_a_command_with_its_price(tmp_path: Path, fake: FakeDiscord) -> None:
    async with open_bot_env(tmp_path, fake) as env:
        await private(env.ada.slash("settings", aspect_ratio="9:16"))
        everything = await private(env.ada.slash("help"))
        assert {"/imagine", "/animate", "/reframe"} <= set(labels(everything))
        assert labels(await private(env.ada.slash("help", command="imagine"))) == ["/imagine"]
        assert labels(await private(env.ada.slash("help", command="quota"))) == []

        opened = env.ada.press(everything, "/imagine")
        shown = await opened.form()
        assert shown["title"] == "/imagine · ≈$0.018"
        ratio = next(part["component"] for part in shown["components"] if part["label"] == "Aspect ratio")
        # The member's own default is told, and left open.
        assert ratio["placeholder"] == "9:16 · yours"
        assert not any(one["default"] for one in ratio["options"])
        made = await env.done(env.ada.submit(opened, {"prompt": "a heron"}))
        assert ("a heron", "9:16") == (made.embeds[0]["title"], facts(made)["Aspect ratio"])

        # What was chosen in the form costs more than it could show.
        again = env.ada.press(everything, "/imagine")
        await again.form()
        asked = await private(env.ada.submit(again, {"prompt": "two herons", "count": "2"}))
        assert "costs more than the $0.018 that the form showed" in asked.embeds[0]["description"]
        assert [made] == env.mine()
        both = await env.done(env.ada.press(asked, next(one for one in labels(asked) if "Start" in one)), 2)
        assert "two herons" == both.embeds[0]["title"]

        # Nothing can be extended yet, so no form opens for it.
        refused = await private(env.ada.press(everything, "/extend"))
        assert "You have no finished video" in refused.content


async def test_a_select_points_the_buttons_at_another_job_and_changes_nothing_else(
    tmp_path: Path, fake: FakeDiscord
) -> None:
    async with open_bot_env(tmp_path, fake) as env:
        _, card = await env.imagine(count=2)
        options = next(part for part in card.parts() if part["type"] == 3)["options"]
        first, second = (one["value"] for one in options)
        before = (card.embeds, card.attachments)
        assert first == job_of(card)
        picked = env.ada.choose(card, "Choose the result that the buttons below act on", second)
        assert Callback.UPDATE is await picked.answered()
        assert second == job_of(card)
        assert before == (card.embeds, card.attachments)
        varied = await env.done(env.ada.press(card, "Variation 1"))
        assert facts(varied)["Made from"].startswith(source(first)), "each result has its own button"

        # As it was sent when the rates were lower.
        button = next(part for part in card.parts() if str(part.get("label")).startswith("Variation 2"))
        button["custom_id"] = f"{button['custom_id'].rpartition(':')[0]}:10000"
        question = await private(env.ada.press(card, "Variation 2"))
        assert "The price has risen from $0.010" in question.embeds[0]["description"]
        varied = await env.done(env.ada.press(question, "Start · ≈$0.018"))
        assert facts(varied)["Made from"].startswith(source(second))

        listed = await env.ada.slash("history").message()
        opened = env.ada.choose(listed, "Show one of these jobs", first)
        shown = await opened.message(lambda message: bool(message.attachments))
        assert (first, env.ada.user) == (job_of(shown), shown.only_for)


async def test_a_history_is_turned_page_by_page_with_its_pictures(tmp_path: Path, fake: FakeDiscord) -> None:
    async with open_bot_env(tmp_path, fake) as env:
        for number in (1, 2):
            await env.imagine(f"fox {number}")
        # Discord takes what an embed shows out of the message's attachments.
        listed = await env.ada.slash("history", count=1).message(lambda one: "thumbnail" in one.embeds[0])
        assert (env.ada.user, True) == (listed.only_for, "fox 2" in listed.embeds[0]["description"])
        first = listed.embeds[0]["thumbnail"]["url"]

        turned = env.ada.press(listed, "Older ▶")
        assert Callback.UPDATE is await turned.answered()
        await fake.until(lambda: listed.embeds[0].get("thumbnail", {"url": first})["url"] != first)
        assert "fox 1" in listed.embeds[0]["description"]
        assert ["◀ Newer"] == [part["label"] for part in listed.parts() if part["type"] == 2]


async def test_a_waiting_job_is_cancelled_by_its_button(tmp_path: Path, fake: FakeDiscord) -> None:
    async with open_bot_env(tmp_path, fake, image_concurrent=1, simulator_speed=0.01) as env:
        env.ada.slash("imagine", prompt="what runs")
        waiting = env.ada.slash("imagine", prompt="what waits")
        card = await waiting.message(lambda message: "queue" in message.embeds[0]["description"])
        told = await private(env.ada.press(card, "Cancel"))
        assert "Cancelled" == told.embeds[0]["title"]
        await waiting.message(lambda message: "not charged" in message.embeds[0]["description"])
        several = env.ada.slash("imagine", prompt="two that wait", count=2)
        card = await several.message(lambda message: "queue" in message.embeds[0]["description"])
        told = await private(env.ada.press(card, "Cancel all waiting"))
        assert told.embeds[0]["description"].startswith("2 of 2 cancelled")


async def test_a_copy_that_cannot_be_sent_is_reported(tmp_path: Path, fake: FakeDiscord) -> None:
    async with open_bot_env(tmp_path, fake) as env:
        _, card = await env.imagine()
        sent = env.ada.press(card, "Send to me")
        assert "On its way to you" == (await private(sent)).embeds[0]["title"]
        await fake.message_in(fake.world.direct_channel(env.ada.user), lambda one: bool(one.attachments))

        bob = fake.member(env.guild, "bob").at(env.channel)
        bob.user.dms_open = False
        sent = bob.press(card, "Send to me")
        told = await sent.follow_up()
        assert bob.user is told.only_for
        assert "could not be sent to you" in told.content


async def _posted(env: BotEnv, channel: int, *parts: dict[str, object]) -> Message:
    """Post a message of the bot with these buttons."""
    route = Route("POST", "/channels/{channel_id}/messages", channel_id=channel)
    body = {"content": "old", "components": [{"type": 1, "components": list(parts)}]}
    posted = await env.rest.request(route, body)
    return env.fake.world.channels[channel].messages[int(posted["id"])]


async def test_delete_asks_privately_and_only_its_button_deletes(tmp_path: Path, fake: FakeDiscord) -> None:
    async with open_bot_env(tmp_path, fake) as env:
        _, card = await env.imagine("a red fox")
        for asked in (
            env.ada.press(card, "Delete"),
            env.ada.slash("delete", job=f"#{short_id(job_of(card))}"),
            env.ada.slash("delete", job="FOX red"),
        ):
            question = await private(asked)
            assert "Delete this?" == question.embeds[0]["title"]
            assert f"{source(job_of(card))} · a red fox" in question.embeds[0]["description"]
            assert ["Keep", "Delete"] == [part["label"] for part in question.parts() if part["type"] == 2]
            kept = env.ada.press(question, "Keep")
            assert Callback.UPDATE is await kept.answered()
            assert ("Kept", []) == (question.embeds[0]["title"], list(question.parts()))
        assert not card.deleted

        first = await private(env.ada.press(card, "Delete"))
        second = await private(env.ada.press(card, "Delete"))
        await env.ada.press(first, "Delete").answered()
        await fake.until(lambda: card.deleted)
        assert ("Deleted", []) == (first.embeds[0]["title"], list(first.parts()))
        await env.ada.press(second, "Delete").answered()
        assert "Already deleted" == second.embeds[0]["title"]
