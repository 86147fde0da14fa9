"""The fake accepts responses to interactions: once, in time, and follow-ups for 15 minutes."""

import io

import discord
import pytest
from discord import app_commands

from tests.platforms.fake_discord import Callback, FakeDiscord, NotOffered, Permissions, Upload
from tests.platforms.tiny_bot import TinyBot, running

FIFTEEN_MINUTES_S = 15 * 60
BYTES = b"not really a picture"


def imagine(bot: TinyBot) -> None:
    """Register one command and leave its answer to the test."""

    @bot.tree.command(description="Make a picture")
    @app_commands.choices(shape=[app_commands.Choice(name="wide", value="16:9")])
    async def imagine(
        _: discord.Interaction,
        prompt: str,
        count: app_commands.Range[int, 1, 4] = 1,
        picture: discord.Attachment | None = None,
        shape: str = "16:9",
    ) -> None:
        del prompt, count, picture, shape


def code_of(refusal: pytest.ExceptionInfo[discord.HTTPException]) -> tuple[int, int]:
    return refusal.value.status, refusal.value.code


async def test_a_command_is_answered_with_words_an_embed_and_a_file(fake: FakeDiscord) -> None:
    ada = fake.member(fake.guild("Film club"), "ada")
    async with running(fake, imagine) as bot:
        asked = ada.slash("imagine", prompt="a fox", picture=Upload(filename="in.png", content=BYTES))
        interaction = await bot.asked()
        given = discord.Attachment(
            data=interaction.data["resolved"]["attachments"].popitem()[1],  # type: ignore[typeddict-item,index]
            state=bot._connection,
        )
        await interaction.response.send_message(
            "Here",
            embed=discord.Embed(title="A fox"),
            file=discord.File(io.BytesIO(BYTES), "fox.png", description="a fox"),
        )

        assert await given.read() == BYTES

    answer = await asked.message()
    assert answer.content == "Here"
    assert [embed["title"] for embed in answer.embeds] == ["A fox"]
    assert [(file.filename, file.description, file.content) for file in answer.attachments] == [
        ("fox.png", "a fox", BYTES)
    ]
    assert ada.reads() == [answer]
    assert asked.callback is Callback.MESSAGE
    assert asked.acknowledged_after_ms is not None


async def test_what_was_deferred_is_edited_until_its_token_dies(fake: FakeDiscord) -> None:
    ada = fake.member(fake.guild("Film club"), "ada")
    async with running(fake, imagine) as bot:
        asked = ada.slash("imagine", prompt="a fox")
        interaction = await bot.asked()
        await interaction.response.defer(thinking=True)
        assert (await asked.message(lambda message: message.loading)).content == ""
        fake.clock.advance(FIFTEEN_MINUTES_S - 5)
        await interaction.edit_original_response(content="nearly")
        fake.clock.advance(6)
        with pytest.raises(discord.HTTPException) as refusal:
            await interaction.edit_original_response(content="too late")
        answer = await asked.message(lambda message: message.content == "nearly")
        channel = bot.get_partial_messageable(answer.channel.id)
        await channel.get_partial_message(answer.id).edit(content="by the bot's own token")

    assert code_of(refusal) == (401, 50027)
    assert answer.content == "by the bot's own token"
    assert [revision.content for revision in answer.revisions] == ["nearly"]


async def test_an_answer_after_three_seconds_finds_nothing(fake: FakeDiscord) -> None:
    ada = fake.member(fake.guild("Film club"), "ada")
    async with running(fake, imagine) as bot:
        asked = ada.slash("imagine", prompt="a fox")
        interaction = await bot.asked()
        fake.clock.advance(3.1)
        with pytest.raises(discord.NotFound) as refusal:
            await interaction.response.send_message("Here")

    assert code_of(refusal) == (404, 10062)
    assert asked.did_not_respond


async def test_a_second_answer_is_refused(fake: FakeDiscord) -> None:
    ada = fake.member(fake.guild("Film club"), "ada")
    async with running(fake, imagine) as bot:
        ada.slash("imagine", prompt="a fox")
        interaction = await bot.asked()
        await interaction.response.send_message("Here")
        interaction.response._response_type = None
        with pytest.raises(discord.HTTPException) as refusal:
            await interaction.response.send_message("Here again")

    assert code_of(refusal) == (400, 40060)
    assert [message.content for message in ada.reads()] == ["Here"]


async def test_an_answer_that_does_not_fit_is_refused(fake: FakeDiscord) -> None:
    """A command has no message that could be updated."""
    ada = fake.member(fake.guild("Film club"), "ada")
    async with running(fake, imagine) as bot:
        ada.slash("imagine", prompt="a fox")
        interaction = await bot.asked()
        path = f"/interactions/{interaction.id}/{interaction.token}/callback"
        with pytest.raises(discord.HTTPException) as refusal:
            await bot.call("POST", path, json={"type": 7, "data": {"content": "Here"}})

    assert code_of(refusal) == (400, 50035)


async def test_an_ephemeral_answer_is_for_one_person_and_unknown_to_the_channel(fake: FakeDiscord) -> None:
    guild = fake.guild("Film club")
    ada, bob = fake.member(guild, "ada"), fake.member(guild, "bob")
    async with running(fake, imagine) as bot:
        asked = ada.slash("imagine", prompt="a fox")
        interaction = await bot.asked()
        await interaction.response.send_message("psst", ephemeral=True)
        answer = await asked.message()
        with pytest.raises(discord.NotFound) as refusal:
            await bot.get_partial_messageable(ada.place.id).fetch_message(answer.id)

    assert code_of(refusal) == (404, 10008)
    assert (ada.reads(), bob.reads()) == ([answer], [])


async def test_the_first_follow_up_takes_the_place_of_thinking(fake: FakeDiscord) -> None:
    ada = fake.member(fake.guild("Film club"), "ada")
    async with running(fake, imagine) as bot:
        asked = ada.slash("imagine", prompt="a fox")
        interaction = await bot.asked()
        await interaction.response.defer(thinking=True, ephemeral=True)
        first = await interaction.followup.send("one", wait=True)
        second = await interaction.followup.send("two", wait=True)
        await second.edit(content="two, mended")
        await first.delete()

    assert asked.original is not None
    assert asked.original.deleted
    assert asked.original.only_for is ada.user
    assert [message.content for message in asked.follow_ups] == ["two, mended"]


async def test_a_follow_up_before_any_answer_finds_nothing(fake: FakeDiscord) -> None:
    ada = fake.member(fake.guild("Film club"), "ada")
    async with running(fake, imagine) as bot:
        ada.slash("imagine", prompt="a fox")
        interaction = await bot.asked()
        with pytest.raises(discord.NotFound) as refusal:
            await interaction.followup.send("first!")

    assert code_of(refusal) == (404, 10015)


async def test_a_person_is_kept_from_what_the_app_would_not_let_them_send(fake: FakeDiscord) -> None:
    guild = fake.guild("Film club")
    ada = fake.member(guild, "ada")
    async with running(fake, imagine):
        for wrong in (
            {},
            {"prompt": 7},
            {"prompt": "a fox", "count": 5},
            {"prompt": "a fox", "shape": "9:16"},
            {"prompt": "a fox", "colour": "red"},
        ):
            with pytest.raises(NotOffered):
                ada.slash("imagine", **wrong)
        fake.overwrite(ada.place, ada, deny=Permissions.USE_APPLICATION_COMMANDS)
        with pytest.raises(NotOffered, match="may not use commands"):
            ada.slash("imagine", prompt="a fox")


async def test_choices_are_offered_while_somebody_types(fake: FakeDiscord) -> None:
    def setup(bot: TinyBot) -> None:
        @bot.tree.command(description="Make a film")
        async def animate(_: discord.Interaction, job: str) -> None:
            del job

        @animate.autocomplete("job")
        async def offer(_: discord.Interaction, typed: str) -> list[app_commands.Choice[str]]:
            return [app_commands.Choice(name=f"{typed} {number}", value=str(number)) for number in (1, 2)]

    ada = fake.member(fake.guild("Film club"), "ada")
    async with running(fake, setup):
        choices = await ada.autocomplete("animate", "job", "fox").choices()

    assert choices == [{"name": "fox 1", "value": "1"}, {"name": "fox 2", "value": "2"}]


async def test_menus_name_the_message_or_the_person(fake: FakeDiscord) -> None:
    def setup(bot: TinyBot) -> None:
        @bot.tree.context_menu(name="Animate")
        async def animate(interaction: discord.Interaction, message: discord.Message) -> None:
            await interaction.response.send_message(f"{message.content}: {len(message.attachments)}")

        @bot.tree.context_menu(name="What they made")
        async def made(interaction: discord.Interaction, user: discord.User) -> None:
            await interaction.response.send_message(user.name)

    guild = fake.guild("Film club")
    ada, bob = fake.member(guild, "ada"), fake.member(guild, "bob")
    written = bob.write("my cat", Upload(filename="cat.png", content=BYTES))
    async with running(fake, setup):
        on_message = await ada.use_on(written, "Animate").message()
        on_person = await ada.use_on(bob, "What they made").message()

    # What somebody chose from the menu is readable without the right to read everything.
    assert (on_message.content, on_person.content) == ("my cat: 1", "bob")


async def test_subcommands_take_people_roles_and_channels(fake: FakeDiscord) -> None:
    def setup(bot: TinyBot) -> None:
        quotas = app_commands.Group(name="quotas", description="Allowances")

        @quotas.command(name="set", description="Set one")
        async def set_quota(
            interaction: discord.Interaction,
            member: discord.Member,
            role: discord.Role,
            channel: discord.TextChannel,
            amount: float,
        ) -> None:
            await interaction.response.send_message(f"{member} {role} {channel} {amount}")

        bot.tree.add_command(quotas)

    guild = fake.guild("Film club")
    ada, editors = fake.member(guild, "ada"), fake.role(guild, "editors")
    async with running(fake, setup):
        asked = ada.slash("quotas set", member=ada, role=editors, channel=ada.place, amount=1.5)
        answer = await asked.message()

    assert answer.content == "ada editors general 1.5"


async def test_commands_work_in_direct_messages_and_where_only_a_person_has_installed_the_app(
    fake: FakeDiscord,
) -> None:
    def setup(bot: TinyBot) -> None:
        @bot.tree.command(description="Make a picture")
        @app_commands.allowed_installs(guilds=True, users=True)
        @app_commands.allowed_contexts(guilds=True, dms=True, private_channels=True)
        async def imagine(interaction: discord.Interaction) -> None:
            owner = "person" if interaction.is_user_integration() else "guild"
            await interaction.response.send_message(f"{interaction.context.to_array()} {owner}")

    eve = fake.user("eve", installed=True)
    strangers = fake.guild("Strangers", with_bot=False)
    fake.join(strangers, eve.user)
    friends = fake.group("friends", [eve, fake.user("bob")])
    async with running(fake, setup):
        answers = [
            (await eve.at(place).slash("imagine").message()).content
            for place in (eve.place, strangers.first_channel(), friends)
        ]

    assert answers == ["[1] guild", "[0] person", "[2] person"]
