"""What an earlier version stored is still read: messages, people, sessions and tokens, as literal JSON."""

from http import HTTPStatus
from typing import Any

import orjson
from pydantic import SecretStr

from bot.domain.generations.media import MediaKind
from bot.settings import Switch
from tests.playground.page_requests import command, post, react, seen, state, upload
from tests.playground.sample_media import picture
from tests.playground.serving import Served, serve

CARD, JOB, PARENT = "06edf7j6jc35r8t0g0tmcard", "06edf7j6jc35r8t0g0tmjob0", "06edf7j6jc35r8t0g0tmjob1"
FILE = "a" * 64
MEDIA = f'"kind":"picture","file":"{FILE}","still":"{FILE}","width":2048,"height":1152,"duration_ms":null'
STORED_JOB = (
    f'{{"id":"{JOB}","tone":"done","headline":"Done","facts":[["Model","photon-1"]],"running_since":null,'
    f'"expected_ms":0,"ready_at":null,"media":{{{MEDIA}}},"alt":"a red fox","words":"a red fox",'
    f'"actions":["variation","delete"],"cancellable":false,"stars":1,"parent":"{PARENT}"}}'
)
STORED_CARD = (
    f'{{"kind":"card","channel":"studio","card":"{CARD}","rev":3,"to":null,"member":"playground:main:ada",'
    f'"name":"ada","title":"a red fox","at":1790000000000,"gone":false,"jobs":[{STORED_JOB}]}}'
)
STORED = {
    "room/person/ada": '{"kind":"person","name":"ada","admin":true}',
    "room/person/lin": '{"kind":"person","name":"lin","admin":false}',
    f"room/studio/card/{CARD}": STORED_CARD,
    f"room/studio/said/{CARD}": (
        f'{{"kind":"said","channel":"studio","card":"{CARD}","text":"/imagine a red fox",'
        f'"files":[{{{MEDIA},"name":"fox.png"}}],"replied":null,"to":null}}'
    ),
    f"room/studio/reaction/{CARD}/❤️/lin": (
        f'{{"kind":"reaction","channel":"studio","card":"{CARD}","emoji":"❤️","name":"lin","on":true,'
        '"to":null,"at":1790000000000}'
    ),
    "room/studio/line/": (
        '{"kind":"note","channel":"studio","id":"line-1790000000000","to":null,"at":1790000000000,"said":"",'
        '"files":[],"refused":false,"title":"Reverie","text":"The account is paused.","facts":[],"cards":[]}'
    ),
    "room/note/lin/key-00001": (
        '{"kind":"note","channel":"dm","id":"key-00001","to":"lin","at":1790000000000,"said":"/quota",'
        '"files":[],"refused":true,"title":"That did not go through","text":"No.",'
        f'"facts":[["You","$1"]],"cards":[{STORED_CARD}]}}'
    ),
    f"room/@lin/card/{CARD}": STORED_CARD.replace('"studio"', '"dm"').replace('"to":null', '"to":"lin"'),
}


async def put(served: Served, entries: dict[str, str]) -> None:
    for key, value in entries.items():
        await served.core.adapter_data.put(key, value)


async def test_stored_messages_are_shown(served: Served) -> None:
    await put(served, STORED)
    (card,) = await seen(served, "lin", "card")
    assert orjson.loads(STORED_CARD) | {"jobs": card["jobs"]} == card
    (job,) = card["jobs"]
    assert ("/media/", "done") == (job["media"]["src"][:7], job["tone"])
    (said,) = await seen(served, "lin", "said")
    assert ("/imagine a red fox", "fox.png") == (said["text"], said["files"][0]["name"])
    (line,) = await seen(served, "grace", "note")
    assert "The account is paused." == line["text"]
    (note,) = await seen(served, "lin", "note", "dm")
    assert (True, CARD) == (note["refused"], note["cards"][0]["card"])
    (copy,) = await seen(served, "lin", "card", "dm")
    assert "lin" == copy["to"]
    assert await seen(served, "grace", "card", "dm") == []


async def test_stored_messages_can_be_used(served: Served) -> None:
    await put(served, STORED)
    await react(served, "lin", CARD, "❤️", "key-00002", on=False)
    await react(served, "ada", CARD, "👍", "key-00003")
    assert [("👍", "ada")] == [(one["emoji"], one["name"]) for one in await seen(served, "ada", "reaction")]
    await post(served, "dismiss", "lin", {"id": "key-00001"})
    assert await seen(served, "lin", "note", "dm") == []


async def test_stored_people_are_kept(served: Served) -> None:
    await put(served, STORED)
    people = (await state(served, "lin"))["people"]
    assert {"name": "lin", "admin": False} in people
    assert {"name": "ada", "admin": True} == people[0]


async def test_a_stored_session_is_open() -> None:
    token = "a_token_of_an_earlier_version"
    key = "session/c9a2fb0dbc90d464c5065c63e715f6e97b5d89511957a3452c7ceba9f416e771"
    async with serve(playground=Switch.ON, playground_password=SecretStr("open sesame")) as served:
        await put(served, {key: f'{{"until":{served.core.now + 60_000},"password":"7348e83a40bc39df"}}'})
        async with served.client(headers={"Cookie": f"reverie_session={token}"}) as client:
            assert HTTPStatus.OK == (await client.get("/playground/state")).status_code


async def test_an_upload_token_of_an_earlier_version_names_its_file(served: Served) -> None:
    _, found = await upload(served, "ada", picture(320, 240, kind="PNG"))
    context = served.core.context()
    file = context.signer.verify("media", found["src"].removeprefix("/media/"), now=served.core.now)
    media = f'{{"file":"{file}","mime":"image/png","size":1000,"width":320,"height":240,"duration_ms":null}}'
    token = context.signer.sign(
        "upload playground:ada", f'{{"name":"fox.png","media":{media}}}', expires_at=served.core.now + 60_000
    )
    answer: Any = await command(served, "ada", "/animate the moon rises", files=[token])
    assert [("fox.png", MediaKind.PICTURE)] == [
        (one["name"], one["kind"]) for one in answer["messages"][0]["files"]
    ]
