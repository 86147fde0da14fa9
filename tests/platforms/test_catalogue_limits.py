"""The catalogue keeps the limits of every platform."""

from collections import Counter
from collections.abc import Iterator
from enum import StrEnum
from typing import Annotated, Any

import pytest
from pydantic import Field, create_model

from adapters.discord.messages.option_fields import discord_problems, discord_size
from adapters.slack.messages.option_fields import native_on_slack, slack_problems
from bot.domain.commands import CATALOGUE, Command, Imagine, Status
from bot.domain.options import Kind, MediaRef, OptionSpec, options

#: a group and its member
TEXT_WORDS = 2


def _command(name: str = "fine", about: str = "About it", **fields: Any) -> type[Command]:
    made = create_model(name.title().replace(" ", ""), __base__=Command, **fields)
    made.name, made.description = name, about
    return made


def _field(about: str = "About it", **opt: Any) -> Any:
    return (Annotated[str, OptionSpec(description=about, **opt)], "")


def _choices(count: int, length: int = 1) -> Any:
    members = {f"C{number}": f"{number}".zfill(length) for number in range(count)}
    return (Annotated[StrEnum("Choice", members), OptionSpec(description="Choose")], ...)


def _media(times: int, about: str = "About it", *, weighted: bool = False) -> Any:
    opt = OptionSpec(description=about, kind=Kind.MEDIA, weighted=weighted)
    if times == 1:
        return (Annotated[MediaRef | None, opt], None)
    return (Annotated[tuple[MediaRef, ...], Field(max_length=times), opt], ())


def _problems(commands: list[type[Command]]) -> list[str]:
    return [*_text_problems(commands), *discord_problems(commands), *slack_problems(commands)]


def _text_problems(commands: list[type[Command]]) -> Iterator[str]:
    names = [command.name for command in commands]
    for name, times in Counter(names).items():
        if times > 1:
            yield f"Text: /{name} is defined {times} times"
        if len(name.split()) > TEXT_WORDS:
            yield f"Text: /{name} has {len(name.split())} words, {TEXT_WORDS} are understood"
        if any(other.startswith(f"{name} ") for other in names):
            yield f"Text: /{name} is a command and a group"
    for command in commands:
        flags = Counter(flag for option in options(command) for flag in (option.name, *option.aliases))
        for flag, times in flags.items():
            if times > 1:
                yield f"Text: --{flag} of /{command.name} means {times} options"


def test_every_platform_can_show_the_catalogue() -> None:
    assert [] == _problems(list(CATALOGUE.values()))


@pytest.mark.parametrize(
    ("commands", "words"),
    [
        ([_command(**{f"o{n}": _field() for n in range(26)})], "26 options"),
        ([_command(about="x" * 101)], "101 characters"),
        ([_command(about="")], "0 characters"),
        ([_command(a=_field("x" * 101))], "101 characters"),
        ([_command("Loud")], "'Loud' of /Loud is not a legal name"),
        ([_command(**{"x" * 33: _field()})], "is not a legal name"),
        ([_command(a=_choices(26))], "26 choices"),
        ([_command(a=_choices(2, 101))], "a choice of a"),
        ([_command(**{f"o{n}": _choices(25, 20) for n in range(10)})], "characters of 8000"),
        ([_command(f"group m{n}") for n in range(26)], "26 members"),
        ([_command(f"c{n}") for n in range(101)], "101 commands"),
        ([_command(**{f"o{n}": _field() for n in range(101)})], "101 blocks"),
        ([_command(**{"x" * 76: _field()})], "too long"),
        ([_command(a=_choices(101))], "Slack: a of /fine has 101 choices"),
        ([_command(), _command()], "defined 2 times"),
        ([_command("a b c")], "3 words"),
        ([_command("quotas"), _command("quotas set")], "a command and a group"),
        ([_command(a=_field(aliases=("b",)), b=_field())], "--b of /fine means 2 options"),
        ([_command(a=_media(1), a_from=_field())], "Discord: a_from of /fine means 2 options"),
        ([_command(a=_media(1), **{f"o{n}": _field() for n in range(24)})], "26 options"),
        ([_command(a=_media(4), **{f"o{n}": _field() for n in range(21)})], "26 options"),
        ([_command(a=_media(4, weighted=True), **{f"o{n}": _field() for n in range(20)})], "26 options"),
        ([_command(a=_media(1, about="x" * 90))], "characters: 'xxx"),
        ([_command(**{"x" * 28: _media(1)})], "_from' of /fine is not a legal name"),
        ([_command(**{f"o{n}": _media(1) for n in range(51)})], "102 blocks"),
        ([_command(a=_media(1), a_from=_field())], "Slack: a_from of /fine means 2 fields"),
        ([_command(a=_media(1, about="x" * 2000))], "Slack: the hint of a_from of /fine has 20"),
        ([_command(a=_choices(2, 76))], "Slack: a choice of a of /fine is too long"),
        ([_command(a=_media(11))], "Slack: a of /fine takes 11 files"),
    ],
)
def test_a_limit_that_is_passed_is_told(commands: list[type[Command]], words: str) -> None:
    assert any(words in problem for problem in _problems(commands)), _problems(commands)


def test_required_options_come_first_as_discord_wants() -> None:
    for command in CATALOGUE.values():
        required = [option.required for option in options(command)]
        assert sorted(required, reverse=True) == required


def test_names_that_slack_keeps_go_through_the_common_command() -> None:
    assert native_on_slack(Imagine)
    assert not native_on_slack(Status)
    assert not native_on_slack(CATALOGUE["quotas set"])


def test_choices_count_twice_for_discord_as_name_and_value() -> None:
    assert len("fine" + "About it" + "a" + "Choose") + 2 * 3 == discord_size(_command(a=_choices(3)))
