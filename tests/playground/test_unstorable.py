"""Text that no database can store is cleaned where it enters, and never causes an error later."""

from http import HTTPStatus
from typing import Any

import pytest

from tests.playground.page_requests import BEAR, command, seen, upload
from tests.playground.serving import Served

NUL, HALF, BOTH = "\\u0000", "\\ud83d", "\\ud83d\\ude00"


async def posted(served: Served, path: str, body: str) -> tuple[int, Any]:
    """Post JSON exactly as given, with its escapes."""
    async with served.client(headers={"Content-Type": "application/json"}) as client:
        answer = await client.post(f"/playground/{path}?me=ada", content=body.encode())
    return answer.status_code, answer.json()


@pytest.mark.parametrize(
    ("written", "stored"),
    [
        (f"a {NUL}fox", "a fox"),
        (f"a fox {HALF}", "a fox \ufffd"),
        (f"a fox {BOTH}", "a fox 😀"),
        (f"{HALF}{NUL} fox", "\ufffd fox"),
    ],
)
async def test_unstorable_characters_are_removed_from_commands(
    served: Served, written: str, stored: str
) -> None:
    typed, form = "key-00001", "key-00002"
    status, _ = await posted(served, "command", f'{{"text": "/imagine {written}", "key": "{typed}"}}')
    assert HTTPStatus.OK == status
    status, _ = await posted(
        served, "command", f'{{"command": "imagine", "values": {{"prompt": "{written}"}}, "key": "{form}"}}'
    )
    assert HTTPStatus.OK == status
    assert [f"/imagine {stored}"] * 2 == [said["text"] for said in await seen(served, "ada", "said")]
    assert [stored] * 2 == [card["jobs"][0]["alt"] for card in await seen(served, "ada", "card")]


#: what a page can post, with a place for an odd character
POSTS = (
    ("command", '{"text": "ODD", "key": "key-00001"}'),
    ("command", '{"text": "/show ODD", "key": "key-00001"}'),
    ("command", '{"text": "/imagine a fox", "key": "key-ODD-1"}'),
    ("command", '{"text": "/imagine a fox", "replied": "ODD", "key": "key-00001"}'),
    ("command", '{"text": "/imagine a fox", "files": ["ODD"], "key": "key-00001"}'),
    ("command", '{"command": "ODD", "values": {}, "key": "key-00001"}'),
    ("command", '{"command": "imagine", "values": {"ODD": "ODD"}, "key": "key-00001"}'),
    ("command", '{"command": "imagine", "values": {"image": [{"file": "ODD"}]}, "key": "key-00001"}'),
    ("price", '{"text": "/imagine ODD"}'),
    ("action", '{"action": "variation", "job": "JOB", "prompt": "ODD", "key": "key-00001"}'),
    ("react", '{"card": "ODD", "emoji": "❤️", "on": true, "key": "key-00001"}'),
    ("react", '{"card": "CARD", "emoji": "❤️ODD", "on": true, "key": "key-00001"}'),
    ("react", '{"card": "CARD", "emoji": "❤️", "on": true, "job": "ODD", "key": "key-00001"}'),
    ("dismiss", '{"id": "key-ODD-1"}'),
    ("people", '{"name": "ODD"}'),
    ("login", '{"password": "ODD"}'),
)


@pytest.mark.parametrize("odd", [NUL, HALF, f"{NUL}{HALF}", "\\ude00"])
async def test_no_posted_text_causes_a_server_error(served: Served, odd: str) -> None:
    answer = await command(served, "ada", BEAR, "key-before")
    card, job = answer["messages"][1]["card"], (await served.core.finish()).id
    for number, (path, template) in enumerate(POSTS):
        body = template.replace("JOB", job).replace("CARD", card).replace("ODD", odd)
        status, told = await posted(served, path, body.replace("key-00001", f"key-1{number:04}"))
        assert status < HTTPStatus.INTERNAL_SERVER_ERROR, (path, body, told)


async def test_a_persons_name_is_cleaned_before_it_is_checked(served: Served) -> None:
    status, told = await posted(served, "people", f'{{"name": "li{NUL}n"}}')
    assert (HTTPStatus.OK, "lin") == (status, told["name"])
    status, told = await posted(served, "people", f'{{"name": "lin{HALF}"}}')
    assert (HTTPStatus.UNPROCESSABLE_ENTITY, True) == (status, "1 to 24" in told["error"])


@pytest.mark.parametrize("query", ["me=ada&text=%00/im", "me=%00ada&text=/im", "me=ada&text=%ED%A0%80"])
async def test_queries_are_cleaned(served: Served, query: str) -> None:
    async with served.client() as client:
        for path in ("suggest", "state", "quota"):
            answer = await client.get(f"/playground/{path}?{query}")
            assert answer.status_code < HTTPStatus.INTERNAL_SERVER_ERROR


async def test_a_file_name_is_cleaned(served: Served) -> None:
    status, told = await upload(served, "ada", b"no picture", "a\0b.png")
    assert HTTPStatus.UNPROCESSABLE_ENTITY == status, told
