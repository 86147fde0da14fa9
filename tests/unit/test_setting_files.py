"""A secret may stand in a file that the environment names, the same for the core and every adapter."""

from pathlib import Path

import pytest
from pydantic_settings import BaseSettings

from adapters.discord import plugin as discord
from adapters.discord.settings import DiscordSettings
from adapters.slack import plugin as slack
from adapters.slack.settings import SlackSettings
from bot.environment import FILE_SUFFIX, FROM_FILE, setting_names, variable_of
from bot.settings import Settings
from tests.cli.running import complaint, reverie

_MODELS: tuple[type[BaseSettings], ...] = (Settings, DiscordSettings, SlackSettings)
_UNUSABLE = {
    b"": "is empty",
    b" \n": "is empty",
    b"\xff\xfe": "holds no text",
    b"x" * 100_000: "holds more than 65536 bytes",
}
_FIELDS = [
    pytest.param(model, name, id=variable_of(model, name))
    for model in _MODELS
    for name, field in model.model_fields.items()
    if FROM_FILE in field.metadata
]


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for model in _MODELS:
        for name in setting_names(model):
            monkeypatch.delenv(name, raising=False)
    return monkeypatch


def shown(value: object) -> str:
    """A setting as it was written."""
    if isinstance(value, tuple):
        return ",".join(shown(one) for one in value)
    return str(value.get_secret_value() if hasattr(value, "get_secret_value") else value)


def test_every_secret_can_stand_in_a_file() -> None:
    """Whatever is kept from being printed, but for proxies, which others than the bot read too."""
    for model in _MODELS:
        for name, field in model.model_fields.items():
            secret = "SecretStr" in str(field.annotation) or (not field.repr and name != "https_proxy")
            assert not secret or FROM_FILE in field.metadata, name


def test_the_mark_of_a_file_from_windows_is_no_part_of_a_secret_but_of_a_secret_key(
    tmp_path: Path, environment: pytest.MonkeyPatch
) -> None:
    (tmp_path / "value").write_text("the-value-of-this-one\r\n", encoding="utf-8-sig")
    environment.setenv("REVERIE_PLAYGROUND_PASSWORD_FILE", str(tmp_path / "value"))
    environment.setenv("REVERIE_SECRET_KEY_FILE", str(tmp_path / "value"))
    settings = Settings()
    assert "the-value-of-this-one" == shown(settings.playground_password)
    assert "\ufeffthe-value-of-this-one" == shown(settings.secret_key)


@pytest.mark.parametrize(("model", "name"), _FIELDS)
def test_a_value_is_read_from_the_file(
    model: type[BaseSettings], name: str, tmp_path: Path, environment: pytest.MonkeyPatch
) -> None:
    (tmp_path / "value").write_text("\nhttps://the-value-of-this-one\n")
    variable = variable_of(model, name)
    environment.setenv(f"{variable}{FILE_SUFFIX}", str(tmp_path / "value"))
    assert "https://the-value-of-this-one" == shown(getattr(model(), name))
    environment.setenv(variable, "")
    assert "https://the-value-of-this-one" == shown(getattr(model(), name))
    environment.setenv(variable, "another")
    with pytest.raises(
        ValueError, match=f"{variable} and {variable}_FILE are both set: unset one"
    ) as refusal:
        model()
    assert "another" not in str(refusal.value)


@pytest.mark.parametrize(("model", "name"), _FIELDS)
def test_a_file_that_cannot_be_one_is_told_in_a_line(
    model: type[BaseSettings], name: str, tmp_path: Path, environment: pytest.MonkeyPatch
) -> None:
    file, variable = tmp_path / "value", f"{variable_of(model, name)}{FILE_SUFFIX}"
    environment.setenv(variable, str(file))
    with pytest.raises(ValueError, match=f"^{variable} names {file}, which cannot be read: No such file"):
        model()
    for content, words in _UNUSABLE.items():
        file.write_bytes(content)
        with pytest.raises(ValueError, match=f"^{variable} names {file}, which {words}"):
            model()


def test_several_keys_may_stand_in_one_file(tmp_path: Path, environment: pytest.MonkeyPatch) -> None:
    (tmp_path / "keys").write_text("luma-1, luma-2\n")
    environment.setenv("LUMAAI_API_KEY_FILE", str(tmp_path / "keys"))
    assert ["luma-1", "luma-2"] == [key.get_secret_value() for key in Settings().luma_keys]


def test_names_of_files_are_known_and_nothing_but_a_secret_has_one() -> None:
    known = setting_names(Settings) | discord.setting_names() | slack.setting_names()
    assert {"DISCORD_TOKEN_FILE", "SLACK_BOT_TOKEN_FILE", "REVERIE_SECRET_KEY_FILE"} <= known
    assert not {"REVERIE_HTTP_PORT_FILE", "HTTPS_PROXY_FILE"} & known


def test_the_command_line_names_the_setting_of_a_missing_file(tmp_path: Path) -> None:
    ended = reverie(tmp_path, "run", REVERIE_SECRET_KEY_FILE="nowhere")
    assert "reverie: REVERIE_SECRET_KEY_FILE names nowhere, which cannot be read: " in complaint(ended, 1)
    ended = reverie(tmp_path, "run", DISCORD_TOKEN_FILE="nowhere", REVERIE_PLAYGROUND="off")
    assert "DISCORD_TOKEN_FILE names nowhere, which cannot be read" in complaint(ended, 1)
