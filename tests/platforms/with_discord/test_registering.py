"""The commands as people see them, and how Discord comes to know them."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping
from typing import Any

import pytest
from discord.http import Route
from pydantic import SecretStr

from adapters.discord.events.menu_entries import Menu
from adapters.discord.gateway.command_payloads import Localisation, payloads
from adapters.discord.gateway.command_sync import is_registered, register
from adapters.discord.messages.option_fields import DISCORD_COMMAND_SIZE, DISCORD_DESCRIPTION
from adapters.discord.rest.client import Rest
from adapters.discord.rest.errors import Refusal
from bot.domain.commands import CATALOGUE, Audience
from tests.platforms.fake_discord import FakeDiscord, NotOffered, Permissions, Upload

WRITES = "PUT *"


@pytest.fixture
async def rest(fake: FakeDiscord) -> AsyncIterator[Rest]:
    rest = Rest(SecretStr(fake.token), connector=fake.connector)
    yield rest
    await rest.close()


@pytest.fixture
def application(fake: FakeDiscord) -> str:
    return str(fake.world.application_id)


def size(payload: Mapping[str, Any]) -> int:
    """The characters that Discord counts, each text in its longest language."""
    texts = [
        max(map(len, (payload[field], *payload.get(f"{field}_localizations", {}).values())))
        for field in ("name", "description")
        if field in payload
    ]
    chosen = [len(choice["name"]) + len(choice["value"]) for choice in payload.get("choices", ())]
    return sum(texts) + sum(chosen) + sum(size(option) for option in payload.get("options", ()))


def abouts(several: Iterable[Mapping[str, Any]]) -> set[str]:
    """Every description, those of options included."""
    return {
        about
        for one in several
        for about in (one.get("description", ""), *abouts(one.get("options", ())))
        if about
    }


async def test_commands_are_written_only_where_discord_knows_others(
    rest: Rest, application: str, fake: FakeDiscord
) -> None:
    assert not await is_registered(rest, application)
    assert await register(rest, application)
    assert await is_registered(rest, application)
    assert not await register(rest, application)
    assert 1 == len(fake.requests(WRITES))

    everywhere = Route("PUT", "/applications/{application_id}/commands", application_id=application)
    # One bound less, and 0 is one too.
    others = payloads()
    position = next(
        option for one in others for option in one.get("options", ()) if option["name"] == "x_start"
    )
    assert 0 == position.pop("min_value")
    await rest.request(everywhere, others)
    assert not await is_registered(rest, application)
    # A command too many.
    await rest.request(everywhere, [*payloads(), {"name": "old", "description": "Of another version"}])
    assert await register(rest, application)
    assert len(payloads()) == len(fake.world.commands.all(None))


async def test_what_discord_adds_of_its_own_is_no_difference(
    rest: Rest, application: str, fake: FakeDiscord
) -> None:
    await register(rest, application)
    for command in fake.world.commands.all(None):
        command |= {"default_permission": True, "integration_types": command["integration_types"][::-1]}
    assert await is_registered(rest, application)


async def test_processes_that_start_at_once_register_the_same(rest: Rest, application: str) -> None:
    wrote = await asyncio.gather(*(register(rest, application) for _ in range(3)))
    assert any(wrote)
    assert await is_registered(rest, application)


async def test_listed_guilds_alone_are_told_and_what_is_known_everywhere_stays(
    rest: Rest, application: str, fake: FakeDiscord
) -> None:
    guild, other = fake.guild("Workshop"), fake.guild("Film club")
    everywhere = Route("PUT", "/applications/{application_id}/commands", application_id=application)
    await rest.request(everywhere, [{"name": "old", "description": "Of the version that runs"}])
    assert await register(rest, application, [str(guild.id)])
    assert not await register(rest, application, [str(guild.id)])
    assert ["old"] == [one["name"] for one in fake.world.commands.all(None)]
    assert len(payloads()) == len(fake.world.commands.all(guild.id))
    assert not await is_registered(rest, application, [str(guild.id), str(other.id)])


async def test_people_are_offered_the_catalogue_and_admins_what_is_theirs(
    rest: Rest, application: str, fake: FakeDiscord
) -> None:
    await register(rest, application)
    guild = fake.guild("Film club")
    ada = fake.member(guild, "ada")
    admin = fake.member(guild, "eve", roles=[fake.role(guild, "admins", Permissions.MANAGE_GUILD)])
    fox = Upload(filename="fox.png", content=b"not looked at here")

    ada.slash("imagine", prompt="a fox", count=4, image4=fox, style_from="x", weights="image4 0.5")
    for values in ({"count": 5}, {"model": "photon-9"}, {"prompt": "x" * 5001}, {"nonsense": "x"}):
        with pytest.raises(NotOffered):
            ada.slash("imagine", **{"prompt": "a fox"} | values)
    with pytest.raises(NotOffered):
        ada.slash("imagine")
    admin.slash("quotas set", amount="5", member=ada, period="week")
    with pytest.raises(NotOffered):
        ada.slash("studio pause")

    message = ada.write("my hills", fox)
    for menu in Menu:
        ada.use_on(message, menu)

    # Where only a person has installed it, and where the bot is not.
    abroad = fake.member(fake.guild("Elsewhere", with_bot=False), "bob")
    in_group = fake.user("cy", installed=True).at(fake.group("friends", [ada]))
    directly = ada.at(fake.world.direct_channel(ada.user))
    for person in (abroad, in_group, directly):
        person.slash("imagine", prompt="a fox")
    with pytest.raises(NotOffered):
        directly.slash("quotas show")


async def test_commands_are_named_in_other_languages_and_fit_in_each(
    rest: Rest, application: str, fake: FakeDiscord
) -> None:
    """Measured with a language that takes a third more room than English."""
    wordy = {about: f"{about}{'ä' * (len(about) // 3)}"[:DISCORD_DESCRIPTION] for about in abouts(payloads())}
    told = {
        "de": Localisation(names={"imagine": "träume", "prompt": "wörter", Menu.DETAILS: "Näheres"}),
        "fr": Localisation(descriptions=wordy),
    }
    assert await register(rest, application, localisations=told)
    assert await is_registered(rest, application, localisations=told)
    assert not await is_registered(rest, application)
    imagine, details = (fake.world.commands.named(None, *one) for one in (("imagine", 1), (Menu.DETAILS, 3)))
    assert imagine is not None
    assert details is not None
    assert ({"de": "träume"}, {"de": "wörter"}, {"de": "Näheres"}) == (
        imagine["name_localizations"],
        imagine["options"][0]["name_localizations"],
        details["name_localizations"],
    )
    sizes = {one["name"]: size(one) for one in payloads(told)}
    assert [] == [name for name, characters in sizes.items() if characters > DISCORD_COMMAND_SIZE]

    endless = dict.fromkeys(wordy, "x" * (DISCORD_DESCRIPTION + 1))
    with pytest.raises(Refusal, match="BASE_TYPE_BAD_LENGTH"):
        await register(rest, application, localisations={"fr": Localisation(descriptions=endless)})


def test_admins_commands_are_theirs_alone_in_servers() -> None:
    admins = {name.partition(" ")[0] for name, one in CATALOGUE.items() if one.audience is Audience.ADMINS}
    found = {one["name"] for one in payloads() if one.get("default_member_permissions") == "32"}
    assert admins == found
