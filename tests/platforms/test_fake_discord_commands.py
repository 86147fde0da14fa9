"""The fake registers commands and refuses invalid ones."""

from typing import Any

import discord
import pytest
from discord import app_commands

from tests.platforms.fake_discord import FakeDiscord
from tests.platforms.tiny_bot import TinyBot, at_rest

JSON = dict[str, Any]


def option(name: str = "prompt", **more: Any) -> JSON:
    return {"type": 3, "name": name, "description": "What to show", **more}


def command(*options: JSON, **more: Any) -> JSON:
    return {"type": 1, "name": "imagine", "description": "Make a picture", "options": list(options), **more}


async def register(bot: TinyBot, *commands: JSON) -> list[JSON]:
    answer: list[JSON] = await bot.call(
        "PUT", f"/applications/{bot.application_id}/commands", json=list(commands)
    )
    return answer


async def listed(bot: TinyBot, query: str = "") -> list[JSON]:
    answer: list[JSON] = await bot.call("GET", f"/applications/{bot.application_id}/commands{query}")
    return answer


async def test_what_is_registered_again_unchanged_keeps_its_id_and_version(fake: FakeDiscord) -> None:
    async with at_rest(fake) as bot:
        first = await register(bot, command(option()), command(name="animate"))
        again = await register(bot, command(option(), description="Make pictures"), command(name="animate"))

    assert [each["id"] for each in first] == [each["id"] for each in again]
    assert first[0]["version"] != again[0]["version"]
    assert first[1] == again[1]


async def test_the_library_finds_what_it_registered(fake: FakeDiscord) -> None:
    async with at_rest(fake) as bot:

        @bot.tree.command(description="Make a picture")
        @app_commands.default_permissions(manage_guild=True)
        async def imagine(_: discord.Interaction, prompt: str, count: app_commands.Range[int, 1, 4]) -> None:
            del prompt, count

        await bot.tree.sync()
        found = (await bot.tree.fetch_commands())[0]
        count = found.options[1]

    assert found.default_member_permissions == discord.Permissions(manage_guild=True)
    assert isinstance(count, app_commands.Argument)
    assert (count.required, count.min_value, count.max_value) == (True, 1, 4)


async def test_empty_fields_are_omitted_and_defaults_are_added(fake: FakeDiscord) -> None:
    wordy = command(option(required=False, autocomplete=False, choices=[]), contexts=[2, 0])
    async with at_rest(fake) as bot:
        registered = (await register(bot, wordy))[0]

    assert registered["options"] == [option()]
    assert registered["contexts"] == [0, 2]
    assert registered["integration_types"] == [0]
    assert registered["default_member_permissions"] is None


async def test_localizations_are_returned_only_on_request(fake: FakeDiscord) -> None:
    async with at_rest(fake) as bot:
        await register(bot, command(name_localizations={"de": "träume"}))
        plain, whole = await listed(bot), await listed(bot, "?with_localizations=true")

    assert "name_localizations" not in plain[0]
    assert whole[0]["name_localizations"] == {"de": "träume"}


async def test_a_guild_of_others_takes_no_commands(fake: FakeDiscord) -> None:
    guild = fake.guild("Strangers", with_bot=False)
    async with at_rest(fake) as bot:
        with pytest.raises(discord.Forbidden) as refusal:
            await bot.tree.sync(guild=guild)

    assert refusal.value.code == 50001


async def test_one_command_is_put_changed_and_removed(fake: FakeDiscord) -> None:
    async with at_rest(fake) as bot:
        path = f"/applications/{bot.application_id}/commands"
        made = await bot.call("POST", path, json=command())
        await bot.call("PATCH", f"{path}/{made['id']}", json={"description": "Make pictures"})
        changed = await bot.call("GET", f"{path}/{made['id']}")
        await bot.call("DELETE", f"{path}/{made['id']}")
        with pytest.raises(discord.NotFound) as refusal:
            await bot.call("GET", f"{path}/{made['id']}")

    assert changed["description"] == "Make pictures"
    assert refusal.value.code == 10063


@pytest.mark.parametrize(
    ("bad", "path"),
    [
        (command(name="Imagine"), ("0", "name")),
        (command(name="x" * 33), ("0", "name")),
        (command(description=""), ("0", "description")),
        (command(description="x" * 101), ("0", "description")),
        (command(description_localizations={"de": "x" * 101}), ("0", "description_localizations", "de")),
        (command(*[option(f"o{number}") for number in range(26)]), ("0", "options")),
        (command(option(), option()), ("0", "options", "1", "name")),
        (command(option("a"), option("b", required=True)), ("0", "options", "1")),
        (
            command(option(choices=[{"name": str(number), "value": "x"} for number in range(26)])),
            ("0", "options", "0", "choices"),
        ),
        (
            command(option(choices=[{"name": "x", "value": "x" * 101}])),
            ("0", "options", "0", "choices", "0", "value"),
        ),
        (
            command(option(autocomplete=True, choices=[{"name": "x", "value": "x"}])),
            ("0", "options", "0"),
        ),
        ({"type": 3, "name": "Animate", "description": "not here"}, ("0", "description")),
    ],
)
async def test_a_bad_command_is_refused_at_the_field_that_is_bad(
    fake: FakeDiscord, bad: JSON, path: tuple[str, ...]
) -> None:
    async with at_rest(fake) as bot:
        with pytest.raises(discord.HTTPException) as refusal:
            await register(bot, bad)
        kept = await listed(bot)

    assert (refusal.value.status, refusal.value.code) == (400, 50035)
    found: Any = refusal.value._errors
    for step in path:
        found = found[step]
    assert found["_errors"][0]["message"]
    assert kept == []


async def test_a_command_is_measured_in_its_longest_language(fake: FakeDiscord) -> None:
    """8,000 characters in all, of which a longer translation takes the place of the original."""

    def of(characters: int) -> JSON:
        choices = [{"name": "n" * 100, "value": f"{number:02}"} for number in range(25)]
        options = [option(f"o{number}", description="d" * 98, choices=choices) for number in range(3)]
        room = 8000 - len("imagine") - 3 * (2 + 98 + 25 * 102)
        filler = [option(f"f{n}", description="d", description_localizations={"de": "x"}) for n in range(9)]
        left = characters - 8000 + room - len("Make a picture") - 9 * 2
        for each in filler:
            length = max(1, min(100, left - (9 - filler.index(each) - 1)))
            each["description_localizations"]["de"] = "x" * length
            left -= length
        assert left == 0
        return command(*options, *filler)

    async with at_rest(fake) as bot:
        await register(bot, of(8000))
        with pytest.raises(discord.HTTPException) as refusal:
            await register(bot, of(8001))

    assert "8000" in refusal.value.text


async def test_two_commands_of_one_name_are_refused(fake: FakeDiscord) -> None:
    async with at_rest(fake) as bot:
        with pytest.raises(discord.HTTPException) as refusal:
            await register(bot, command(), command())

    assert refusal.value.code == 50035
