"""The menu of a message: on results, and on whatever else shows a picture or a video."""

from pathlib import Path

from adapters.discord.events.menu_entries import Menu
from adapters.discord.events.modals import PROMPT
from tests.media.pictures import picture
from tests.platforms.fake_discord import Callback, FakeDiscord, Upload
from tests.platforms.with_discord.reading import facts, job_of, private, source
from tests.platforms.with_discord.studio_house import open_studio


async def test_results_are_acted_on_from_their_menu(tmp_path: Path, fake: FakeDiscord) -> None:
    async with open_studio(tmp_path, fake) as house:
        _, card = await house.imagine()
        varied = house.ada.use_on(card, Menu.VARIATION)
        new = await house.done(varied)
        assert Callback.MESSAGE is varied.callback
        assert facts(new)["Building on"].startswith(source(job_of(card)))

        form = await house.ada.use_on(card, Menu.REFRAME).form()
        assert "🖼️ Reframe" == form["title"]
        details = await private(house.ada.use_on(card, Menu.DETAILS))
        assert job_of(card) == job_of(details)

        _, several = await house.imagine(count=2)
        # Nobody pays for a guess: the list says which one.
        panel = await private(house.ada.use_on(several, Menu.VARIATION))
        second = next(part for part in panel.parts() if part["type"] == 3)["options"][1]["value"]
        await house.ada.choose(panel, "Choose the result that the buttons act on", second).answered()
        assert second == job_of(panel)
        assert second != job_of(several)


async def test_pictures_of_others_are_built_on_from_their_menu(tmp_path: Path, fake: FakeDiscord) -> None:
    async with open_studio(tmp_path, fake) as house:
        bob = fake.member(house.guild, "bob").at(house.channel)
        nothing = await private(house.ada.use_on(bob.write("look!"), Menu.MORE))
        assert "There is no picture or video in this message" == nothing.content

        photo = Upload(filename="hills.png", content=picture())
        one = bob.write("my hills", photo)
        opened = house.ada.use_on(one, Menu.VARIATION)
        await opened.form()
        submitted = house.ada.submit(opened, {PROMPT: "hills at night"})
        assert Callback.MESSAGE is await submitted.answered()
        varied = await submitted.message()
        assert ("hills at night", "🕓 Preparing what it builds on") == (
            varied.embeds[0]["title"],
            varied.embeds[0]["description"].partition(" · ")[0],
        )
        details = await private(house.ada.use_on(one, Menu.DETAILS))
        assert "This was not made here" in details.content

        film = Upload(filename="run.mp4", content=b"not looked at here")
        two = bob.write("two", photo, film)
        panel = await private(house.ada.use_on(two, Menu.MORE))
        labels = [part["label"] for part in panel.parts() if part["type"] == 2]
        assert ["1 · Variation", "1 · Animate", "1 · Reframe", "2 · Reframe"] == labels
        framed = house.ada.press(panel, "1 · Reframe")
        await framed.form()
        # A newer choice of hers has taken its place.
        await house.ada.use_on(one, Menu.REFRAME).form()
        stale = await private(house.ada.submit(framed))
        assert "This is no longer at hand" in stale.content

        moved = house.ada.use_on(bob.write("a film", film), Menu.ANIMATE)
        assert "Animate is for pictures" in (await private(moved)).content
