"""The menu of a message: on results, and on whatever else shows a picture or a video."""

from pathlib import Path
from typing import Any

from adapters.discord.inlet.choosing import media_of
from adapters.discord.inlet.forms import PROMPT
from adapters.discord.inlet.menus import Menu
from bot.domain.media import MediaKind
from tests.media.pictures import picture
from tests.platforms.fake_discord import Callback, FakeDiscord, Upload
from tests.platforms.with_discord.studio_house import open_studio
from tests.platforms.with_discord.test_pressing import facts, job_of, private

CDN = "https://cdn.discordapp.com/attachments/1/2"
EMPTY: dict[str, Any] = {"attachments": [], "embeds": []}


def attached(url: str, content_type: str | None) -> dict[str, Any]:
    return {"url": url, "content_type": content_type}


def test_every_picture_and_video_of_a_message_is_found_once() -> None:
    """Text files and players' pages are none; an embed's thumbnail stands for its picture."""
    message = {
        "attachments": [
            attached(f"{CDN}/a.png?ex=1", "image/png"),
            attached(f"{CDN}/b.txt", "text/plain; charset=utf-8"),
            attached(f"{CDN}/c.mp4", "video/mp4"),
            attached(f"{CDN}/d", None),
        ],
        "embeds": [
            {"image": {"url": "https://a.example/1.png"}, "thumbnail": {"url": "https://a.example/s.png"}},
            {"thumbnail": {"url": "http://a.example/2.png"}},
            {"video": {"url": "https://a.example/player"}, "thumbnail": {"url": "https://a.example/3.jpg"}},
            {"video": {"url": "https://a.example/4.mp4"}, "thumbnail": {"url": "https://a.example/4.jpg"}},
            {"image": {"url": f"{CDN}/a.png?ex=1"}},
            {"image": {"url": "https://a.example/" + "x" * 2000}},
        ],
        "message_snapshots": [{"message": {"attachments": [attached(f"{CDN}/e.webp", "image/webp")]}}],
    }
    found = [(one.url, one.kind.value, one.via) for one in media_of(message)]
    assert [
        (f"{CDN}/a.png?ex=1", "picture", "discord"),
        (f"{CDN}/c.mp4", "video", "discord"),
        ("https://a.example/1.png", "picture", ""),
        ("https://a.example/3.jpg", "picture", ""),
        ("https://a.example/4.mp4", "video", ""),
        (f"{CDN}/e.webp", "picture", "discord"),
    ] == found
    assert [] == media_of(EMPTY)
    assert MediaKind.VIDEO is media_of(message)[1].kind


async def test_results_are_acted_on_from_their_menu(tmp_path: Path, fake: FakeDiscord) -> None:
    async with open_studio(tmp_path, fake) as house:
        _, card = await house.imagine()
        varied = house.ada.use_on(card, Menu.VARIATION)
        new = await house.done(varied)
        assert Callback.MESSAGE is varied.callback
        assert f"`{job_of(card)}`" == facts(new)["Made from"]

        form = await house.ada.use_on(card, Menu.REFRAME).form()
        assert "🖼️ Reframe" == form["title"]
        details = await private(house.ada.use_on(card, Menu.DETAILS))
        assert job_of(card) == job_of(details)

        _, several = await house.imagine(count=2)
        # Nobody pays for a guess: the list says which one.
        panel = await private(house.ada.use_on(several, Menu.VARIATION))
        second = next(part for part in panel.parts() if part["type"] == 3)["options"][1]["value"]
        await house.ada.choose(panel, "Which one the buttons are for", second).answered()
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
