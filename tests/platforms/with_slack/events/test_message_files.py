"""Pictures and videos of messages: uploaded, forwarded, or shown in blocks."""

from pathlib import Path
from typing import Any

import pytest

from adapters.slack.messages.message_files import files_in, is_incomplete, media_in, media_kind
from bot.domain.generations.media import MediaKind
from tests.platforms.with_slack.bot_harness import medium, run_bot, words

_AT = "https://files.slack.com/files-pri/T1-F1/"


def _file(name: str = "a.png", **told: Any) -> dict[str, Any]:
    return {"id": "F1", "name": name, "mimetype": "image/png", "size": 9, "url_private": _AT + name, **told}


@pytest.mark.parametrize(
    ("told", "kind"),
    [
        ({"mimetype": "image/png"}, MediaKind.PICTURE),
        ({"mimetype": "video/mp4", "name": "a"}, MediaKind.VIDEO),
        ({"mimetype": None, "name": "a.PNG"}, MediaKind.PICTURE),
        ({"mimetype": "", "name": None, "filetype": "mov"}, MediaKind.VIDEO),
        ({"mimetype": "application/octet-stream", "name": "a.jpg"}, MediaKind.PICTURE),
        ({"name": None, "url_private": f"{_AT}a.mp4?x=1"}, MediaKind.VIDEO),
        ({"mimetype": "application/pdf", "name": "a.png"}, None),
        ({"name": "a.pdf", "filetype": "binary"}, None),
        ({"mimetype": "image/jpg"}, MediaKind.PICTURE),
        ({"mimetype": "Image/PJPEG; q=1"}, MediaKind.PICTURE),
        ({"mimetype": "image/apng"}, MediaKind.PICTURE),
        ({"mimetype": "video/3gpp"}, MediaKind.VIDEO),
        ({"mimetype": "application/octet-stream", "name": "a.avif"}, MediaKind.PICTURE),
        ({"mimetype": "application/octet-stream", "name": "a.3gp"}, MediaKind.VIDEO),
        ({"mimetype": "binary/octet-stream", "name": "photo", "filetype": "binary"}, MediaKind.PICTURE),
        ({"mimetype": "application/octet-stream", "name": "a.zip"}, None),
        ({"mimetype": "image/svg+xml", "name": "a.svg"}, None),
        ({}, None),
    ],
)
def test_the_kind_of_a_file_comes_from_its_type_or_name(told: dict[str, Any], kind: MediaKind | None) -> None:
    assert kind is media_kind(told)


@pytest.mark.parametrize(
    ("message", "found"),
    [
        ({"files": [_file()]}, [f"{_AT}a.png"]),
        ({"files": None, "attachments": [{"files": [_file("b.png")]}]}, [f"{_AT}b.png"]),
        ({"files": [_file()], "attachments": [{"files": [_file()]}]}, [f"{_AT}a.png"]),
        ({"blocks": [{"type": "image", "slack_file": {"url": f"{_AT}c.png"}}]}, [f"{_AT}c.png"]),
        ({"blocks": [{"type": "image", "image_url": "https://a.example/x"}]}, ["https://a.example/x"]),
        (
            {
                "blocks": [
                    {"type": "section", "accessory": {"type": "image", "image_url": "https://a.example/y"}}
                ]
            },
            ["https://a.example/y"],
        ),
        (
            {
                "attachments": [
                    {
                        "image_url": "https://a.example/z",
                        "blocks": None,
                        "message_blocks": [
                            {"message": {"blocks": [{"type": "image", "image_url": "https://a.example/w"}]}},
                            {"message": None},
                        ],
                    }
                ]
            },
            ["https://a.example/z", "https://a.example/w"],
        ),
        ({"files": [None, 5], "blocks": "x", "attachments": [None, {"files": {}}]}, []),
        ({"files": [_file("a.pdf", mimetype="application/pdf")]}, []),
    ],
)
def test_every_file_in_a_message_is_found_once(message: dict[str, Any], found: list[str]) -> None:
    assert found == [one.url for one in media_in(files_in(message))]


def test_a_file_with_only_an_id_is_incomplete() -> None:
    (named,) = files_in({"blocks": [{"type": "image", "slack_file": {"id": "F1"}}]})

    assert is_incomplete(named)
    assert is_incomplete({"id": "F1", "file_access": "check_file_info"})
    assert is_incomplete({"id": "F1", "url_private": f"{_AT}download"})
    assert not is_incomplete(_file(mimetype=None))


async def test_shortcuts_and_mentions_use_forwarded_and_embedded_files(tmp_path: Path) -> None:
    async with run_bot(tmp_path) as bot:
        video, picture = bot.boss.file("a.mp4", b"x" * 9), bot.boss.file("b.png", b"x" * 9)
        message = bot.boss.write("look", video, picture)
        shared = bot.boss.forward(message, "seen?")
        reframing = await bot.ada.use_on(shared, "Reframe").view()
        shown = bot.boss.write("here")
        shown.blocks = [{"type": "image", "slack_file": {"id": picture.id}, "alt_text": "", "block_id": "b"}]
        varying = await bot.ada.use_on(shown, "Variation").view()
        bot.ada.at(bot.boss.write("and now?")).forward(
            bot.boss.write("it", picture), "imagine like this", to_bot=True
        )
        card = await bot.slack.message_in(bot.general, lambda one: "like this" in one.text)
        asked = [one for one in bot.slack.requests("files.info") if one.arguments["file"] == picture.id]

    assert ["1 · video", "2 · picture"] == medium(reframing)
    assert ["1 · picture"] == medium(varying)
    assert card.in_thread
    assert asked


async def test_a_file_that_slack_refuses_is_reported(tmp_path: Path) -> None:
    async with run_bot(tmp_path) as bot:
        shown = bot.boss.write("here")
        shown.blocks = [{"type": "image", "slack_file": {"id": "F0GONE"}, "alt_text": "", "block_id": "b"}]
        told = await bot.ada.use_on(shown, "Variation").response()

    assert "refuses this file" in words(told)
