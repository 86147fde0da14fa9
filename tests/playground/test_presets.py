"""Settings and presets in the playground: in text, and in the forms of its pages."""

from http import HTTPStatus
from typing import Any

from bot.domain.generations.requests import ImageRequest
from tests.media.pictures import picture
from tests.playground.page_requests import command, fill, state, upload
from tests.playground.serving import Served


def field(page: Any, name: str, option: str) -> Any:
    form = next(one for one in page["channels"]["studio"]["commands"] if one["name"] == name)
    return next(one for one in form["fields"] if one["name"] == option)


async def test_forms_show_what_counts_and_offer_presets(served: Served) -> None:
    await command(served, "ada", "/studio defaults --count 2 --private on")
    await command(served, "ada", "/studio preset save style noir black and white", "key-00002")
    await command(served, "grace", "/settings --count 3", "key-00003")
    page = await state(served, "grace")
    assert "3 · yours" == field(page, "imagine", "count")["default"]
    assert "yes · this workspace" == field(page, "imagine", "private")["default"]
    assert "3 · yours" == field(page, "settings", "count")["default"]
    preset = field(page, "imagine", "preset")
    assert (["noir"], True, True) == (preset["suggestions"], preset["listed"], preset["main"])
    answer = await fill(served, "grace", "imagine", "key-00004", prompt="a fox", preset="noir", private=False)
    said, card = answer["messages"]
    assert "/imagine a fox --preset noir --private=no" == said["text"]
    assert (3, "a fox, black and white") == (len(card["jobs"]), card["title"])
    assert card["to"] is None


async def test_an_uploaded_file_becomes_the_picture_of_a_preset(served: Served) -> None:
    status, sent = await upload(served, "ada", picture())
    assert HTTPStatus.OK == status
    values: dict[str, Any] = {
        "action": "save",
        "kind": "style",
        "preset": "look",
        "picture": [{"file": sent["token"]}],
    }
    answer = await fill(served, "ada", "studio preset", **values)
    assert "Preset saved: look" == answer["messages"][0]["title"]
    # Files that come with a text are its pictures, too.
    text = "/studio preset save character hero"
    answer = await command(served, "ada", text, "key-00002", files=[sent["token"]])
    assert "Preset saved: hero" == answer["messages"][0]["title"]
    await command(served, "grace", "/imagine a fox --preset look,hero", "key-00003")
    request = (await served.core.newest()).request
    assert isinstance(request, ImageRequest)
    assert 1 == len(request.style_refs)
    assert 1 == len(request.character_refs)
