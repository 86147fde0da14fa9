"""A message's context menu, on results and on any message with pictures or videos."""

from pathlib import Path

from adapters.discord.events.message_menu import MenuEntry
from adapters.discord.messages.modals import PROMPT
from tests.media.pictures import picture
from tests.platforms.fake_discord import Callback, FakeDiscord, Upload
from tests.platforms.with_discord.bot_env import open_bot_env
from tests.platforms.with_discord.readers import facts, job_of, private, source


async def test_the_message_menu_acts_on_results(tmp_path: Path, fake: FakeDiscord) -> None:
    async with open_bot_env(tmp_path, fake) as env:
        _, card = await env.imagine()
        varied = env.ada.use_on(card, MenuEntry.VARIATION)
        question = await private(varied)
        assert Callback.MESSAGE is varied.callback
        assert "Start 🔁 Variation?" == question.embeds[0]["title"], "the menu shows no price"
        new = await env.done(env.ada.press(question, "Start · ≈$0.018"))
        assert facts(new)["Made from"].startswith(source(job_of(card)))

        form = await env.ada.use_on(card, MenuEntry.REFRAME).form()
        assert "🖼️ Reframe" == form["title"]
        details = await private(env.ada.use_on(card, MenuEntry.DETAILS))
        assert job_of(card) == job_of(details)

        _, several = await env.imagine(count=2)
        # Nobody pays for a guess: the select names the result.
        panel = await private(env.ada.use_on(several, MenuEntry.VARIATION))
        second = next(part for part in panel.parts() if part["type"] == 3)["options"][1]["value"]
        await env.ada.choose(panel, "Choose the result that the buttons below act on", second).answered()
        assert second == job_of(panel)
        assert second != job_of(several)


async def test_the_message_menu_builds_on_media_of_others(tmp_path: Path, fake: FakeDiscord) -> None:
    async with open_bot_env(tmp_path, fake) as env:
        bob = fake.member(env.guild, "bob").at(env.channel)
        nothing = await private(env.ada.use_on(bob.write("look!"), MenuEntry.MORE))
        assert "There is no picture or video in this message" == nothing.content

        photo = Upload(filename="hills.png", content=picture())
        one = bob.write("my hills", photo)
        opened = env.ada.use_on(one, MenuEntry.VARIATION)
        await opened.form()
        submitted = env.ada.submit(opened, {PROMPT: "hills at night"})
        assert Callback.MESSAGE is await submitted.answered()
        question = await private(submitted)
        assert "Start this /imagine?" == question.embeds[0]["title"]
        varied = await env.ada.press(question, "Start · ≈$0.018").message()
        assert ("hills at night", "🕓 Fetching your picture") == (
            varied.embeds[0]["title"],
            varied.embeds[0]["description"].partition(" · ")[0],
        )
        details = await private(env.ada.use_on(one, MenuEntry.DETAILS))
        assert "This was not made with this bot" in details.content

        film = Upload(filename="run.mp4", content=b"not looked at here")
        two = bob.write("two", photo, film)
        panel = await private(env.ada.use_on(two, MenuEntry.MORE))
        labels = [part["label"] for part in panel.parts() if part["type"] == 2]
        assert ["1 · Variation", "1 · Animate", "1 · Reframe", "2 · Reframe"] == labels
        framed = env.ada.press(panel, "1 · Reframe")
        await framed.form()
        # Her newer choice has replaced it.
        await env.ada.use_on(one, MenuEntry.REFRAME).form()
        stale = await private(env.ada.submit(framed))
        assert "This has expired" in stale.content

        moved = env.ada.use_on(bob.write("a film", film), MenuEntry.ANIMATE)
        assert "Animate is for pictures" in (await private(moved)).content
