"""The command payloads, and how they are registered."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from typing import Any

import pytest
from discord.http import Route
from pydantic import SecretStr

from adapters.discord.events.message_menu import MenuEntry
from adapters.discord.gateway.command_payloads import command_payloads
from adapters.discord.gateway.command_sync import are_commands_synced, sync_commands
from adapters.discord.messages.option_fields import DISCORD_COMMAND_SIZE, DISCORD_DESCRIPTION
from adapters.discord.rest.client import RestClient
from adapters.discord.rest.errors import ApiError
from bot.domain.commands import CATALOGUE, Audience
from bot.domain.generations.models import ModifyMode
from tests.platforms.fake_discord import FakeDiscord, NotOffered, Permissions, Upload

WRITES = "PUT *"


@pytest.fixture
async def rest(fake: FakeDiscord) -> AsyncIterator[RestClient]:
    rest = RestClient(SecretStr(fake.token), connector=fake.connector)
    yield rest
    await rest.close()


@pytest.fixture
def application(fake: FakeDiscord) -> str:
    return str(fake.world.application_id)


def size(payload: Mapping[str, Any], *, more: int = 0) -> int:
    """The characters that Discord counts, with descriptions of so many percent more."""
    described = len(payload.get("description", "")) * (100 + more) // 100
    texts = len(payload["name"]) + min(described, DISCORD_DESCRIPTION)
    chosen = [len(choice["name"]) + len(choice["value"]) for choice in payload.get("choices", ())]
    return texts + sum(chosen) + sum(size(option, more=more) for option in payload.get("options", ()))


def test_each_mode_of_modify_is_shown_with_its_explanation() -> None:
    (mode,) = (
        option
        for command in command_payloads()
        if command["name"] == "modify"
        for option in command["options"]
        if option["name"] == "mode"
    )
    explained = {choice["value"]: choice["name"].partition(" · ") for choice in mode["choices"]}
    assert list(ModifyMode) == list(explained)
    assert all(value == name and note for value, (name, _, note) in explained.items())
    assert len(explained) == len({note for _, _, note in explained.values()})


async def test_commands_are_written_only_where_they_differ(
    rest: RestClient, application: str, fake: FakeDiscord
) -> None:
    assert not await are_commands_synced(rest, application)
    assert await sync_commands(rest, application)
    assert await are_commands_synced(rest, application)
    assert not await sync_commands(rest, application)
    assert 1 == len(fake.requests(WRITES))

    everywhere = Route("PUT", "/applications/{application_id}/commands", application_id=application)
    # One limit is missing, and 0 is a limit too.
    others = command_payloads()
    position = next(
        option for one in others for option in one.get("options", ()) if option["name"] == "x_start"
    )
    assert 0 == position.pop("min_value")
    await rest.request(everywhere, others)
    assert not await are_commands_synced(rest, application)
    # One command too many.
    await rest.request(
        everywhere, [*command_payloads(), {"name": "old", "description": "Of another version"}]
    )
    assert await sync_commands(rest, application)
    assert len(command_payloads()) == len(fake.world.commands.all(None))


async def test_fields_that_discord_adds_are_no_difference(
    rest: RestClient, application: str, fake: FakeDiscord
) -> None:
    await sync_commands(rest, application)
    for command in fake.world.commands.all(None):
        command |= {"default_permission": True, "integration_types": command["integration_types"][::-1]}
    assert await are_commands_synced(rest, application)


async def test_processes_that_start_at_once_register_the_same(rest: RestClient, application: str) -> None:
    wrote = await asyncio.gather(*(sync_commands(rest, application) for _ in range(3)))
    assert any(wrote)
    assert await are_commands_synced(rest, application)


async def test_listed_guilds_get_their_own_commands_and_global_ones_stay(
    rest: RestClient, application: str, fake: FakeDiscord
) -> None:
    guild, other = fake.guild("Workshop"), fake.guild("Film club")
    everywhere = Route("PUT", "/applications/{application_id}/commands", application_id=application)
    await rest.request(everywhere, [{"name": "old", "description": "Of the version that runs"}])
    assert await sync_commands(rest, application, [str(guild.id)])
    assert not await sync_commands(rest, application, [str(guild.id)])
    assert ["old"] == [one["name"] for one in fake.world.commands.all(None)]
    assert len(command_payloads()) == len(fake.world.commands.all(guild.id))
    assert not await are_commands_synced(rest, application, [str(guild.id), str(other.id)])


async def test_members_see_the_catalogue_and_admins_their_commands(
    rest: RestClient, application: str, fake: FakeDiscord
) -> None:
    await sync_commands(rest, application)
    guild = fake.guild("Film club")
    ada = fake.member(guild, "ada")
    admin = fake.member(guild, "eve", roles=[fake.role(guild, "admins", Permissions.MANAGE_GUILD)])
    fox = Upload(filename="fox.png", content=b"not looked at here")

    ada.slash("imagine", prompt="a fox", count=4, image4=fox, style_from="x", weights="image4 0.5")
    for values in ({"count": 5}, {"format": "gif"}, {"prompt": "x" * 5001}, {"nonsense": "x"}):
        with pytest.raises(NotOffered):
            ada.slash("imagine", **{"prompt": "a fox"} | values)
    with pytest.raises(NotOffered):
        ada.slash("imagine")
    admin.slash("quotas set", amount="5", member=ada, period="week")
    with pytest.raises(NotOffered):
        ada.slash("studio pause")

    message = ada.write("my hills", fox)
    for menu in MenuEntry:
        ada.use_on(message, menu)

    # Where only a user has installed the app, and in private channels.
    abroad = fake.member(fake.guild("Elsewhere", with_bot=False), "bob")
    in_group = fake.user("cy", installed=True).at(fake.group("friends", [ada]))
    directly = ada.at(fake.world.direct_channel(ada.user))
    for person in (abroad, in_group, directly):
        person.slash("imagine", prompt="a fox")
    with pytest.raises(NotOffered):
        directly.slash("quotas show")


def test_commands_would_fit_in_a_language_that_takes_a_third_more_room() -> None:
    sizes = {one["name"]: size(one, more=34) for one in command_payloads()}
    assert [] == [name for name, characters in sizes.items() if characters > DISCORD_COMMAND_SIZE]


async def test_localizations_of_another_version_are_replaced(
    rest: RestClient, application: str, fake: FakeDiscord
) -> None:
    await sync_commands(rest, application)
    imagine = fake.world.commands.named(None, "imagine", 1)
    assert imagine is not None
    imagine["name_localizations"] = {"de": "träume"}
    assert not await are_commands_synced(rest, application)
    assert await sync_commands(rest, application)


async def test_a_description_that_is_too_long_is_an_error(rest: RestClient, application: str) -> None:
    route = Route("PUT", "/applications/{application_id}/commands", application_id=application)
    endless = {"name": "imagine", "description": "x" * (DISCORD_DESCRIPTION + 1)}
    with pytest.raises(ApiError, match=r"BASE_TYPE_(BAD|MAX)_LENGTH"):
        await rest.request(route, [endless])


def test_admin_commands_need_manage_server() -> None:
    admins = {name.partition(" ")[0] for name, one in CATALOGUE.items() if one.audience is Audience.ADMINS}
    found = {one["name"] for one in command_payloads() if one.get("default_member_permissions") == "32"}
    assert admins == found
