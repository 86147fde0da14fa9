"""Misspelt names of settings are found, with the name that was meant."""

import pytest

from adapters.discord import plugin as discord
from adapters.slack import plugin as slack
from bot.environment import find_unknown, setting_names
from bot.settings import Settings

_KNOWN = setting_names(Settings) | discord.setting_names() | slack.setting_names()


@pytest.mark.parametrize(
    ("name", "nearest"),
    [
        ("REVERIE_HTTP_PROT", "REVERIE_HTTP_PORT"),
        ("REVERIE_PUBLIC_URI", "REVERIE_PUBLIC_URL"),
        ("REVERIE_PORT", "REVERIE_HTTP_PORT"),
        ("reverie_default_celing", "REVERIE_DEFAULT_CEILING"),
        ("REVERIE_TIMING_POLL", "REVERIE_TIMING__POLL"),
        ("REVERIE_DISCORD_SHARD", "REVERIE_DISCORD_SHARDS"),
        ("REVERIE_DISCORD__MENTION", "REVERIE_DISCORD_MENTION"),
        ("REVERIE_XYZZY_42", None),
    ],
)
def test_a_name_that_nothing_reads_is_told_with_the_nearest(name: str, nearest: str | None) -> None:
    (found,) = find_unknown({name: "1"}, _KNOWN)
    assert (name, nearest) == (found.name, found.nearest)


def test_every_known_name_and_what_others_set_is_passed_over() -> None:
    others = {
        "PATH": "/bin",
        "LUMAAI_API_KEY": "luma-1",
        "REVERIE_CHROMIUM": "/usr/bin/chromium",
        "REVERIE_PORT": "tcp://10.0.0.7:8080",
        "REVERIE_PORT_8080_TCP_PROTO": "tcp",
        "REVERIE_SERVICE_HOST": "10.0.0.7",
    }
    assert [] == find_unknown(dict.fromkeys(_KNOWN, "1") | others | {"reverie_role": "all"}, _KNOWN)


def test_the_names_within_a_group_and_those_of_adapters_are_known() -> None:
    assert {"REVERIE_TIMING__POLL", "REVERIE_DISCORD_SHARDS", "SLACK_APP_TOKEN", "HTTPS_PROXY"} <= _KNOWN
