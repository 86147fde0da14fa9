"""The settings, their defaults, and the tables of them in the documentation."""

import os
import re
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from adapters.discord import plugin as discord
from adapters.discord.settings import DiscordSettings
from adapters.slack import plugin as slack_adapter
from adapters.slack.settings import SlackSettings
from bot.domain.generations.models import Lane
from bot.domain.money.quota import Period
from bot.environment import setting_names
from bot.media.storage.bucket_location import bucket_of, has_links
from bot.settings import Role, Settings, Switch, describe_error
from bot.store.database.connect import path_of
from bot.timing import Timing

_DOCUMENT = Path(__file__).parents[2] / "docs" / "settings.md"
#: read by the libraries below us
_LIBRARIES = frozenset({"SSL_CERT_FILE"})


@pytest.fixture(autouse=True)
def _bare() -> Iterator[None]:
    """Nothing that the developer has set; what a test sets is gone after it."""
    before = dict(os.environ)
    for name in before:
        if (
            name.upper().startswith(("REVERIE_", "LUMAAI_", "SLACK_", "DISCORD_", "AWS_"))
            or name.upper() == "HTTPS_PROXY"
        ):
            del os.environ[name]
    yield
    os.environ.clear()
    os.environ.update(before)


def _read(**environment: str) -> Settings:
    os.environ.update(environment)
    return Settings()


def test_nothing_needs_to_be_set() -> None:
    """Every row of the design's table that this version has, with its default."""
    found = Settings()
    assert () == found.luma_keys
    assert "https://api.lumalabs.ai/dream-machine/v1" == found.luma_base_url
    assert ("simulator",) == found.providers
    assert "sqlite:///data/reverie.db" == found.database
    assert Path("data") == found.data_dir
    assert ("127.0.0.1", 8080, None) == (found.http_host, found.http_port, found.public_url)
    assert (Switch.AUTO, None) == (found.playground, found.playground_password)
    assert found.secret_key is None
    assert found.https_proxy is None
    assert () == found.operators
    assert Role.ALL is found.role
    assert 1 == found.time_scale
    assert not found.proxy_resolves
    assert ("console", "info") == (found.log_format, found.log_level)
    assert (20, 10) == (found.commands_per_minute, found.commands_burst)
    assert (50, 10_000) == (found.patience.member, found.patience.workspace)
    assert (40, 80) == found.lane_limits(Lane.IMAGE)
    assert (10, 20) == found.lane_limits(Lane.VIDEO)


def test_on_the_simulator_everybody_may_spend_play_money() -> None:
    found = Settings().defaults
    assert (100_000_000, Period.MONTH) == (found.ceiling.amount, found.ceiling.period)
    assert (25_000_000, Period.DAY) == (found.member.amount, found.member.period)


def test_with_a_key_nobody_may_spend_the_operators_money_unasked() -> None:
    found = _read(LUMAAI_API_KEY="luma-1, luma-2,,luma-1")
    assert ["luma-1", "luma-2"] == [key.get_secret_value() for key in found.luma_keys]
    assert ("luma",) == found.providers
    assert not found.simulated
    assert (0, 1_000_000) == (found.defaults.ceiling.amount, found.defaults.member.amount)


_KEYS = {"APPYPIE_SUBSCRIPTION_KEY": "a1,,a2", "LUMA_AGENTS_API_KEY": "b", "LUMAAI_API_KEY": "c"}


@pytest.mark.parametrize(
    ("environment", "providers"),
    [
        (_KEYS, ("luma", "luma-agents", "appypie")),
        ({"LUMA_AGENTS_API_KEY": "b"}, ("luma-agents",)),
        (_KEYS | {"REVERIE_PROVIDER": "appypie,luma"}, ("appypie", "luma")),
        ({"LUMA_AGENTS_API_KEY": " , "}, ("simulator",)),
    ],
)
def test_the_providers_with_a_key_are_used_in_their_usual_order_or_in_the_one_given(
    environment: dict[str, str], providers: tuple[str, ...]
) -> None:
    found = _read(**environment)
    assert providers == found.providers
    if "appypie" in providers:
        assert ["a1", "a2"] == [key.get_secret_value() for key in found.keys_of("appypie")]


def test_what_is_given_to_everybody_can_be_set() -> None:
    found = _read(REVERIE_DEFAULT_CEILING="12.50", REVERIE_DEFAULT_ALLOWANCE="0")
    assert Decimal("12.50") == found.default_ceiling
    assert (12_500_000, 0) == (found.defaults.ceiling.amount, found.defaults.member.amount)


def test_lists_are_parted_by_commas() -> None:
    found = _read(REVERIE_PROVIDER="luma, simulator", REVERIE_OPERATORS=" discord:1 ,slack:T:2,")
    assert ("luma", "simulator") == found.providers
    assert not found.simulated
    assert ("discord:1", "slack:T:2") == found.operators


def test_a_bucket_is_named_by_the_usual_names() -> None:
    found = _read(
        REVERIE_MEDIA_URL=" s3://our-films/media/of-2026/ ",
        AWS_ACCESS_KEY_ID="key",
        AWS_SECRET_ACCESS_KEY="hidden\n",
        AWS_DEFAULT_REGION="eu-west-1",
        AWS_ENDPOINT_URL="https://minio.example/",
    )
    assert "s3://our-films/media/of-2026" == found.media_url
    bucket = bucket_of(found, found.media_url)
    assert ("our-films", "media/of-2026") == (bucket.name, bucket.prefix)
    assert ("eu-west-1", "https://minio.example") == (bucket.region, bucket.endpoint)
    assert bucket.secret_access_key is not None
    assert "hidden" == bucket.secret_access_key.get_secret_value()
    assert "hidden" not in repr(found)
    assert "hidden" not in repr(bucket)


@pytest.mark.parametrize("name", ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"])
def test_half_of_a_buckets_credentials_is_told(name: str) -> None:
    with pytest.raises(ValidationError) as caught:
        _read(REVERIE_MEDIA_URL="s3://our-films", **{name: "half"})
    assert describe_error(caught.value).startswith(
        "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY belong together"
    )


@pytest.mark.parametrize(
    ("endpoint", "redirect", "links"),
    [
        (None, Switch.AUTO, True),
        ("https://minio.example", Switch.AUTO, True),
        ("http://minio:9000", Switch.AUTO, False),
        ("http://minio:9000", Switch.ON, True),
        ("https://minio.example", Switch.OFF, False),
    ],
)
def test_people_read_from_a_bucket_that_they_can_reach(
    endpoint: str | None, redirect: Switch, links: bool
) -> None:
    settings = Settings(media_url="s3://our-films", aws_endpoint_url=endpoint, media_redirect=redirect)
    assert links is has_links(settings, bucket_of(settings, "s3://our-films"))


@pytest.mark.parametrize("url", ["wrong.example", "ftp://wrong.example/x", "https://wrong.example/a b"])
def test_a_webhook_that_is_no_address_is_refused_without_showing_it(url: str) -> None:
    with pytest.raises(ValidationError) as caught:
        _read(REVERIE_ALERT_WEBHOOK=url)
    told = describe_error(caught.value)
    assert told.startswith("REVERIE_ALERT_WEBHOOK: write it like https://")
    assert url not in told
    assert "T0/B0" not in repr(_read(REVERIE_ALERT_WEBHOOK="https://hooks.slack.example/services/T0/B0"))


def test_an_empty_variable_is_one_that_is_not_set() -> None:
    """Compose files make such variables; an empty secret would sign with nothing."""
    names = [
        "SECRET_KEY",
        "HTTP_PORT",
        "PROVIDER",
        "PUBLIC_URL",
        "DEFAULT_CEILING",
        "METRICS_TOKEN",
        "DATA_DIR",
    ]
    found = _read(LUMAAI_API_KEY="", HTTPS_PROXY="", **{f"REVERIE_{name}": "" for name in names})
    assert Settings.model_construct() == found


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("REVERIE_HTTP_PORT", "99999", "65535"),
        ("REVERIE_HTTP_PORT", "web", "integer"),
        ("REVERIE_PROVIDER", "luma,dalle", "dalle is not known; use luma, luma-agents, appypie, simulator"),
        ("REVERIE_PUBLIC_URL", "bot.example.org", "write it like https://bot.example.org"),
        ("REVERIE_MEDIA_URL", "films", "write it like s3://bucket or s3://bucket/prefix"),
        ("REVERIE_MEDIA_URL", "s3://", "write it like s3://bucket"),
        ("REVERIE_MEDIA_URL", "s3://films/../secret?x", "write it like s3://bucket"),
        ("REVERIE_MEDIA_URL", "s3://a:b@films/p", "write it like s3://bucket"),  # pragma: allowlist secret
        ("AWS_ENDPOINT_URL_S3", "minio:9000", "write it like https://s3.example.org"),
        ("REVERIE_PLAYGROUND", "maybe", "'auto', 'on' or 'off'"),
        ("REVERIE_ROLE", "boss", "'all', 'gateway' or 'worker'"),
        ("REVERIE_TIME_SCALE", "0", "greater than 0"),
        ("REVERIE_TIME_SCALE", "inf", "finite"),
        ("REVERIE_SIMULATOR_SPEED", "nan", "finite"),
        ("REVERIE_DEFAULT_CEILING", "-1", "greater than or equal to 0"),
        ("REVERIE_DEFAULT_CEILING", "1e30", "less than or equal to 1000000"),
        ("REVERIE_DEFAULT_ALLOWANCE", "much", "decimal"),
        ("REVERIE_IMAGE_CONCURRENT", "0", "greater than or equal to 1"),
        ("REVERIE_LOG_FORMAT", "xml", "'console' or 'json'"),
        ("REVERIE_LOG_LEVEL", "loud", "'debug', 'info', 'warning' or 'error'"),
        ("REVERIE_TIMING__POLL", "soon", "integer"),
        ("REVERIE_TIMING__POL", "1", "not permitted"),
    ],
)
def test_nonsense_is_refused_with_what_to_write(name: str, value: str, words: str) -> None:
    with pytest.raises(ValidationError) as refusal:
        _read(**{name: value})
    assert words in refusal.value.errors()[0]["msg"]


_TOKEN = "xoxb-1.2.a-B_c"


@pytest.mark.parametrize(
    "written",
    [
        f"{_TOKEN}\n",
        f"  {_TOKEN}\t\r\n",
        f'"{_TOKEN}"',
        f"'{_TOKEN}'\n",
        f'" {_TOKEN} "',
        f"'\"{_TOKEN}\"'",
    ],
)
def test_secrets_are_read_without_the_line_break_of_their_file_and_quotes(written: str) -> None:
    slack = ("BOT_TOKEN", "APP_TOKEN", "SIGNING_SECRET", "CLIENT_ID", "CLIENT_SECRET")
    found = _read(
        LUMAAI_API_KEY=written,
        REVERIE_PLAYGROUND_PASSWORD=written,
        REVERIE_METRICS_TOKEN=written,
        DISCORD_TOKEN=written,
        **{f"SLACK_{name}": written for name in slack},
    )
    at_slack = SlackSettings()
    read = (
        *found.luma_keys,
        found.playground_password,
        found.metrics_token,
        DiscordSettings().token,
        at_slack.bot_token,
        at_slack.app_token,
        at_slack.signing_secret,
        at_slack.client_secret,
    )
    assert {_TOKEN} == {secret.get_secret_value() for secret in read if secret is not None}
    assert (8, _TOKEN) == (len(read), at_slack.client_id)


def test_several_keys_may_be_quoted_together_or_each() -> None:
    for written in ("'one, two'\n", '"one","two"', "'one' ,\"two\" "):
        assert ["one", "two"] == [key.get_secret_value() for key in _read(LUMAAI_API_KEY=written).luma_keys]


def test_a_secret_of_which_nothing_is_left_is_one_that_is_not_set() -> None:
    found = _read(REVERIE_METRICS_TOKEN="\n", REVERIE_PLAYGROUND_PASSWORD="''", DISCORD_TOKEN=' " "')
    assert (None, None, None) == (found.metrics_token, found.playground_password, DiscordSettings().token)


def test_the_secret_key_is_used_to_the_byte_for_it_has_encrypted_already() -> None:
    written = "'a key of an installation that is as old as the hills'\n"
    found = _read(REVERIE_SECRET_KEY=written).secret_key
    assert found is not None
    assert written == found.get_secret_value()


@pytest.mark.parametrize(
    ("environment", "told"),
    [
        ({"DISCORD_TOKEN": "a.b c.d"}, "DISCORD_TOKEN has a blank"),
        ({"DISCORD_TOKEN": "“a.b.c”"}, "DISCORD_TOKEN has a character that no token has"),
        ({"DISCORD_TOKEN": "0123456789abcdef"}, "DISCORD_TOKEN is not a bot token"),
        ({"DISCORD_TOKEN": "Bot a.b.c"}, "DISCORD_TOKEN has a blank"),
    ],
)
def test_what_cannot_be_discords_token_is_named(environment: dict[str, str], told: str) -> None:
    os.environ.update(environment)
    with pytest.raises(ValueError, match=re.escape(told)) as refusal:
        discord.enabled(Settings())
    assert environment["DISCORD_TOKEN"] not in str(refusal.value)


@pytest.mark.parametrize(
    ("environment", "told"),
    [
        ({"SLACK_BOT_TOKEN": "xapp-1"}, "SLACK_BOT_TOKEN does not begin with xoxb- or xoxe."),
        ({"SLACK_APP_TOKEN": "xoxb-1"}, "SLACK_APP_TOKEN does not begin with xapp-"),
        ({"SLACK_SIGNING_SECRET": "a b"}, "SLACK_SIGNING_SECRET has a blank"),
        ({"SLACK_BOT_TOKEN": "xoxb-ä"}, "SLACK_BOT_TOKEN has a character"),
    ],
)
def test_what_cannot_be_slacks_token_is_named(environment: dict[str, str], told: str) -> None:
    os.environ.update({"SLACK_BOT_TOKEN": "xoxb-1", "SLACK_APP_TOKEN": "xapp-1"} | environment)
    with pytest.raises(ValueError, match=re.escape(told)):
        slack_adapter.enabled(Settings())


def test_a_misspelt_time_is_refused_with_the_nearest() -> None:
    with pytest.raises(ValidationError) as refusal:
        _read(REVERIE_TIMING__POL="1")
    assert "REVERIE_TIMING__POL is not known; did you mean REVERIE_TIMING__POLL?" == describe_error(
        refusal.value
    )


def test_secrets_are_not_shown() -> None:
    shown = repr(
        _read(
            LUMAAI_API_KEY="hush-key",
            HTTPS_PROXY="http://user:hush@proxy",  # pragma: allowlist secret
            REVERIE_SECRET_KEY="hush-secret",
            REVERIE_DATABASE_URL="postgresql://bot:hush@host/name",  # pragma: allowlist secret
            REVERIE_PLAYGROUND_PASSWORD="hush",
            REVERIE_METRICS_TOKEN="hush",
        )
    )
    assert "hush" not in shown


def test_the_public_url_ends_without_a_slash() -> None:
    assert "https://bot.example.org" == _read(REVERIE_PUBLIC_URL="https://bot.example.org/").public_url
    assert "http://127.0.0.1:8080" == _read(REVERIE_PUBLIC_URL="http://127.0.0.1:8080").public_url


@pytest.mark.parametrize("folder", ["data", "/srv/re verie#1?x=%41"])
def test_the_database_lies_in_the_data_folder_whatever_its_name(folder: str) -> None:
    assert Path(folder) / "reverie.db" == path_of(_read(REVERIE_DATA_DIR=folder).database)


def test_a_time_can_be_set_alone() -> None:
    found = _read(REVERIE_TIMING__POLL="50", REVERIE_TIME_SCALE="0.1")
    assert Timing(poll=50) == found.timing
    assert Timing(poll=50).scaled(0.1) == found.times
    assert (5, 6_000) == (found.times.poll, found.times.unknown_grace)


@given(st.floats(1e-9, 1000))
def test_every_time_is_scaled_and_none_becomes_nothing(scale: float) -> None:
    scaled = Timing().scaled(scale).model_dump()
    for name, value in Timing().model_dump().items():
        assert scaled[name] == max(1, round(value * scale))


def test_the_defaults_keep_what_depends_on_one_another() -> None:
    """A claim is given up before its lease ends, and a create before it can be searched for."""
    times = Timing()
    assert times.claim_age + times.http_timeout < times.submit_lease < times.unknown_grace
    assert times.lane_window >= 60_000 + times.claim_age
    assert times.unknown_grace < times.unknown_deadline


def _names_of_settings() -> set[str]:
    """Those of single settings: the document lists a group as a whole."""
    names: set[str] = set()
    for model in (Settings, DiscordSettings, SlackSettings):
        names |= {name for name in setting_names(model) if "__" not in name}
    return names


def _documented_names() -> set[str]:
    rows = [line for line in _DOCUMENT.read_text(encoding="utf-8").splitlines() if line.startswith("|")]
    return {
        name.rstrip("_") for row in rows for name in re.findall(r"`([A-Z][A-Z0-9_]+)…?`", row.split("|")[1])
    }


def test_every_setting_is_documented() -> None:
    assert set() == _names_of_settings() - _documented_names()


def test_nothing_is_documented_that_does_not_exist() -> None:
    times = {f"REVERIE_TIMING__{name.upper()}" for name in Timing.model_fields}
    assert set() == _documented_names() - _names_of_settings() - times - _LIBRARIES
