"""`/media/{token}`: pictures for whoever holds a good link, and nothing else."""

from pathlib import Path

import pytest

from tests.engine.house import House, open_house

HOUR = 3_600_000
PNG = b"\x89PNG\r\n\x1a\n"


async def keep(house: House, content: bytes = PNG + b"a fox") -> str:
    return (await house.core.storage.put(content, mime="image/png", width=1, height=1)).id


def link(house: House, file: str, *, purpose: str = "media", lasts: int = HOUR) -> str:
    return f"/media/{house.core.signer.sign(purpose, file, expires_at=house.clock.wall() + lasts)}"


@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_a_good_link_shows_the_picture_so_that_it_can_do_no_harm(tmp_path: Path, method: str) -> None:
    async with open_house(tmp_path, start=None) as home, home.http() as http:
        answer = await http.request(method, link(home, await keep(home)))

        assert 200 == answer.status_code
        assert "image/png" == answer.headers["content-type"]
        assert "nosniff" == answer.headers["x-content-type-options"]
        assert "default-src 'none'; sandbox" == answer.headers["content-security-policy"]
        assert "no-referrer" == answer.headers["referrer-policy"]
        assert "private" in answer.headers["cache-control"]
        assert str(len(PNG + b"a fox")) == answer.headers["content-length"]
        assert (PNG + b"a fox" if method == "GET" else b"") == answer.content


@pytest.mark.parametrize(
    ("beginning", "mime"), [(b"\xff\xd8\xff\xe0", "image/jpeg"), (PNG, "image/png"), (b"GIF89a", "image/gif")]
)
async def test_the_type_is_that_of_the_content(tmp_path: Path, beginning: bytes, mime: str) -> None:
    async with open_house(tmp_path, start=None) as home, home.http() as http:
        answer = await http.get(link(home, await keep(home, beginning + b"...")))
        assert (200, mime) == (answer.status_code, answer.headers["content-type"])


@pytest.mark.parametrize("content", [b"<html><script>", b"<svg xmlns='...'>", b""])
async def test_what_is_no_picture_is_not_served(tmp_path: Path, content: bytes) -> None:
    async with open_house(tmp_path, start=None) as home, home.http() as http:
        assert 410 == (await http.get(link(home, await keep(home, content)))).status_code


async def test_a_link_ends(tmp_path: Path) -> None:
    async with open_house(tmp_path, start=None) as home, home.http() as http:
        url = link(home, await keep(home))
        home.clock.wall_ahead += HOUR - 1_000
        assert 200 == (await http.get(url)).status_code
        home.clock.wall_ahead += 1_000
        assert 404 == (await http.get(url)).status_code


async def test_a_token_for_something_else_opens_nothing(tmp_path: Path) -> None:
    async with open_house(tmp_path, start=None) as home, home.http() as http:
        assert 404 == (await http.get(link(home, await keep(home), purpose="callback"))).status_code


async def test_a_forged_token_opens_nothing(tmp_path: Path) -> None:
    async with open_house(tmp_path, start=None) as home, home.http() as http:
        good, other = link(home, await keep(home)), link(home, "0" * 64)
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
    async with open_house(tmp_path, start=None) as home, home.http() as http:
        assert 410 == (await http.get(link(home, "0" * 64))).status_code
        assert 410 == (await http.get(link(home, "../../secret"))).status_code


async def test_a_link_only_reads(tmp_path: Path) -> None:
    async with open_house(tmp_path, start=None) as home, home.http() as http:
        url = link(home, await keep(home))
        for method in ("POST", "PUT", "DELETE"):
            assert 405 == (await http.request(method, url)).status_code
