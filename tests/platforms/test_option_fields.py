"""The fields that each platform makes of a command's options."""

from typing import Annotated

import pytest

from adapters.discord.messages.option_fields import (
    DISCORD_TEXT,
    WEIGHTS,
    DiscordField,
    DiscordKind,
    attachments,
    discord_fields,
)
from adapters.slack.messages.option_fields import SLACK_TEXT, SlackKind, slack_fields
from bot.domain.commands import CATALOGUE, Animate, Command, Extend, Imagine, Modify, Reframe
from bot.domain.generations.offers import OFFERED_OPTIONS
from bot.domain.options import Kind, MediaRef, OptionSpec, options

_COMMANDS = pytest.mark.parametrize("command", CATALOGUE.values(), ids=lambda command: command.name)


def _on_discord(command: type[Command]) -> dict[str, DiscordField]:
    return {field.name: field for field in discord_fields(command)}


@_COMMANDS
def test_every_option_can_be_given_on_every_platform(command: type[Command]) -> None:
    every = list(options(command))
    # Several roles or channels are chosen in the selects of a message on Discord.
    one_each = [
        option for option in every if option.kind not in (Kind.ROLE, Kind.CHANNEL) or option.max_count == 1
    ]
    for spec, fields in ((one_each, discord_fields(command)), (every, slack_fields(command))):
        assert spec == list(dict.fromkeys(field.option for field in fields if field.option is not None))
        required = [field.required for field in fields]
        assert sorted(required, reverse=True) == required


def test_a_picture_is_an_attachment_or_named_in_a_text() -> None:
    fields = _on_discord(Animate)
    assert (DiscordKind.ATTACHMENT, False) == (fields["start"].kind, fields["start"].autocompleted)
    assert (DiscordKind.TEXT, True) == (fields["start_from"].kind, fields["start_from"].autocompleted)
    assert fields["start"].option is fields["start_from"].option
    assert "start1" not in fields
    assert WEIGHTS not in fields


def test_what_is_required_in_words_comes_first_and_a_picture_never_is() -> None:
    class Needy(Command):
        name, description = "needy", "Needs both"
        picture: Annotated[MediaRef, OptionSpec(description="What it is", kind=Kind.MEDIA)]
        prompt: Annotated[str, OptionSpec(description="What it shows")]

    for fields in (discord_fields(Needy), slack_fields(Needy)):
        asked = [(field.name, field.required) for field in fields]
        assert [("prompt", True), ("picture", False), ("picture_from", False)] == asked


def test_several_pictures_are_one_attachment_each_and_one_text_for_all() -> None:
    fields = _on_discord(Imagine)
    named = [name for name in fields if name.startswith("image")]
    assert ["image1", "image2", "image3", "image4", "image_from"] == named
    assert fields["image3"].description.startswith("A reference picture")
    assert fields["image3"].description.endswith(" (3 of 4)")
    assert fields["image1"].option is fields["image_from"].option


def test_influences_are_one_text_where_something_has_one() -> None:
    fields = _on_discord(Imagine)
    assert (DiscordKind.TEXT, False, None) == (
        fields[WEIGHTS].kind,
        fields[WEIGHTS].required,
        fields[WEIGHTS].option,
    )
    assert "image1 0.85, style1 0.5" in fields[WEIGHTS].description
    weighted = [command for command in CATALOGUE.values() if any(one.weighted for one in options(command))]
    assert weighted == [command for command in CATALOGUE.values() if WEIGHTS in _on_discord(command)]


def test_the_largest_commands_have_room_for_more() -> None:
    assert [24, 14, 14, 18, 9] == [
        len(discord_fields(one)) for one in (Imagine, Animate, Extend, Reframe, Modify)
    ]


@_COMMANDS
def test_what_discord_takes_fits_the_kind_of_field(command: type[Command]) -> None:
    for field in discord_fields(command):
        typed = field.kind is DiscordKind.TEXT and not field.choices
        assert typed is (field.max_length is not None)
        assert 0 < (field.max_length or 1) <= DISCORD_TEXT
        # Discord refuses an option that is both.
        assert not (field.choices and field.autocompleted)
        if field.minimum is not None or field.maximum is not None:
            # An amount of money has a least one too, and is text.
            assert field.kind in (DiscordKind.INTEGER, DiscordKind.NUMBER)


def test_jobs_media_and_concepts_are_offered_while_a_person_types() -> None:
    assert _on_discord(Extend)["job"].autocompleted
    assert _on_discord(Extend)["image_from"].autocompleted
    assert _on_discord(Animate)["concepts"].autocompleted
    assert _on_discord(Animate)["camera_motion"].autocompleted
    assert not _on_discord(Animate)["prompt"].autocompleted


@_COMMANDS
def test_a_form_on_slack_takes_files_beside_text(command: type[Command]) -> None:
    for option in options(command):
        fields = [field for field in slack_fields(command) if field.option is option]
        if option.kind is Kind.MEDIA:
            assert [SlackKind.FILES, SlackKind.TEXT] == [field.kind for field in fields]
            assert [option.max_count, 0] == [field.files for field in fields]
            assert [option.name, f"{option.name}_from"] == [field.name for field in fields]
            assert option.weighted is ("@0.85" in fields[1].description)
            assert (option.max_count > 1) is fields[0].description.endswith(f" (up to {option.max_count})")
        else:
            assert [option.name] == [field.name for field in fields]
            assert [0] == [field.files for field in fields]
        assert all((field.max_length or 0) <= SLACK_TEXT for field in fields)


@_COMMANDS
def test_a_choice_is_chosen_and_a_number_has_its_bounds_on_every_platform(command: type[Command]) -> None:
    for option in options(command):
        if option.kind is Kind.MEDIA or option.max_count > 1:
            continue
        (discord,) = (one for one in discord_fields(command) if one.option is option)
        (slack,) = (one for one in slack_fields(command) if one.option is option)
        # What depends on the workspace is offered while a person types.
        depends = option.name in OFFERED_OPTIONS
        assert depends is (discord.autocompleted and option.kind is Kind.CHOICE)
        assert (() if depends else option.choices) == discord.choices
        assert option.choices == slack.choices
        for field in (discord, slack):
            is_number = option.kind in (Kind.INTEGER, Kind.DECIMAL)
            bounds = (option.minimum, option.maximum) if is_number else (None, None)
            assert bounds == (field.minimum, field.maximum)
            assert option.required is field.required


def test_the_names_of_attachments_follow_from_how_many_there_can_be() -> None:
    spec = {option.name: option for option in options(Imagine)}
    assert ("modify",) == attachments(spec["modify"])
    assert ("character1", "character2", "character3", "character4") == attachments(spec["character"])
