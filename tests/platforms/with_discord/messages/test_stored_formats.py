"""Messages, modals and entries written by released versions still work.

The literals are what those versions sent and stored; they must never change with a rename.
"""

from types import SimpleNamespace
from typing import cast

import pytest
from discord import Guild

from adapters.chat.controls import CardControl
from adapters.chat.pending_media import PendingMediaStore
from adapters.discord.delivery.interactions import InteractionToken
from adapters.discord.delivery.routes import ChannelRoute, message_name, parse_message_name
from adapters.discord.events.message_menu import MenuEntry
from adapters.discord.events.pending_media import (
    MediaAction,
    PendingMediaId,
)
from adapters.discord.gateway.welcome import WelcomeMessage
from adapters.discord.messages.buttons import ComponentId, belongs_to_card, jobs_in
from adapters.discord.messages.command_form import FormId
from adapters.discord.messages.modals import PROMPT, RATIO, modal_values
from adapters.discord.rest.client import RestClient
from bot.domain.commands import Imagine
from bot.domain.errors import InvalidRequest
from bot.domain.generations.media import MediaKind, Reference
from bot.domain.identity import Caller
from bot.domain.jobs.actions import Action
from bot.service.adapter_data import AdapterData, Entry

_JOB, _CARD = "06h29z9vtjpv8b581ptk5tqt", "06h29z9vtjpv8b581ptk5tqu"
_VERBS: dict[str, Action | CardControl] = {
    "variation": Action.VARIATION,
    "again": Action.AGAIN,
    "edit": Action.EDIT,
    "animate": Action.ANIMATE,
    "extend": Action.EXTEND,
    "reverse": Action.REVERSE,
    "reframe": Action.REFRAME,
    "upscale": Action.UPSCALE,
    "audio": Action.AUDIO,
    "gallery": Action.GALLERY,
    "send": Action.SEND,
    "delete": Action.DELETE,
    "cancel": CardControl.CANCEL,
    "cancelall": CardControl.CANCEL_ALL,
    "details": CardControl.DETAILS,
    "settings": CardControl.SETTINGS,
    "origin": CardControl.ORIGIN,
    "pick": CardControl.PICK,
    "open": CardControl.OPEN,
    "confirm": CardControl.CONFIRM,
    "keep": CardControl.KEEP,
    "start": CardControl.START,
    "discard": CardControl.DISCARD,
}
_TOKEN = (
    '{"application":"400","token":"secret","until":1800000900000,"original":true,'
    '"ephemeral":true,"lasting":false,"limit":10485760}'
)
_PENDING = (
    '{"id":"1234567890123456789","media":['
    '{"job":null,"still":false,"file":null,"url":"https://cdn.discordapp.com/attachments/1/2/a.png",'
    '"via":"discord","kind":"picture","weight":null},'
    '{"job":null,"still":false,"file":null,"url":"https://example.org/a.mp4",'
    '"via":"","kind":"video","weight":null}]}'
)


@pytest.mark.parametrize(("text", "verb"), _VERBS.items())
def test_a_button_select_or_modal_of_a_card_is_known_by_its_custom_id(
    text: str, verb: Action | CardControl
) -> None:
    custom_id = f"rv:{text}:{_JOB}:{_CARD}"
    component_id = ComponentId(verb=verb, job=_JOB, card=_CARD)
    assert component_id == ComponentId.parse(custom_id)
    assert custom_id == component_id.write()


def test_every_verb_has_a_literal_above() -> None:
    assert {*Action, *CardControl} == set(_VERBS.values())


@pytest.mark.parametrize(
    ("text", "action"),
    [
        ("animate", MediaAction.ANIMATE),
        ("reframe", MediaAction.REFRAME),
        ("variation", MediaAction.VARIATION),
    ],
)
def test_a_button_or_modal_of_pending_media_is_known_by_its_custom_id(text: str, action: MediaAction) -> None:
    custom_id = f"rd:{text}:1234567890123456789:1"
    media_id = PendingMediaId(action=action, pending="1234567890123456789", index=1)
    assert media_id == PendingMediaId.parse(custom_id)
    assert custom_id == media_id.write()


def test_a_button_that_opens_a_form_and_the_form_are_known_by_their_custom_ids() -> None:
    for custom_id, price in (("rf:imagine", None), ("rf:imagine:17223", 17_223)):
        form = FormId(command=Imagine, price=price)
        assert form == FormId.parse(custom_id)
        assert custom_id == form.write()
    assert FormId.parse("rf:quota") is None
    assert FormId.parse("rf:sing") is None


def test_a_message_is_recognised_by_its_components() -> None:
    other = _JOB[:-1] + "z"
    select = {
        "type": 3,
        "custom_id": f"rv:pick:{_JOB}:{_CARD}",
        "options": [{"value": _JOB}, {"value": other}],
    }
    button = {"type": 2, "custom_id": f"rv:details:{_JOB}:{_CARD}"}
    single = [{"type": 1, "components": [button]}]
    several = [{"type": 1, "components": [select]}, *single]
    assert belongs_to_card(several, _CARD)
    assert [_JOB] == [one.job for one in jobs_in(single)]
    assert [_JOB, other] == [one.job for one in jobs_in(several)]


def test_an_open_modal_is_read_by_its_inputs() -> None:
    prompt = {"type": 18, "component": {"type": 4, "custom_id": "prompt", "value": "a red fox"}}
    ratio = {"type": 18, "component": {"type": 3, "custom_id": "aspect_ratio", "values": ["9:16"]}}
    assert {PROMPT: "a red fox", RATIO: "9:16"} == modal_values({"components": [prompt, ratio]})


def test_menu_entries_keep_their_names() -> None:
    assert ["Animate", "Reframe", "Variation", "Details", "Reverie…"] == [str(one) for one in MenuEntry]


def test_a_stored_interaction_token_is_read() -> None:
    token = InteractionToken.parse(_TOKEN)
    assert token == InteractionToken(
        application="400",
        token="secret",
        expires_at=1_800_000_900_000,
        ephemeral=True,
        bot_has_access=False,
        upload_limit=10 * 2**20,
    )
    assert token is not None
    # A version before this one reads it too.
    assert '"until":1800000900000' in token.write()
    assert '"lasting":false,"limit":10485760' in token.write()


def test_a_stored_message_name_is_read() -> None:
    assert ChannelRoute(channel="100", message="200") == parse_message_name("100/200")
    assert parse_message_name("200") is None
    assert "100/200" == message_name("100", "200")


class _Stored(AdapterData):
    """The adapter's data with entries of an earlier version; nothing may be written."""

    def __init__(self, **entries: str) -> None:
        """Needs no database."""
        self._entries_by_key = entries

    async def get(self, key: str) -> str | None:
        return self._entries_by_key.get(key)

    async def latest(self, prefix: str, *, limit: int = 200) -> list[Entry]:
        found = [(key, value) for key, value in self._entries_by_key.items() if key.startswith(prefix)]
        return [Entry(key=key, value=value, seq=seq) for seq, (key, value) in enumerate(found[:limit])]

    async def put(self, key: str, value: str) -> int:
        raise AssertionError((key, value))


async def test_stored_pending_media_is_read() -> None:
    caller = Caller(workspace="discord:300", person="discord:200", member="discord:300:200", name="Ada")
    media_id = PendingMediaId.parse("rd:reframe:1234567890123456789:0")
    assert media_id is not None
    expected = Reference(
        url="https://cdn.discordapp.com/attachments/1/2/a.png", via="discord", kind=MediaKind.PICTURE
    )
    store = PendingMediaStore(_Stored(**{"draft/discord:200": _PENDING}), expired="gone")
    media = await store.get(caller, media_id.pending)
    assert expected == media[media_id.index]
    assert "https://example.org/a.mp4" == media[1].url


async def test_pending_media_of_another_version_or_interaction_have_expired() -> None:
    caller = Caller(workspace="discord:300", person="discord:200", member="discord:300:200", name="Ada")
    for stored, id_ in ((_PENDING, "2"), ('{"id":"2","media":5}', "2")):
        store = PendingMediaStore(_Stored(**{"draft/discord:200": stored}), expired="gone")
        with pytest.raises(InvalidRequest, match="gone"):
            await store.get(caller, id_)


async def test_a_server_that_was_welcomed_is_not_welcomed_again() -> None:
    welcome = WelcomeMessage(cast("RestClient", None), _Stored(**{"greeted/300": "100"}))
    await welcome.send(cast("Guild", SimpleNamespace(id=300)))


async def test_an_unfinished_welcome_is_remembered() -> None:
    welcome = WelcomeMessage(cast("RestClient", None), _Stored(**{"greeting/300": ""}))
    await welcome.load_unfinished()
    guilds = [cast("Guild", SimpleNamespace(id=one)) for one in (300, 301)]
    assert [True, False] == [welcome.is_unfinished(one) for one in guilds]
