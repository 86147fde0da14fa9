"""Presets of a workspace: saved by admins, used by members, and kept as long as they exist."""

from dataclasses import replace

import orjson
import pytest

from bot.domain.commands import Imagine, StudioPreset, build
from bot.domain.errors import InvalidRequest, MediaRefused, NotAllowed
from bot.domain.generations.media import Reference
from bot.domain.generations.requests import ImageRequest
from bot.domain.jobs.actions import Action
from bot.service.replies import CardReply
from bot.store.file_refs import expire_media
from tests.engine.conftest import Open
from tests.engine.fake_library import PNG, Found, film
from tests.engine.harness import Engine
from tests.engine.settings import BOB, BOSS

STYLE = "/studio preset save style noir black and white"
FACE = "https://a.example/face.png"


async def request_of(bot: Engine, text: str, **more: object) -> ImageRequest:
    request = (await bot.job(await bot.ask(text, **more))).request
    assert isinstance(request, ImageRequest)
    return request


async def test_a_style_is_used_by_everybody_and_named_on_the_card(engine: Open) -> None:
    async with engine() as bot:
        await bot.learn(STYLE, by=BOSS)
        await bot.learn("/studio preset save prompt poster a poster of {subject}, {mood}", by=BOSS)
        job = await bot.made("/imagine a fox mood=dark --preset poster,noir", by=BOB)
        assert "a poster of a fox, dark, black and white" == job.request.prompt == job.title
        view = await bot.service.get_card(job.card, BOB)
        assert view is not None
        assert ("Preset", "poster, noir") in view.jobs[0].fields
        # Frozen: the same again needs neither the preset nor its words.
        await bot.learn("/studio preset remove noir", by=BOSS)
        again = await bot.press(Action.AGAIN, job.id)
        assert isinstance(again, CardReply)
        assert job.request == (await bot.job(again.view)).request
        await bot.learn("/studio preset save prompt city a city in the rain", by=BOSS)
        assert "a city in the rain" == (await request_of(bot, "/imagine --preset city")).prompt


async def _all_shown(bot: Engine) -> bool:
    return not await bot.rows("SELECT id FROM card WHERE shown_rev < wanted_rev")


async def test_pictures_of_a_preset_are_stored_and_outlive_their_job(any_engine: Open) -> None:
    async with any_engine() as bot:
        job = await bot.made("/imagine a face", by=BOSS)
        told = await bot.learn(
            f"/studio preset save character hero --picture {job.id} --picture {FACE}", by=BOSS
        )
        assert "Preset saved: hero" == told.title
        # What a card has yet to show is kept in any case.
        await bot.until(lambda: _all_shown(bot))
        await bot.change("UPDATE job SET finished_at = 1")
        freed = await bot.services.database.transact(expire_media, finished_before=2, count=9)
        assert [()] == freed, "the preset needs it"
        used = await request_of(bot, "/imagine at the sea --preset hero", by=BOB)
        assert job.result is not None
        assert job.result.file == (used.character_refs[0].file and used.character_refs[0].file.file)
        assert 2 == len(used.character_refs)
        typed = await request_of(
            bot, "/imagine at the sea --preset hero --character https://a.example/me.png"
        )
        assert ["https://a.example/me.png"] == [one.url for one in typed.character_refs]
        with pytest.raises(InvalidRequest, match="hero has only pictures of a character"):
            await bot.ask("/animate at the sea --preset hero")
        # Saved again with one picture: the others go, unless a job uses them.
        await bot.learn("/studio preset save character hero --picture https://a.example/new.png", by=BOSS)
        holders = await bot.rows("SELECT file FROM file_reference WHERE holder = 'preset:chat:home/hero'")
        assert 1 == len(holders)
        (new,) = [row["file"] for row in holders]
        assert await bot.services.storage.exists(new)
        await bot.learn("/studio preset remove hero", by=BOSS)
        assert not await bot.services.storage.exists(new)


async def test_files_of_the_event_and_uploads_are_its_pictures(engine: Open) -> None:
    async with engine(start=None) as bot:
        media = await bot.upload(PNG + b"look", by=BOSS)
        command = build(StudioPreset, {"action": "save", "kind": "style", "preset": "look"})
        await bot.service.execute(command, bot.invocation(BOSS), files=(Reference.of(media),))
        used = await request_of(bot, "/imagine a fox --preset look")
        assert [media] == [style.file for style in used.style_refs]


async def test_what_is_no_picture_or_cannot_be_had_saves_nothing(engine: Open) -> None:
    async with engine() as bot:
        bot.library.found[FACE] = film()
        bot.library.errors["https://a.example/bad.png"] = MediaRefused("this is no picture")
        made = await bot.made("/animate a fox", by=BOSS)
        for picture, why in (
            (FACE, "picture: this is a video"),
            ("https://a.example/bad.png", "picture: this is no picture"),
            (made.id, "picture needs a picture, and this is a video"),
            ("http://127.0.0.1/a.png", "not on the public internet"),
        ):
            with pytest.raises(InvalidRequest, match=why):
                await bot.learn(f"/studio preset save style noir --picture {picture}", by=BOSS)
        bot.library.found[FACE] = Found()
        assert [] == await bot.rows("SELECT name FROM preset")


async def test_without_a_public_url_only_addresses_can_be_kept(engine: Open) -> None:
    async with engine(reachable=False) as bot:
        job = await bot.made(by=BOSS)
        with pytest.raises(InvalidRequest, match="REVERIE_PUBLIC_URL"):
            await bot.learn(f"/studio preset save style noir --picture {job.id}", by=BOSS)
        await bot.learn(f"/studio preset save style noir --picture {FACE}@0.4", by=BOSS)
        used = await request_of(bot, "/imagine a fox --preset noir")
        assert [(FACE, 0.4)] == [(style.url, style.weight) for style in used.style_refs]


async def test_an_unknown_name_is_refused_with_the_nearest_one(engine: Open) -> None:
    async with engine(start=None) as bot:
        with pytest.raises(InvalidRequest, match="and none in this workspace"):
            await bot.ask("/imagine a fox --preset noir")
        await bot.learn(STYLE, by=BOSS)
        for text in ("/imagine a fox --preset nior", "/animate a fox --preset noir,nior"):
            with pytest.raises(InvalidRequest, match=r"no preset nior .*; did you mean noir\?"):
                await bot.ask(text)
        with pytest.raises(InvalidRequest, match="did you mean noir"):
            await bot.learn("/studio preset remove nior", by=BOSS)
        elsewhere = replace(BOB, workspace="chat:other", member="chat:other:bob")
        with pytest.raises(InvalidRequest, match="none in this workspace"):
            await bot.ask("/imagine a fox --preset noir", by=elsewhere)
        assert (
            await bot.service.quote(build(Imagine, {"prompt": "a fox", "preset": "noir"}), bot.invocation())
        ).price


async def test_rules_see_the_words_of_a_preset(engine: Open) -> None:
    async with engine(start=None) as bot:
        await bot.learn("/studio preset save style bloody covered in blood", by=BOSS)
        await bot.learn("/rules words add blood", by=BOSS)
        with pytest.raises(NotAllowed, match="“blood”"):
            await bot.ask("/imagine a fox --preset bloody")


async def test_only_admins_change_presets_and_the_audit_says_what_was_before(any_engine: Open) -> None:
    async with any_engine(start=None) as bot:
        for text in (STYLE, "/studio preset list", "/studio preset remove noir"):
            with pytest.raises(NotAllowed, match="Only an admin"):
                await bot.learn(text)
        await bot.learn(STYLE, by=BOSS)
        replaced = await bot.learn("/studio preset save style noir dark", by=replace(BOSS, name="Chief"))
        assert "It replaces what Boss had saved." in replaced.text
        listed = await bot.learn("/studio preset list", by=BOSS)
        assert (("noir", "style · dark · saved by Chief"),) == listed.fields
        assert ("Presets of this workspace", "noir") in (await bot.learn("/settings")).fields
        await bot.learn("/studio preset remove noir", by=BOSS)
        rows = await bot.rows("SELECT detail FROM audit WHERE action = 'studio preset' ORDER BY id")
        details = [orjson.loads(row["detail"]) for row in rows]
        assert ["black and white", "dark"] == [details[1][when]["text"] for when in ("before", "after")]
        assert "dark" == details[2]["before"]["text"]


async def test_a_workspace_has_room_for_fifty(engine: Open) -> None:
    async with engine(start=None) as bot:
        await bot.learn(STYLE, by=BOSS)
        await bot.change(
            "INSERT INTO preset (workspace, name, kind, text, pictures, makers, set_by, set_at) "
            "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 49) "
            "SELECT 'chat:home', 'p' || i, 'style', 'x', '[]', '[]', 'Boss', 0 FROM n"
        )
        with pytest.raises(InvalidRequest, match="50 presets at most"):
            await bot.learn("/studio preset save style one_more grain", by=BOSS)
        await bot.learn("/studio preset save style noir grain", by=BOSS)
        listed = await bot.learn("/studio preset list --page 3", by=BOSS)
        assert "Presets of this workspace (page 3 of 3)" == listed.title


async def test_presets_and_defaults_are_offered_while_typing(engine: Open) -> None:
    async with engine(start=None) as bot:
        await bot.learn(STYLE, by=BOSS)
        await bot.learn("/studio preset save prompt poster a poster of {subject}", by=BOSS)
        await bot.learn("/settings --aspect_ratio 9:16")

        async def offered(command: type, option: str, typed: str) -> list[tuple[str, str]]:
            found = await bot.service.autocomplete_option(command, option, typed, bot.invocation())
            return [(one.value, one.label) for one in found]

        assert [("noir", "noir · style"), ("poster", "poster · prompt")] == await offered(
            Imagine, "preset", ""
        )
        assert [("poster, noir", "poster, noir · style")] == await offered(Imagine, "preset", "poster, n")
        assert [("noir", "noir · style")] == await offered(StudioPreset, "preset", "no")
        assert [] == await offered(StudioPreset, "preset", "poster, n")
        assert ("9:16", "9:16 · default, yours") in await offered(Imagine, "aspect_ratio", "9")
        line = await bot.service.autocomplete_line("/imagine a fox --preset po", bot.invocation())
        assert ["/imagine a fox --preset poster "] == [one.text for one in line]
        (described,) = await bot.service.autocomplete_line("/imagine a fox --aspect", bot.invocation())
        assert "9:16 · yours" in described.description
