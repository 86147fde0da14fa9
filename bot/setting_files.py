"""Settings whose value stands in a file: `NAME_FILE` names it, as container platforms hand out secrets."""

import os
from pathlib import Path
from typing import Any

from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource

from bot.setting_names import FILE_SUFFIX, FROM_FILE, variable_of

#: more is no setting but a mistaken path
_FILE_MAX = 65_536


class EnvironmentSettings(BaseSettings):
    """Settings from the environment, those marked `FROM_FILE` also from a file that it names."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - the library's signature
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return init_settings, env_settings, _FileSource(settings_cls)


class _FileSource(PydanticBaseSettingsSource):
    """Reads the files that the environment names; raises ValueError that names the setting and the remedy."""

    def __call__(self) -> dict[str, Any]:
        environment = {name.upper(): value for name, value in os.environ.items() if value}
        found: dict[str, Any] = {}
        for name, field in self.settings_cls.model_fields.items():
            variable = variable_of(self.settings_cls, name)
            file_variable = f"{variable}{FILE_SUFFIX}"
            if FROM_FILE not in field.metadata or file_variable not in environment:
                continue
            if variable in environment:
                raise ValueError(f"{variable} and {file_variable} are both set: unset one of them")
            key = variable if field.validation_alias is not None else name
            found[key] = _read(file_variable, Path(environment[file_variable]))
        return found

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:  # noqa: ARG002
        """Nothing by itself; the library asks for one."""
        return None, field_name, False


def _read(variable: str, path: Path) -> str:
    """The text of a file, without the blanks and line breaks around it."""
    try:
        with path.open("rb") as file:
            content = file.read(_FILE_MAX + 1)
        text = content.decode().strip()
    except OSError as error:
        raise ValueError(f"{variable} names {path}, which cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ValueError(f"{variable} names {path}, which holds no text") from error
    if not text or len(content) > _FILE_MAX:
        what = "is empty" if not text else f"holds more than {_FILE_MAX} bytes"
        raise ValueError(f"{variable} names {path}, which {what}: write the value alone into it")
    return text
