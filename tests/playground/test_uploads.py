"""Uploads: stored once, named by tokens, refused with the remedy."""

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from http import HTTPStatus
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import Message

from adapters.playground.events.requests import RequestContext
from adapters.playground.events.uploads import LARGEST, Uploads
from bot.domain.errors import InvalidRequest, MediaUnavailable
from tests.patience import PATIENCE_S, until
from tests.playground.live_cards import ADA, GRACE
from tests.playground.page_requests import command, fill, seen, upload
from tests.playground.sample_media import picture, video
from tests.playground.serving import Served, serve

HILLS = picture(320, 240, kind="PNG")
ADA_CONTEXT, GRACE_CONTEXT = RequestContext.of(ADA), RequestContext.of(GRACE)


def test_the_documented_proxy_lets_the_largest_file_through() -> None:
    text = (Path(__file__).parents[2] / "docs" / "security.md").read_text()
    (megabytes,) = re.findall(r"client_max_body_size (\d+)m;", text)
    assert int(megabytes) << 20 >= LARGEST


async def test_an_uploaded_picture_is_described_and_gets_a_token(served: Served) -> None:
    status, found = await upload(served, "ada", HILLS, "Hügel – Abend.png")
    assert status == HTTPStatus.OK
    expected = {"name": "Hügel – Abend.png", "kind": "picture", "width": 320, "height": 240}
    assert expected == {name: found[name] for name in expected}
    async with served.client() as client:
        assert (await client.get(found["still"])).content == HILLS
    assert left_in(served.core.incoming) == []


async def test_an_uploaded_video_has_a_length_and_a_poster(served: Served) -> None:
    _, found = await upload(served, "ada", video(320, 240, duration_ms=2000), "moon.webm")
    assert (found["kind"], found["duration_ms"]) == ("video", 2000)
    assert found["still"] != found["src"]


async def test_a_typed_command_uses_the_attached_files(served: Served) -> None:
    _, found = await upload(served, "ada", HILLS)
    await command(served, "ada", "/animate the moon rises", files=[found["token"]])
    request = (await served.core.newest()).request
    assert [(320, 240)] == [(one.file.width, one.file.height) for one in request.references if one.file]
    said = (await seen(served, "grace", "said"))[0]
    assert [("hills.png", "picture")] == [(file["name"], file["kind"]) for file in said["files"]]
    assert "file" not in said["files"][0]


async def test_a_form_field_uses_a_file_with_its_influence(served: Served) -> None:
    _, found = await upload(served, "ada", HILLS)
    value = [{"file": found["token"], "weight": 0.4}]
    await fill(served, "ada", "imagine", prompt="a fox", image=value, count=2)
    reference = (await served.core.newest()).request.references[0]
    assert reference.file is not None
    assert (reference.file.width, reference.weight) == (320, 0.4)
    assert (await seen(served, "ada", "said"))[0]["text"] == "/imagine a fox --count 2"


async def test_only_its_person_can_use_a_token(served: Served) -> None:
    _, found = await upload(served, "ada", HILLS)
    answer = await command(served, "grace", "/animate", files=[found["token"]])
    assert answer["refused"]
    assert "Add it again" in answer["messages"][0]["text"]
    assert answer["messages"][0]["files"] == []


async def test_a_token_expires_after_an_hour(served: Served) -> None:
    _, found = await upload(served, "ada", HILLS)
    served.core.engine.advance(3_600_000)
    answer = await command(served, "ada", "/animate", files=[found["token"]])
    assert "Add it again" in answer["messages"][0]["text"]


async def test_more_files_than_a_command_takes_are_refused(served: Served) -> None:
    tokens = [(await upload(served, "ada", HILLS))[1]["token"] for _ in range(3)]
    answer = await command(served, "ada", "/animate the moon rises", files=tokens)
    assert answer["messages"][0]["text"].endswith("of these 3 files; send fewer")


async def test_two_uploads_of_one_file_at_once_are_one_file(served: Served) -> None:
    found = await asyncio.gather(*(upload(served, "ada", HILLS) for _ in range(2)))
    sources = {urlsplit(answer["src"]).path.partition(".")[0] for _, answer in found}
    assert len(sources) == 1
    assert left_in(served.core.incoming) == []


async def test_a_text_file_named_as_a_picture_is_refused(served: Served) -> None:
    status, answer = await upload(served, "ada", b"just words", "words.png")
    assert status == HTTPStatus.UNPROCESSABLE_ENTITY
    assert answer["error"].startswith("This is neither a picture nor a video")
    assert left_in(served.core.incoming) == []


async def test_an_empty_file_is_refused(served: Served) -> None:
    status, answer = await upload(served, "ada", b"")
    assert (status, answer["error"]) == (HTTPStatus.UNPROCESSABLE_ENTITY, "This file is empty")


async def test_a_file_that_is_too_large_is_refused_before_its_body(served: Served) -> None:
    """Only the head of the request is sent: the response must not wait for a body."""
    host = served.url.removeprefix("http://")
    head = (
        f"POST /playground/upload?me=ada HTTP/1.1\r\nHost: {host}\r\nOrigin: {served.url}\r\n"
        f"Content-Type: application/octet-stream\r\nContent-Length: {LARGEST + 1}\r\n\r\n"
    )
    async with asyncio.timeout(PATIENCE_S):
        reader, writer = await asyncio.open_connection(*host.split(":"))
        writer.write(head.encode())
        assert b"413" in await reader.readline()
        assert b"larger than 100 MB. Make it smaller" in await reader.readuntil(b"}")
        writer.close()
        await writer.wait_closed()


def body(*pieces: bytes) -> Callable[[], Awaitable[Message]]:
    waiting = [
        {"type": "http.request", "body": piece, "more_body": index < len(pieces) - 1}
        for index, piece in enumerate(pieces)
    ]

    async def receive() -> Message:
        return waiting.pop(0) if waiting else {"type": "http.disconnect"}

    return receive


def left_in(folder: Path) -> list[Path]:
    return list(folder.iterdir()) if folder.exists() else []


def receiving(served: Served, incoming: Path | None = None) -> Uploads:
    context = served.core.context()
    return Uploads(
        service=context.service,
        incoming=incoming or served.core.incoming,
        signer=context.signer,
        clock=context.clock,
        hold_ms=1_000_000,
        largest=1000,
    )


def request(*pieces: bytes, **headers: str) -> Request:
    raw = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return Request({"type": "http", "headers": raw}, body(*pieces))


async def test_a_body_without_a_length_is_stopped_at_the_limit(served: Served) -> None:
    with pytest.raises(HTTPException) as caught:
        await receiving(served).receive(request(b"x" * 600, b"x" * 600), ADA_CONTEXT)
    assert caught.value.status_code == HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    assert left_in(served.core.incoming) == []


async def test_an_interrupted_upload_leaves_nothing(served: Served) -> None:
    torn = Request({"type": "http", "headers": []}, body())
    with pytest.raises(HTTPException) as caught:
        await receiving(served).receive(torn, ADA_CONTEXT)
    assert caught.value.status_code == HTTPStatus.BAD_REQUEST
    assert left_in(served.core.incoming) == []


async def test_a_disk_error_names_the_operator(served: Served, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(HTTPException) as caught:
        await receiving(served, tmp_path / "file" / "incoming").receive(request(b"x"), ADA_CONTEXT)
    assert caught.value.status_code == HTTPStatus.INSUFFICIENT_STORAGE
    assert caught.value.detail.endswith("Tell the operator of this bot, then try again.")


async def test_a_full_storage_is_reported(served: Served) -> None:
    served.core.engine.library.unusable = MediaUnavailable("The media storage is full.")
    status, answer = await upload(served, "ada", HILLS)
    assert HTTPStatus.UNPROCESSABLE_ENTITY == status
    assert "The media storage is full." in answer["error"]
    assert left_in(served.core.incoming) == []


@pytest.mark.parametrize(
    ("header", "name"),
    [
        ("", "file"),
        ("..%2F..%2Fetc%2Fpasswd", "passwd"),
        ("C%3A%5Cpictures%5Cfox.png", "fox.png"),
        ("a%00b%0Ac.png", "abc.png"),
        ("x" * 500, "x" * 120),
    ],
)
async def test_a_file_name_never_becomes_a_path(served: Served, header: str, name: str) -> None:
    small = picture(16, 16, kind="JPEG")
    found = await receiving(served).receive(request(small, x_file_name=header), ADA_CONTEXT)
    assert name == found.name


async def test_a_token_names_its_file_and_cannot_be_forged(served: Served) -> None:
    uploads = receiving(served)
    found = await uploads.receive(request(picture(16, 16)), ADA_CONTEXT)
    token = uploads.sign(found, ADA_CONTEXT)
    assert found == uploads.open(token, ADA_CONTEXT)
    for forged in (token[:-1] + ("a" if token[-1] != "a" else "b"), "", "upload"):
        with pytest.raises(InvalidRequest):
            uploads.open(forged, ADA_CONTEXT)
    with pytest.raises(InvalidRequest):
        uploads.open(token, GRACE_CONTEXT)


@asynccontextmanager
async def sending(
    served: Served, me: str, begun: bytes, length: int = 1_000_000
) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """Send the head of an upload and the start of its body."""
    host = served.url.removeprefix("http://")
    head = (
        f"POST /playground/upload?me={me} HTTP/1.1\r\nHost: {host}\r\nOrigin: {served.url}\r\n"
        f"Content-Type: application/octet-stream\r\nContent-Length: {length}\r\n\r\n"
    )
    reader, writer = await asyncio.open_connection(*host.split(":"))
    try:
        writer.write(head.encode() + begun)
        yield reader, writer
    finally:
        writer.close()
        await writer.wait_closed()


async def test_a_rate_limited_upload_is_refused_before_its_body() -> None:
    async with serve(commands_burst=1, commands_per_minute=20) as served:
        assert HTTPStatus.OK == (await upload(served, "ada", HILLS))[0]
        async with sending(served, "ada", b"") as (reader, _), asyncio.timeout(PATIENCE_S):
            assert b" 429 " in await reader.readline()
            assert b"Try again in 3 s." in await reader.readuntil(b"}")
        assert [] == left_in(served.core.incoming)


async def test_a_member_uploads_two_files_at_once_and_others_still_can(served: Served) -> None:
    async with sending(served, "ada", b"some") as first, sending(served, "ada", b"some") as second:
        await until(lambda: len(left_in(served.core.incoming)) == 2)
        status, answer = await upload(served, "ada", HILLS)
        assert HTTPStatus.TOO_MANY_REQUESTS == status
        assert "2 files already" in answer["error"]
        assert HTTPStatus.OK == (await upload(served, "grace", HILLS))[0]
        for _, writer in (first, second):
            writer.close()
        # Cut off, they leave nothing: neither a file nor a slot.
        await until(lambda: not left_in(served.core.incoming))
        assert HTTPStatus.OK == (await upload(served, "ada", HILLS))[0]


async def test_the_bytes_of_a_member_are_counted_while_they_arrive() -> None:
    """The stated length is not trusted, and bytes of other uploads count too."""
    async with serve(upload_bytes_per_member=300_000) as served:
        quota = served.core.engine.services.storage.incoming_quota
        async with sending(served, "ada", b"x" * 200_000):
            await until(lambda: quota.arriving("playground:main:ada") == 200_000)
            status, answer = await upload(served, "ada", b"x" * 200_000)
            assert HTTPStatus.TOO_MANY_REQUESTS == status
            assert "as much as is accepted at once" in answer["error"]
            assert HTTPStatus.OK == (await upload(served, "grace", HILLS))[0]
        await until(lambda: not quota.arriving("playground:main:ada"))
        assert HTTPStatus.OK == (await upload(served, "ada", HILLS))[0]
        assert [] == left_in(served.core.incoming)


@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Type": "application/json"},
        {"Content-Type": "multipart/form-data"},
        {"Content-Type": "application/octet-stream", "Origin": "https://evil.example"},
    ],
)
async def test_an_upload_from_another_site_is_refused(served: Served, headers: dict[str, str]) -> None:
    async with served.client(headers=headers) as client:
        answer = await client.post("/playground/upload?me=ada", content=HILLS)
    assert answer.status_code in (HTTPStatus.UNSUPPORTED_MEDIA_TYPE, HTTPStatus.FORBIDDEN)
    assert not list(served.core.engine.folder.folder.rglob("*.*"))
