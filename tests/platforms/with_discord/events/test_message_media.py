"""Finds the pictures and videos of a message, whatever the sender's client calls them."""

from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from adapters.discord.events.message_media import find_media, media_kind
from adapters.discord.events.message_menu import MenuEntry
from bot.domain.generations.media import MediaKind
from tests.media.pictures import picture
from tests.platforms.fake_discord import FakeDiscord, Upload
from tests.platforms.fake_discord.state.message_payloads import message_json
from tests.platforms.fake_discord.transport.contracts import response_body
from tests.platforms.with_discord.bot_env import open_bot_env
from tests.platforms.with_discord.readers import private

CDN = "https://cdn.discordapp.com/attachments/1/2"
EMPTY: dict[str, Any] = {"attachments": [], "embeds": []}


def attached(url: str, content_type: str | None, **more: Any) -> dict[str, Any]:
    return {"url": url, "content_type": content_type, **more}


def unfurled(url: str, **more: Any) -> dict[str, Any]:
    """A media item of a component as Discord answers it."""
    return {"id": "9", "url": url, "proxy_url": url, "width": 4, "height": 4} | more


#: one container with every component that shows media, beside others
COMPONENTS: list[dict[str, Any]] = [
    {"type": 10, "id": 1, "content": "three hills"},
    {
        "type": 17,
        "id": 2,
        "accent_color": None,
        "spoiler": False,
        "components": [
            {
                "type": 9,
                "id": 3,
                "components": [{"type": 10, "id": 4, "content": "one"}],
                "accessory": {
                    "type": 11,
                    "id": 5,
                    "media": unfurled(f"{CDN}/thumb.png", content_type="image/png"),
                    "description": None,
                    "spoiler": False,
                },
            },
            {
                "type": 12,
                "id": 6,
                "items": [
                    {
                        "media": unfurled(f"{CDN}/one.jpg", content_type="image/jpg"),
                        "description": None,
                        "spoiler": False,
                    },
                    {
                        "media": unfurled("https://a.example/two.mp4", content_type=None),
                        "description": "a film",
                        "spoiler": True,
                    },
                ],
            },
            {"type": 14, "id": 7, "divider": True, "spacing": 1},
            {
                "type": 13,
                "id": 8,
                "file": unfurled(f"{CDN}/three", content_type="application/octet-stream"),
                "name": "three.heic",
                "size": 7,
                "spoiler": False,
            },
            {
                "type": 13,
                "id": 9,
                "file": unfurled(f"{CDN}/notes.txt", content_type="text/plain"),
                "name": "notes.txt",
                "size": 7,
                "spoiler": False,
            },
        ],
    },
]
SHOWN = [
    (f"{CDN}/thumb.png", "picture"),
    (f"{CDN}/one.jpg", "picture"),
    ("https://a.example/two.mp4", "video"),
    (f"{CDN}/three", "picture"),
]


def shown(message: dict[str, Any]) -> list[tuple[str, str]]:
    return [(one.url or "", one.kind.value) for one in find_media(message)]


def test_every_picture_and_video_of_a_message_is_found_once() -> None:
    """Text files and pages of players are no media; an embed's thumbnail counts as its picture."""
    message = {
        "attachments": [
            attached(f"{CDN}/a.png?ex=1", "image/png"),
            attached(f"{CDN}/b.txt", "text/plain; charset=utf-8"),
            attached(f"{CDN}/c.mp4", "video/mp4"),
        ],
        "embeds": [
            {"image": {"url": "https://a.example/1.png"}, "thumbnail": {"url": "https://a.example/s.png"}},
            {"thumbnail": {"url": "http://a.example/2.png"}},
            {"video": {"url": "https://a.example/player"}, "thumbnail": {"url": "https://a.example/3.jpg"}},
            {"video": {"url": "https://a.example/4.mp4"}, "thumbnail": {"url": "https://a.example/4.jpg"}},
            {"image": {"url": f"{CDN}/a.png?ex=2"}},
            {"image": {"url": "https://a.example/" + "x" * 2000}},
        ],
        "message_snapshots": [{"message": {"attachments": [attached(f"{CDN}/e.webp", "image/webp")]}}],
    }
    found = [(one.url, one.kind.value, one.via) for one in find_media(message)]
    assert [
        (f"{CDN}/a.png?ex=1", "picture", "discord"),
        (f"{CDN}/c.mp4", "video", "discord"),
        ("https://a.example/1.png", "picture", ""),
        ("https://a.example/3.jpg", "picture", ""),
        ("https://a.example/4.mp4", "video", ""),
        (f"{CDN}/e.webp", "picture", "discord"),
    ] == found
    assert [] == find_media(EMPTY)
    assert MediaKind.VIDEO is find_media(message)[1].kind


def test_components_show_pictures_too_also_in_what_is_forwarded() -> None:
    assert shown(EMPTY | {"components": COMPONENTS}) == SHOWN
    assert shown(EMPTY | {"message_snapshots": [{"message": {"components": COMPONENTS}}]}) == SHOWN
    nothing = [{"type": 11, "media": None}, {"type": 12, "items": None}, {"type": 13}, None, {"type": None}]
    assert [] == shown(EMPTY | {"components": nothing, "message_snapshots": [{"message": None}]})


async def test_these_components_are_as_discord_documents_them(fake: FakeDiscord) -> None:
    schema = response_body("/channels/{channel_id}/messages/{message_id}", "get", 200)
    if schema is None:
        pytest.skip("the published contract is not at hand")
    message = message_json(fake.member(fake.guild("Film club"), "ada").write("look"), fake.world)
    assert [] == list(schema.errors(message | {"components": COMPONENTS}))


@pytest.mark.parametrize(
    ("mime", "name", "hints", "kind"),
    [
        ("image/jpg", "a", {}, MediaKind.PICTURE),
        ("IMAGE/PJPEG; q=1", "a", {}, MediaKind.PICTURE),
        ("image/apng", "a", {}, MediaKind.PICTURE),
        ("video/3gpp", "a.3gp", {"sized": True}, MediaKind.VIDEO),
        ("video/avi", "a", {}, MediaKind.VIDEO),
        ("video/x-msvideo", "a", {}, MediaKind.VIDEO),
        ("video/matroska", "a", {}, MediaKind.VIDEO),
        (None, "a.3gp", {"sized": True}, MediaKind.VIDEO),
        ("application/octet-stream", "a.HEIC", {}, MediaKind.PICTURE),
        ("application/octet-stream", "a.mov", {}, MediaKind.VIDEO),
        ("application/octet-stream", "a.zip", {}, None),
        ("application/octet-stream", "a.zip", {"sized": True}, MediaKind.PICTURE),
        (None, "a", {}, MediaKind.PICTURE),
        (None, "a", {"timed": True}, MediaKind.VIDEO),
        (None, "a.txt", {}, None),
        (None, "a.mkv", {}, MediaKind.VIDEO),
        ("text/plain", "a.png", {"sized": True}, None),
        ("image/svg+xml", "a.svg", {}, None),
        ("audio/mpeg", "a.mp3", {"timed": True}, None),
    ],
)
def test_a_file_name_is_a_hint(
    mime: str | None, name: str, hints: dict[str, bool], kind: MediaKind | None
) -> None:
    assert kind is media_kind(mime, name, **hints)


def test_links_to_attachments_are_found_in_the_content() -> None:
    """Discord unfurls no expired link, but the file may exist."""
    text = f"see <{CDN}/a.png?ex=1&is=1&hm=1> and ({CDN}/b.mp4), {CDN}/c.txt https://a.example/d.png"
    assert [(f"{CDN}/a.png?ex=1&is=1&hm=1", "picture"), (f"{CDN}/b.mp4", "video")] == shown(
        EMPTY | {"content": text}
    )


async def test_a_pasted_attachment_link_is_renewed(
    tmp_path: Path, fake: FakeDiscord, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Typed into an option, and in a message whose context menu is used."""
    monkeypatch.setenv("SSL_CERT_FILE", str(fake.certificates.authority))
    async with fake.proxy() as proxy, open_bot_env(tmp_path, fake, https_proxy=proxy.url) as env:
        sent = [
            env.ada.write(
                "hills", Upload(filename=f"hills{number}.png", content=picture(size=(64 + number, 64)))
            )
            for number in range(3)
        ]
        ended, unsigned, written = (
            fake.world.files.address(one.attachments[0]).partition("?")[0] for one in sent
        )
        ended, written = f"{ended}?ex=65000000&is=64000000&hm=00", f"{written}?ex=7fffffff"
        await env.done(env.ada.slash("imagine", prompt="a fox", image_from=f"{ended}@0.5"))
        await env.done(env.ada.slash("imagine", prompt="a fox", image_from=unsigned))
        linking = env.ada.write(f"look at {written}")
        asked = await private(env.ada.use_on(linking, MenuEntry.ANIMATE))
        start = next(label for part in asked.parts() if "Start" in (label := str(part.get("label"))))
        await env.done(env.ada.press(asked, start))
        for one in sent:
            assert await env.context.library.size(sha256(one.attachments[0].content).hexdigest())
        assert 3 == len(fake.requests("POST *refresh-urls"))
