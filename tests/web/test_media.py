"""`/media/{token}`: pictures and videos for whoever holds a good link, and nothing else."""

import re
from pathlib import Path

import pytest

from tests.engine.harness import Engine, open_engine
from tests.media.videos import video

HOUR = 3_600_000
PNG = b"\x89PNG\r\n\x1a\n"


async def keep(engine: Engine, content: bytes = PNG + b"a fox") -> str:
    return (await engine.services.storage.put(content, mime="image/png", width=1, height=1)).file


def link(engine: Engine, file: str, *, purpose: str = "media", lasts: int = HOUR) -> str:
    return f"/media/{engine.services.signer.sign(purpose, file, expires_at=engine.clock.wall() + lasts)}"


@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_a_good_link_shows_the_picture_so_that_it_can_do_no_harm(tmp_path: Path, method: str) -> None:
    async with open_engine(tmp_path, start=None) as bot, bot.http() as http:
        answer = await http.request(method, link(bot, await keep(bot)))

        assert 200 == answer.status_code
        assert "image/png" == answer.headers["content-type"]
        assert "nosniff" == answer.headers["x-content-type-options"]
        assert "default-src 'none'; sandbox" == answer.headers["content-security-policy"]
        assert "no-referrer" == answer.headers["referrer-policy"]
        assert "private" in answer.headers["cache-control"]
        assert str(len(PNG + b"a fox")) == answer.headers["content-length"]
        assert (PNG + b"a fox" if method == "GET" else b"") == answer.content


@pytest.mark.parametrize(
    ("beginning", "mime"),
    [
        (b"\xff\xd8\xff\xe0", "image/jpeg"),
        (PNG, "image/png"),
        (b"GIF89a", "image/gif"),
        (b"RIFF....WEBPVP8 ", "image/webp"),
        (b"\0\0\0\x1cftypavif", "image/avif"),
        (b"\0\0\0\x20ftypisom", "video/mp4"),
        (b"\0\0\0\x14ftypqt  ", "video/quicktime"),
        (b"\x1a\x45\xdf\xa3\x9f\x42\x82\x84webm", "video/webm"),
    ],
)
async def test_the_type_is_that_of_the_content(tmp_path: Path, beginning: bytes, mime: str) -> None:
    async with open_engine(tmp_path, start=None) as bot, bot.http() as http:
        answer = await http.get(link(bot, await keep(bot, beginning + b"...")))
        assert (200, mime) == (answer.status_code, answer.headers["content-type"])


@pytest.mark.parametrize(
    "content",
    [
        b"<html><script>",
        b"<svg xmlns='...'>",
        b"",
        b"%PDF-1.7",
        b"RIFF....WAVEfmt ",
        b"\x1a\x45\xdf\xa3\x9f\x42\x82\x88matroska",
    ],
)
@pytest.mark.parametrize("page", ["", "/view", "/still"])
async def test_what_is_no_medium_is_not_served(tmp_path: Path, content: bytes, page: str) -> None:
    """Least of all as HTML: whatever lies there, it does not reach a browser."""
    async with open_engine(tmp_path, start=None) as bot, bot.http() as http:
        answer = await http.get(link(bot, await keep(bot, content)) + page)
        assert 410 == answer.status_code
        assert "text/plain; charset=utf-8" == answer.headers["content-type"]
        assert "nosniff" == answer.headers["x-content-type-options"]
        assert "This file is no longer available." == answer.text


@pytest.mark.parametrize(
    ("wanted", "status", "part", "told"),
    [
        ("bytes=0-1", 206, slice(0, 2), "bytes 0-1/{size}"),
        ("bytes=100-199", 206, slice(100, 200), "bytes 100-199/{size}"),
        ("bytes=100-", 206, slice(100, None), "bytes 100-{last}/{size}"),
        ("bytes=-10", 206, slice(-10, None), "bytes {tail}-{last}/{size}"),
        ("bytes=0-999999999", 206, slice(0, None), "bytes 0-{last}/{size}"),
        ("bytes=999999999-", 416, slice(0, 0), "bytes */{size}"),
    ],
)
async def test_a_player_gets_the_part_that_it_asks_for(
    tmp_path: Path, wanted: str, status: int, part: slice, told: str
) -> None:
    content = video(tmp_path / "a").read_bytes()
    numbers = {"size": len(content), "last": len(content) - 1, "tail": len(content) - 10}
    async with open_engine(tmp_path, start=None) as bot, bot.http() as http:
        answer = await http.get(link(bot, await keep(bot, content)), headers={"Range": wanted})
        assert (status, told.format(**numbers)) == (answer.status_code, answer.headers["content-range"])
        assert content[part] == answer.content
        if status == 206:
            assert "video/mp4" == answer.headers["content-type"]
            assert "nosniff" == answer.headers["x-content-type-options"]


async def test_a_player_is_told_that_it_may_ask_for_parts(tmp_path: Path) -> None:
    content = video(tmp_path / "a").read_bytes()
    async with open_engine(tmp_path, start=None) as bot, bot.http() as http:
        answer = await http.head(link(bot, await keep(bot, content)))
        assert ("bytes", str(len(content))) == (
            answer.headers["accept-ranges"],
            answer.headers["content-length"],
        )


async def test_a_link_leads_to_a_rendition(tmp_path: Path) -> None:
    async with open_engine(tmp_path, start=None) as bot, bot.http() as http:
        file = await keep(bot)
        (tmp_path / "small").write_bytes(b"\xff\xd8\xff\xe0 small")
        rendition = await bot.services.storage.put_rendition(file, "fit-1000", tmp_path / "small")
        answer = await http.get(link(bot, rendition))
        assert (b"\xff\xd8\xff\xe0 small", "image/jpeg") == (answer.content, answer.headers["content-type"])
        assert 410 == (await http.get(link(bot, f"{file}.fit-2000"))).status_code


async def test_the_page_of_a_video_plays_it(tmp_path: Path) -> None:
    async with open_engine(tmp_path, start=None) as bot, bot.http() as http:
        url = link(bot, file := await keep(bot, video(tmp_path / "a").read_bytes()))
        (tmp_path / "still").write_bytes(b"\xff\xd8\xff\xe0 still")
        await bot.services.storage.put_rendition(file, "still", tmp_path / "still")
        page = await http.get(f"{url}/view")

        assert (200, "text/html; charset=utf-8") == (page.status_code, page.headers["content-type"])
        assert "<title>Video · Reverie</title>" in page.text
        (player,) = re.findall("<video (.*?)>", page.text)
        assert {"controls", "loop", "playsinline", 'poster="still"'} <= set(player.split())
        (source,) = re.findall('src="(.*?)"', player)
        assert "video/mp4" == (await http.get(page.url.join(source))).headers["content-type"]
        assert b"\xff\xd8\xff\xe0 still" == (await http.get(page.url.join("still"))).content
        (saved,) = re.findall('<a href="(.*?)" download>', page.text)
        download = await http.get(page.url.join(saved))
        assert f'attachment; filename="reverie-{file[:8]}.mp4"' == download.headers["content-disposition"]
        assert {
            "og:site_name": "Reverie",
            "og:title": "Video · Reverie",
            "og:type": "video.other",
            "og:image": f"http://127.0.0.1{url}/still",
            "og:video": f"http://127.0.0.1{url}",
            "og:video:type": "video/mp4",
            "twitter:card": "summary_large_image",
        } == dict(re.findall('<meta (?:property|name)="([a-z_]+:.*?)" content="(.*?)">', page.text))


async def test_the_page_of_a_picture_shows_it(tmp_path: Path) -> None:
    origin = "https://bot.example"
    async with open_engine(tmp_path, start=None, public_url=origin) as bot, bot.http() as http:
        url = link(bot, file := await keep(bot))
        page = await http.get(f"{url}/view")
        assert f'<meta property="og:image" content="{origin}{url}">' in page.text
        assert "content-disposition" not in (await http.get(url)).headers
        assert "<title>Picture · Reverie</title>" in page.text
        ((source, alt),) = re.findall('<img src="(.*?)" alt="(.+?)">', page.text)
        assert "image/png" == (await http.get(page.url.join(source))).headers["content-type"]
        assert alt
        download = await http.get(f"{url}?download")
        assert f'attachment; filename="reverie-{file[:8]}.png"' == download.headers["content-disposition"]


async def test_the_page_runs_nothing(tmp_path: Path) -> None:
    """No script, no style of its own, and no other site may be asked or may frame it."""
    async with open_engine(tmp_path, start=None) as bot, bot.http() as http:
        page = await http.get(link(bot, await keep(bot)) + "/view")
        policy = page.headers["content-security-policy"].split("; ")
        assert "default-src 'none'" == policy[0]
        assert not any(word in " ".join(policy) for word in ("unsafe", "http", "data:", "*"))
        assert "frame-ancestors 'none'" in policy
        loaded = re.sub("<meta .*?>", "", page.text)
        assert not re.search(r"<script|<style|style=|\son[a-z]+=|https?:", loaded)
        assert "http-equiv" not in page.text
        (sheet,) = re.findall('<link rel="stylesheet" href="(.*?)">', page.text)
        style = await http.get(page.url.join(sheet))
        assert (200, "text/css; charset=utf-8") == (style.status_code, style.headers["content-type"])
        assert "no-store" in page.headers["cache-control"]


@pytest.mark.parametrize("page", ["/view", "/still"])
async def test_the_page_ends_with_its_link(tmp_path: Path, page: str) -> None:
    async with open_engine(tmp_path, start=None) as bot, bot.http() as http:
        url = link(bot, await keep(bot))
        assert 404 == (await http.get(f"{url}x{page}")).status_code
        bot.clock.wall_ahead += HOUR
        assert 404 == (await http.get(url + page)).status_code


async def test_a_link_ends(tmp_path: Path) -> None:
    async with open_engine(tmp_path, start=None) as bot, bot.http() as http:
        url = link(bot, await keep(bot))
        bot.clock.wall_ahead += HOUR - 1_000
        assert 200 == (await http.get(url)).status_code
        bot.clock.wall_ahead += 1_000
        assert 404 == (await http.get(url)).status_code


async def test_a_token_for_something_else_opens_nothing(tmp_path: Path) -> None:
    async with open_engine(tmp_path, start=None) as bot, bot.http() as http:
        assert 404 == (await http.get(link(bot, await keep(bot), purpose="callback"))).status_code


async def test_a_forged_token_opens_nothing(tmp_path: Path) -> None:
    async with open_engine(tmp_path, start=None) as bot, bot.http() as http:
        good, other = link(bot, await keep(bot)), link(bot, "0" * 64)
        payload, end, mac = good.removeprefix("/media/").split(".")
        forged = [
            f"{payload}.{end}",
            f"{payload}.{end}.",
            f"{payload}.{end}.{mac[:-1]}{'a' if mac[-1] != 'a' else 'b'}",
            f"{payload}.zzzzzzzzz.{mac}",
            f"{other.removeprefix('/media/').split('.')[0]}.{end}.{mac}",
            f"{good.removeprefix('/media/').upper()}",
            "a",
            "..",
            "ä.ö.ü",
        ]
        for token in forged:
            assert 404 == (await http.get(f"/media/{token}")).status_code, token


async def test_a_picture_that_is_gone_is_gone(tmp_path: Path) -> None:
    async with open_engine(tmp_path, start=None) as bot, bot.http() as http:
        assert 410 == (await http.get(link(bot, "0" * 64))).status_code
        assert 410 == (await http.get(link(bot, "../../secret"))).status_code
        assert 410 == (await http.get(link(bot, "0" * 64) + "/view")).status_code


async def test_a_link_only_reads(tmp_path: Path) -> None:
    async with open_engine(tmp_path, start=None) as bot, bot.http() as http:
        url = link(bot, await keep(bot))
        for method in ("POST", "PUT", "DELETE"):
            assert 405 == (await http.request(method, url)).status_code


async def test_a_file_that_our_disk_does_not_give_is_not_called_gone(tmp_path: Path) -> None:
    """The provider, who reads what a job builds on here, is to ask again."""
    async with open_engine(tmp_path, start=None) as bot, bot.http() as http:
        file = "0" * 64
        # A folder in its place cannot be read as a file, as little as one on a disk that fails.
        bot.folder.path(file).mkdir(parents=True)
        assert 503 == (await http.get(link(bot, file))).status_code
        assert 503 == (await http.get(link(bot, file) + "/view")).status_code


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        ("bytes=0-3", 206),
        ("bytes=-4", 206),
        ("bytes=4-", 206),
        ("bytes=0-0,2-3", 206),
        ("bytes=99999999999999999999-", 416),
        ("bytes=" + "9" * 5000 + "-", 400),
        ("bytes=-" + "9" * 400, 206),
        ("bytes=3-1", 400),
        ("bytes=-0", 416),
        ("bytes=-1-2", 400),
        ("bytes=NaN-", 400),
        ("bytes=1.5-2", 400),
        ("bytes=\u00b2-", 400),
        ("bytes=", 400),
        ("items=0-1", 400),
        ("bytes=" + ",".join(["0-0"] * 500), 200),
    ],
)
async def test_odd_ranges_are_no_error_of_ours(tmp_path: Path, asked: str, status: int) -> None:
    async with open_engine(tmp_path, start=None) as bot, bot.http() as http:
        headers = {b"Range": asked.encode("latin-1")}
        answer = await http.get(link(bot, await keep(bot)), headers=headers)
        assert status == answer.status_code


async def test_what_is_no_file_is_gone(tmp_path: Path) -> None:
    async with open_engine(tmp_path, start=None) as bot, bot.http() as http:
        file = await keep(bot)
        path = bot.folder.path(file)
        path.unlink()
        path.mkdir()
        assert (await http.get(link(bot, file))).status_code in (410, 503)
