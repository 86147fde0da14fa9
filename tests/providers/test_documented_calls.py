"""Every example of what is asked beside a create is asked by the bot after a command, field by field."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from pydantic import SecretStr
from starlette.types import ASGIApp, Receive, Scope, Send

from bot.domain.command_text.parsing import parse
from bot.domain.commands import Animate, GenerateCommand
from bot.domain.generations.offers import OPEN_FIELDS, route
from bot.domain.identity import Invocation, Place
from bot.providers.appypie import CAPABILITIES as GATEWAY
from bot.providers.base import InputUrl
from bot.service.replies import PrivateReply
from simulator.settings import SimulatorSettings
from tests.engine.settings import ADA
from tests.patience import until
from tests.providers import seeds
from tests.providers.documented import GIRL
from tests.providers.documented_calls import (
    CALLS,
    COMMANDS,
    CONCEPTS,
    DELETE,
    DOWNLOAD,
    LIST,
    MOTIONS,
    POLL,
    READ,
)
from tests.providers.documented_listing import LISTED
from tests.providers.scripted_api import reply, scripted
from tests.providers.served_simulator import serving
from tests.providers.test_appypie import ID, account
from tests.providers.test_luma_examples import needs_documents
from tests.web.running_app import RunningApp

KEY, API = "luma-key", "/dream-machine/v1"
#: what the documents leave to the caller: how much of the list, and from where on
PARAMETERS = {LIST: {"limit": "100", "offset": "0"}}
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}")


class Recorder:
    """What an API is asked, with its query and whether the key stands where the documents have it."""

    def __init__(self) -> None:
        self.calls: dict[str, dict[str, str]] = {}

    def around(self, app: ASGIApp) -> ASGIApp:
        async def recorded(scope: Scope, receive: Receive, send: Send) -> None:
            query = dict(part.split("=") for part in scope["query_string"].decode().split("&") if part)
            path, headers = scope["path"], dict(scope["headers"])
            if path.startswith("/assets/"):
                self.calls.setdefault(DOWNLOAD, {})
            elif path.startswith(API):
                assert f"Bearer {KEY}".encode() == headers[b"authorization"]
                self.calls[f"{scope['method']} {_UUID.sub('{id}', path.removeprefix(API))}"] = query
            await app(scope, receive, send)

        return recorded


@asynccontextmanager
async def bot_with(recorder: Recorder, folder: Path) -> AsyncIterator[RunningApp]:
    """A whole bot with an account at an API that records what it is asked."""
    simulated = SimulatorSettings(database=folder / "served.db", speed=100)
    async with serving(simulated, recorder.around) as origin:
        app = RunningApp(
            folder / "bot",
            provider=("luma",),
            luma_keys=(SecretStr(KEY),),
            luma_base_url=f"{origin}{API}",
            default_ceiling=100,
            default_allowance=50,
        )
        async with app.running():
            yield app


async def test_commands_lead_to_every_documented_call(tmp_path: Path) -> None:
    recorder = Recorder()
    async with bot_with(recorder, tmp_path) as app:
        service = app.service
        assert service is not None
        invocation = Invocation(
            caller=ADA, place=Place(adapter="chat", workspace=ADA.workspace, channel="c1"), key="a key"
        )
        card = await app.ended(await app.say(COMMANDS[READ]))
        await app.ended(await app.say(COMMANDS[LIST]))
        asked = await service.execute(parse(COMMANDS[DELETE].format(job=card.jobs[0].id)), invocation)
        assert isinstance(asked, PrivateReply)
        yes = next(one for one in asked.choices if one.confirms)
        await service.answer_confirmation(yes.job, ADA, question=yes.question, confirmed=True)
        await until(lambda: {DELETE, CONCEPTS, MOTIONS} <= recorder.calls.keys())
        for call, option in ((CONCEPTS, "concepts"), (MOTIONS, "camera_motion")):
            typed = COMMANDS[call].rpartition(" ")[2]
            offered = await service.autocomplete_option(Animate, option, typed, invocation)
            assert all(typed in offer.value for offer in offered)
            assert offered
    for call in COMMANDS:
        assert PARAMETERS.get(call, {}) == recorder.calls[call], call


async def test_the_gateway_is_asked_as_documented_after_a_command() -> None:
    """Its own fields, whatever language its documents show them in."""
    (line,) = {command for document, _, command in LISTED if document == "Gateway"}
    command = parse(line)
    assert isinstance(command, GenerateCommand)
    request = route(
        command.request({}), {"appypie": GATEWAY.offers}, command.open_fields & OPEN_FIELDS
    ).request
    media = {one.key: InputUrl(url=one.url or "") for one in request.references}
    queued = {"id": ID, "state": "queued"}
    async with scripted(reply(200, queued), reply(200, queued)) as api, account(api.url) as provider:
        await provider.submit(request, media=media, callback_url=None)
        await provider.get(ID)
    create, poll = api.received
    assert {"url": GIRL, "prompt": "leaning girl"} == create.document
    assert (POLL, {"task_id": ID}) == (f"{poll.method} {poll.target}", poll.document)


@needs_documents
def test_the_calls_are_those_of_the_documents() -> None:
    """Neither is one of theirs missing in the list, nor one of ours made up."""
    shown = list(seeds.followed())
    assert sorted(CALLS) == sorted((one.document, one.heading, one.call) for one in shown)
    assert {*COMMANDS, POLL} == {one.call for one in shown}
    fields = {call: set(parameters) for call, parameters in PARAMETERS.items()} | {POLL: {"task_id"}}
    for one in shown:
        assert set(one.parameters) <= fields.get(one.call, set()), one
