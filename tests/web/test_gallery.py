"""`/gallery/{token}`: a workspace's gallery for whoever holds a good link, and nothing else."""

import re
from html import unescape
from pathlib import Path

import httpx

from bot.domain.jobs.actions import Action
from bot.jobs.gallery_page import LASTING_MS, gallery_link
from tests.engine.harness import Engine, open_engine
from tests.engine.settings import ADA, BOB, BOSS, WORKSPACE

DAY_MS = 86_400_000


async def starred(bot: Engine, prompt: str) -> str:
    job = await bot.made(f"/imagine {prompt}")
    await bot.press(Action.GALLERY, job.id, by=BOB)
    return job.id


def titles(page: httpx.Response) -> list[str]:
    return [unescape(one) for one in re.findall("<p>(.*?)</p>", page.text)]


async def test_a_link_shows_the_gallery_and_does_no_harm(tmp_path: Path) -> None:
    async with open_engine(tmp_path, public_url="https://bot.example.org") as bot, bot.http() as http:
        await starred(bot, 'a <b>"fox"</b> & $friends')
        told = await bot.learn("/gallery", by=BOB)
        assert told.link.startswith("https://bot.example.org/gallery/")
        path = told.link.removeprefix("https://bot.example.org")
        page = await http.get(path)
        assert 200 == page.status_code
        assert ['a <b>"fox"</b> & $friends'] == titles(page)
        assert "<b>" not in page.text
        policy = page.headers["content-security-policy"]
        assert policy.startswith("default-src 'none'; img-src 'self'")
        assert ("script-src" in policy, "<script" in page.text) == (False, False)
        assert ("noindex", "no-referrer") == (page.headers["x-robots-tag"], page.headers["referrer-policy"])
        assert "no-store" in page.headers["cache-control"]
        (picture,) = re.findall('<img src="(/media/[^"]+)"', page.text)
        assert 200 == (await http.get(picture)).status_code
        assert f'<meta property="og:image" content="https://bot.example.org{picture}">' in page.text
        (full,) = re.findall('<a href="(/media/[^"]+/view)"', page.text)
        assert 200 == (await http.get(full)).status_code
        (style,) = re.findall('href="(page.css)"', page.text)
        assert "text/css" in (await http.get(f"/gallery/{style}")).headers["content-type"]


async def test_search_filter_and_pages_are_links_of_the_page(tmp_path: Path) -> None:
    async with open_engine(tmp_path) as bot, bot.http() as http:
        for number in range(2):
            await starred(bot, f"fox {number}")
        path = gallery_link(bot.services, WORKSPACE, lasts_ms=LASTING_MS)
        assert ["fox 1", "fox 0"] == titles(await http.get(path))
        assert ["fox 0"] == titles(await http.get(path, params={"q": "FOX 0"}))
        assert "Nothing here" in (await http.get(path, params={"kind": "video"})).text
        (first, second) = await bot.rows("SELECT id FROM gallery ORDER BY id")
        older = await http.get(path, params={"older": second["id"], "q": "fox"})
        assert ["fox 0"] == titles(older)
        (link,) = re.findall(r'<a href="(\?[^"]+)">◀ Newer', older.text)
        assert ["fox 1", "fox 0"] == titles(await http.get(path + unescape(link)))
        odd = {"older": "'; --", "kind": "x", "q": "\x00" * 500, "newer": first["id"][:-1]}
        assert 200 == (await http.get(path, params=odd)).status_code


async def test_a_bad_link_shows_nothing_and_an_age_gate_closes_the_page(tmp_path: Path) -> None:
    async with open_engine(tmp_path, public_url="https://bot.example.org") as bot, bot.http() as http:
        await starred(bot, "a fox")
        path = gallery_link(bot.services, WORKSPACE, lasts_ms=LASTING_MS)
        media = bot.services.signer.sign("media", WORKSPACE, expires_at=bot.clock.wall() + DAY_MS)
        other = gallery_link(bot.services, "chat:other", lasts_ms=LASTING_MS)
        for bad in (path[:-1], f"{path}x", f"/gallery/{media}", "/gallery/x"):
            answer = await http.get(bad)
            assert (403, "a fox" in answer.text) == (answer.status_code, False)
        assert "a fox" not in (await http.get(other)).text
        await bot.learn("/rules age channels", by=BOSS, place=bot.place(BOSS, age_restricted=True))
        gated = await http.get(path)
        assert (403, "age-restricted" in gated.text) == (gated.status_code, True)
        adults = bot.place(ADA, age_restricted=True)
        assert not (await bot.learn("/gallery", place=adults)).link
        bot.advance(LASTING_MS)
        assert "expired" in (await http.get(path)).text
