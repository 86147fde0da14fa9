"""The fake accepts files: announced, uploaded, completed, and visible only after a while."""

from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from slack_sdk.web.async_client import AsyncWebClient

from tests.platforms.fake_slack import FakeSlack, Message, Stage
from tests.platforms.tiny_slack_app import client, manifest, refused

BYTES = b"not really a picture"


@pytest.fixture
async def slack() -> AsyncIterator[FakeSlack]:
    async with FakeSlack(manifest()) as running:
        yield running


async def uploaded(api: AsyncWebClient, name: str = "fox.png", **more: Any) -> str:
    """Announce and send a file, and return its id."""
    announced = await api.files_getUploadURLExternal(filename=name, length=len(BYTES), **more)
    async with aiohttp.ClientSession() as session:
        assert (await session.post(announced["upload_url"], data=BYTES)).status == 200
    return str(announced["file_id"])


async def completed(api: AsyncWebClient, name: str = "fox.png", **more: Any) -> str:
    file = await uploaded(api, name, **more)
    await api.files_completeUploadExternal(files=[{"id": file, "title": "A fox"}])
    return file


async def show(api: AsyncWebClient, channel: str, file: str) -> Any:
    blocks = [{"type": "image", "alt_text": "a fox", "slack_file": {"id": file}}]
    return await api.chat_postMessage(channel=channel, text="x", blocks=blocks)


async def test_a_picture_can_be_shown_once_the_service_knows_what_it_is(slack: FakeSlack) -> None:
    slack.world.processing_s = 5
    team = slack.team("Film club")
    api = client(slack, team)
    file = await completed(api)
    before = (await api.files_info(file=file))["file"]["mimetype"]
    too_early = await refused(show(api, team.general.id, file))
    slack.clock.advance(5)
    await slack.until(lambda: slack.world.files[file].stage is Stage.READY)
    await show(api, team.general.id, file)

    after = (await api.files_info(file=file))["file"]
    assert (before, too_early) == ("", "invalid_blocks")
    assert (after["mimetype"], after["title"], after["shares"]) == ("image/png", "A fox", {})


async def test_a_file_may_never_be_looked_at(slack: FakeSlack) -> None:
    slack.world.processing_s = None
    team = slack.team("Film club")
    api = client(slack, team)
    file = await completed(api)
    slack.clock.advance(24 * 3600)

    assert await refused(show(api, team.general.id, file)) == "invalid_blocks"


@pytest.mark.parametrize("odd", [{"name": "fox.mp4"}, {"alt_txt": "a fox"}])
async def test_what_is_no_picture_or_has_alt_text_of_its_own_is_not_shown(
    slack: FakeSlack, odd: dict[str, str]
) -> None:
    team = slack.team("Film club")
    api = client(slack, team)
    file = await completed(api, **odd)
    await slack.until(lambda: slack.world.files[file].stage is Stage.READY)

    assert await refused(show(api, team.general.id, file)) == "invalid_blocks"


async def test_a_file_is_shared_in_a_thread_and_knows_where(slack: FakeSlack) -> None:
    team = slack.team("Film club")
    api = client(slack, team)
    card = await api.chat_postMessage(channel=team.general.id, text="card")
    await api.files_upload_v2(
        channel=team.general.id,
        thread_ts=card["ts"],
        filename="film.mp4",
        content=BYTES,
        initial_comment="Here",
    )

    def with_file(message: Message) -> bool:
        return bool(message.files)

    shared = await slack.message_in(team.general, with_file)
    await slack.until(lambda: bool(shared.files[0].shares))
    told = (await api.files_info(file=shared.files[0].id))["file"]
    assert (shared.text, shared.thread_ts) == ("Here", card["ts"])
    assert told["shares"]["public"][team.general.id][0]["thread_ts"] == card["ts"]
    assert told["channels"] == [team.general.id]


async def test_an_upload_is_sent_whole_and_completed_once(slack: FakeSlack) -> None:
    team = slack.team("Film club")
    api = client(slack, team)
    announced = await api.files_getUploadURLExternal(filename="fox.png", length=5)
    too_early = await refused(api.files_completeUploadExternal(files=[{"id": announced["file_id"]}]))
    async with aiohttp.ClientSession() as session:
        short = await session.post(announced["upload_url"], data=b"1234")
        whole = await session.post(announced["upload_url"], data=b"12345")
        again = await session.post(announced["upload_url"], data=b"12345")
    await api.files_completeUploadExternal(files=[{"id": announced["file_id"]}])

    assert [short.status, whole.status, again.status] == [400, 200, 404]
    assert too_early == "file_update_failed"
    for file in (announced["file_id"], "F404"):
        assert await refused(api.files_completeUploadExternal(files=[{"id": file}])) == "file_not_found"


async def test_where_a_file_may_not_go(slack: FakeSlack) -> None:
    team = slack.team("Film club")
    api = client(slack, team)
    outside = slack.channel(team, "outside", with_bot=False)
    slack.world.file_limit = 10
    big = api.files_getUploadURLExternal(filename="fox.png", length=11)
    assert await refused(big) == "file_upload_size_restricted"
    slack.world.file_limit = 100
    file = await uploaded(api)
    there = api.files_completeUploadExternal(files=[{"id": file}], channel_id=outside.id)
    assert await refused(there) == "not_in_channel"


async def test_a_file_is_deleted_by_its_owner(slack: FakeSlack) -> None:
    team = slack.team("Film club")
    api = client(slack, team)
    with slack.holding():
        theirs = slack.user(team, "ada").upload("in.png", BYTES)
    mine = await completed(api)
    await api.files_delete(file=mine)

    assert await refused(api.files_info(file=mine)) == "file_deleted"
    assert await refused(api.files_delete(file=theirs.id)) == "cant_delete_file"


async def test_a_download_needs_the_token_and_a_sight_of_the_file(slack: FakeSlack) -> None:
    """Without them a page to sign in on comes back, and with it the status of success."""
    team = slack.team("Film club")
    ada = slack.user(team, "ada")
    hidden = slack.channel(team, "hidden", ada, private=True, with_bot=False)
    with slack.holding():
        seen, unseen = ada.upload("in.png", BYTES), ada.at(hidden).upload("in.png", BYTES)
    api = client(slack, team)
    url = (await api.files_info(file=seen.id))["file"]["url_private"]
    headers = {"Authorization": f"Bearer {slack.bot_token(team)}"}
    async with aiohttp.ClientSession() as session:
        answers = [
            await session.get(address, headers=more)
            for address, more in (
                (url, headers),
                (url, {}),
                (url.replace(seen.id, unseen.id), headers),
            )
        ]
        content = await answers[0].read()

    assert content == BYTES
    assert [(answer.status, answer.content_type) for answer in answers] == [
        (200, "image/png"),
        (200, "text/html"),
        (200, "text/html"),
    ]
    assert await refused(api.files_info(file=unseen.id)) == "file_not_found"


async def test_a_file_may_be_accepted_and_never_shared(slack: FakeSlack) -> None:
    slack.world.never_shared = 1
    team = slack.team("Film club")
    api = client(slack, team)
    files = []
    for _ in range(2):
        files.append(await uploaded(api, "fox.mp4"))
        await api.files_completeUploadExternal(files=[{"id": files[-1]}], channel_id=team.general.id)
        await slack.until(lambda: slack.world.files[files[-1]].stage is Stage.READY)
    shares = [(await api.files_info(file=file))["file"]["shares"] for file in files]
    assert [False, True] == [bool(one) for one in shares]


async def test_the_shares_of_a_file_may_be_missing(slack: FakeSlack) -> None:
    slack.world.tells_shares = False
    team = slack.team("Film club")
    api = client(slack, team)
    file = await uploaded(api, "fox.mp4")
    await api.files_completeUploadExternal(files=[{"id": file}], channel_id=team.general.id)
    await slack.until(lambda: bool(slack.world.files[file].shares))
    assert {} == (await api.files_info(file=file))["file"]["shares"]
