"""The forms of all commands are derived from the catalogue."""

from typing import Any

import pytest

from adapters.playground.messages.command_forms import command_forms
from bot.domain.commands import CATALOGUE, Audience
from bot.domain.options import Kind, options

WORDS = {"concepts": ("dolly_zoom", "pan_left"), "camera_motion": ("camera orbit left",)}
FORMS = {form["name"]: form for form in command_forms(admin=True, suggestions=WORDS, defaults={})}


def field(command: str, name: str) -> dict[str, Any]:
    found: dict[str, Any] = next(one for one in FORMS[command]["fields"] if one["name"] == name)
    return found


@pytest.mark.parametrize("command", CATALOGUE.values(), ids=lambda command: command.name)
def test_every_command_has_a_form_with_every_option(command: Any) -> None:
    named = [one["name"] for one in FORMS[command.name]["fields"]]
    # There are no roles in the playground.
    assert [option.name for option in options(command) if option.kind is not Kind.ROLE] == named


def test_channels_and_time_zones_are_offered() -> None:
    channels = field("studio setup", "channels")
    assert (("all", "studio|studio"), ("everywhere", "studio")) == (channels["choices"], channels["labels"])
    assert ("choice", ("studio|studio",)) == tuple(
        field("quotas set", "channel")[name] for name in ("kind", "choices")
    )
    assert "Europe/Berlin" in field("studio timezone", "timezone")["suggestions"]


def test_admin_commands_are_available_to_admins_only() -> None:
    offered = {form["name"] for form in command_forms(admin=False, suggestions=WORDS, defaults={})}
    everybodys = {name for name, command in CATALOGUE.items() if command.audience is Audience.EVERYONE}
    assert everybodys == offered


def test_a_form_knows_its_fields_kinds_and_limits() -> None:
    assert field("imagine", "prompt")["required"]
    assert field("imagine", "style")["about"].endswith("makes it count more (up to 3)")
    assert field("imagine", "prompt")["longest"] == 5000
    assert (field("imagine", "count")["minimum"], field("imagine", "count")["maximum"]) == (1, 4)
    assert (field("imagine", "image")["times"], field("imagine", "image")["weighted"]) == (4, True)
    assert field("reframe", "aspect_ratio")["default"] is None
    assert field("imagine", "aspect_ratio")["default"] == "16:9"
    assert FORMS["extend"]["newest"] == {"option": "job", "kind": "video"}
    assert FORMS["animate"]["takes"] == ("start", "end")


def test_rarely_used_options_are_folded_away() -> None:
    folded = [one["name"] for one in FORMS["reframe"]["fields"] if not one["main"]]
    assert "x_start" in folded
    assert "media" not in folded
    assert field("animate", "start")["main"]
    assert not field("imagine", "style")["main"]
    assert field("audio", "negative_prompt")["main"]


def test_a_field_has_the_words_and_the_notes_that_help_to_fill_it() -> None:
    assert field("extend", "concepts")["suggestions"] == ("dolly_zoom", "pan_left")
    assert field("animate", "camera_motion")["suggestions"] == ("camera orbit left",)
    assert field("animate", "prompt")["suggestions"] == ()
    mode = field("modify", "mode")
    assert len(mode["notes"]) == len(mode["choices"]) == 9
    assert (field("modify", "weight")["kind"], field("modify", "weight")["main"]) == ("decimal", True)
