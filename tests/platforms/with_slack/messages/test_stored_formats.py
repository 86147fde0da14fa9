"""What earlier versions sent and stored is still understood: the literals here never change."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from adapters.chat.pending_media import PendingMediaStore
from adapters.slack.delivery.upload_store import UploadKind, UploadStore
from adapters.slack.events.requests import PendingRequestStore
from adapters.slack.messages.buttons import (
    RETRY_HERE,
    SEND_DIRECTLY,
    BlockAction,
    channel_choice_row,
)
from adapters.slack.messages.home_view import HOME_ACTION_ID, HomeButton
from adapters.slack.messages.modals import (
    COMMAND_MODAL,
    EDIT_MODAL,
    CommandModalState,
    EditModalState,
    command_modal,
    prompt_modal,
)
from adapters.slack.oauth.flow import OAuthStateStore
from adapters.slack.oauth.installations import InstallationStore
from adapters.slack.oauth.manifest import GLOBAL_SHORTCUT, MessageShortcut
from adapters.slack.places import ReplyToken, member_caller
from bot.domain.commands import Imagine
from bot.domain.generations.models import AspectRatio
from bot.domain.jobs.actions import Action
from bot.service.adapter_data import AdapterData
from tests.platforms.with_slack.oauth.oauth_harness import SIGNER, open_adapter_data

_JOB, _CARD = "01k9zv3f5k0q8x7w2m4n6p8r", "01k9zv3f5k0q8x7w2m4n6p8s"
_NOW = 1_790_000_000_000
_COMMAND_METADATA = (
    '{"channel":"C1","thread":"5.0","response_url":"https://hooks.slack.com/1","until":1790001800000,'
    '"command":"imagine","more":true,"open_to_all":true,"draft":"1.2"}'
)
_EDIT_METADATA = f'{{"channel":"C1","action":"edit","job":"{_JOB}","card":"{_CARD}","hidden":true}}'


@pytest.fixture
async def adapter_data(tmp_path: Path) -> AsyncIterator[AdapterData]:
    async with open_adapter_data(tmp_path) as opened:
        yield opened


def test_buttons_keep_their_ids_and_values() -> None:
    action = BlockAction(verb=Action.VARIATION, job=_JOB, card=_CARD)
    assert ("rv:variation", f"{_JOB}:{_CARD}") == (action.action_id, action.value)
    assert action == BlockAction.parse({"action_id": "rv:variation", "value": f"{_JOB}:{_CARD}"})
    for verb in (
        "again",
        "edit",
        "send",
        "delete",
        "cancel",
        "cancelall",
        "details",
        "origin",
        "pick",
        "open",
        "confirm",
        "start",
    ):
        assert BlockAction.parse({"action_id": f"rv:{verb}", "value": f"{_JOB}:{_CARD}"}) is not None
    assert ("rw:here", "rw:directly") == (RETRY_HERE, SEND_DIRECTLY)
    assert ["rw:here", "rw:directly"] == [each["action_id"] for each in channel_choice_row("1.2")["elements"]]
    assert HOME_ACTION_ID == "home_[a-z]+"
    numbered = BlockAction(verb=Action.VARIATION, job=_JOB, card=_CARD, price=20_000, number=2)
    assert ("rv:variation:2", f"{_JOB}:{_CARD}:20000") == (numbered.action_id, numbered.value)
    assert numbered == BlockAction.parse({"action_id": numbered.action_id, "value": numbered.value})
    buttons = {"home_refresh", "home_cancel", "home_send", "home_pause", "home_resume"}
    assert buttons == {button.value for button in HomeButton}


def test_shortcuts_and_modals_keep_their_callback_ids() -> None:
    assert "reverie_create" == GLOBAL_SHORTCUT
    shortcuts = ["animate", "reframe", "extend", "variation", "details"]
    assert [f"reverie_{name}" for name in shortcuts] == [shortcut.value for shortcut in MessageShortcut]
    assert ("reverie_form", "reverie_rewording") == (COMMAND_MODAL, EDIT_MODAL)


def test_a_command_modal_keeps_its_metadata_and_blocks() -> None:
    state = CommandModalState.of({"private_metadata": _COMMAND_METADATA})
    assert ("imagine", True, True, "1.2") == (
        state.command,
        state.all_fields,
        state.choose_command,
        state.media_id,
    )
    assert ("C1", "5.0", "https://hooks.slack.com/1", 1_790_001_800_000) == (
        state.channel,
        state.thread,
        state.response_url,
        state.until,
    )
    view = command_modal(state, {}, price="$1")
    assert _COMMAND_METADATA == view["private_metadata"]
    blocks = {block["block_id"] for block in view["blocks"]}
    assert {"form_command", "form_price", "prompt", "image", "image_job", "image_from"} <= blocks
    asking = command_modal(CommandModalState(command="imagine"), {})
    assert {"form_conversation", "form_more"} <= {block["block_id"] for block in asking["blocks"]}


def test_an_edit_modal_keeps_its_metadata_and_block() -> None:
    state = EditModalState.of({"private_metadata": _EDIT_METADATA})
    assert (Action.EDIT, _JOB, _CARD, True) == (state.action, state.job, state.card, state.is_ephemeral)
    view = prompt_modal(state, "a fox")
    assert _EDIT_METADATA == view["private_metadata"]
    assert ["prompt"] == [block["block_id"] for block in view["blocks"]]


async def test_pending_requests_are_read_from_their_keys_and_fields(adapter_data: AdapterData) -> None:
    pending, ada = PendingRequestStore(adapter_data), member_caller("T1", "U1", "ada")
    await adapter_data.put(
        "wish/slack:T1:U1",
        '{"id":"1.2","wish":{"name":"imagine","given":"{\\"prompt\\":\\"a fox\\"}","files":[],"replied":null,'
        '"action":null,"job":"","card":"","wording":{"prompt":null,"aspect_ratio":null}},"media":[]}',
    )
    assert Imagine(prompt="a fox") == (await pending.get(ada, "1.2")).command
    await adapter_data.put(
        "wish/slack:T1:U1",
        f'{{"id":"1.3","wish":{{"name":"","given":"{{}}","files":[],"replied":null,"action":"reframe",'
        f'"job":"{_JOB}","card":"{_CARD}","wording":{{"prompt":null,"aspect_ratio":"1:1"}}}},"media":[]}}',
    )
    action = await pending.get(ada, "1.3")
    assert (Action.REFRAME, _JOB, _CARD) == (action.action, action.job, action.card)
    assert AspectRatio.SQUARE == action.action_input.aspect_ratio
    media = PendingMediaStore(adapter_data, expired="gone")
    await adapter_data.put(
        "draft/slack:T1:U1", '{"id":"1.4","wish":null,"media":[{"url":"https://a.example/x.png"}]}'
    )
    assert ["https://a.example/x.png"] == [each.url for each in await media.get(ada, "1.4")]


async def test_uploads_and_messages_are_read_from_their_keys_and_fields(adapter_data: AdapterData) -> None:
    uploads = UploadStore(adapter_data)
    for kind, message in (("picture", "null"), ("film", '"C1/6.0"')):
        await adapter_data.put(
            f"upload/{_CARD}/{_JOB}/{kind}",
            f'{{"file":"F1","of":"abc","since":5,"times":2,"ready":true,"lost":false,"message":{message},'
            '"link":"https://film.slack.com/F1"}',
        )
    await adapter_data.put("card/C1/6.0", _CARD)
    await adapter_data.put(f"posted/{_CARD}", "C1/5.0")
    picture = await uploads.get(_CARD, _JOB, UploadKind.PICTURE)
    video = await uploads.get(_CARD, _JOB, UploadKind.VIDEO)
    assert picture is not None
    assert video is not None
    assert ("F1", "abc", 5, 2, True) == (
        picture.file,
        picture.source,
        picture.since,
        picture.times,
        picture.ready,
    )
    assert ("C1/6.0", "https://film.slack.com/F1") == (video.message, video.link)
    assert "C1/5.0" == await uploads.card_message("C1/6.0")


def test_a_reply_token_is_read_from_its_fields() -> None:
    token = ReplyToken.parse(
        '{"enterprise":"E1","response_url":"https://hooks.slack.com/1","until":1790001800000}'
    )
    assert ("E1", "https://hooks.slack.com/1") == (token.enterprise, token.live_url(_NOW))


async def test_an_installation_and_an_oauth_state_are_still_valid(adapter_data: AdapterData) -> None:
    await adapter_data.put(
        "bot/T1",
        '{"app":"A1","enterprise":null,"enterprise_name":null,"enterprise_url":null,"team":"T1",'
        '"team_name":"Film club","org_wide":false,"bot":"B1","bot_user":"UBOT","scopes":["chat:write"],'
        '"token":"xoxb-1","refresh_token":null,"expires_at":null,"installer":"U1",'
        '"installed_at":1790000000000}',
    )
    installations = InstallationStore(adapter_data, lambda: _NOW, None)  # type: ignore[arg-type] # no rotation
    assert "xoxb-1" == await installations.token("T1")
    state = SIGNER.sign("slack install", "00" * 16, expires_at=_NOW + 600_000)
    assert await OAuthStateStore(SIGNER, lambda: _NOW).async_consume(state)
