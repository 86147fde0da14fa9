"""Settings in the environment: their names, values in files that `NAME_FILE` names, and unknown names."""

import os
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import AliasChoices, BaseModel
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource

from bot.domain.text import nearest

_PREFIX = "REVERIE_"
#: marks a field whose value may be in a file, and the suffix of that file's setting
FROM_FILE, FILE_SUFFIX = "from file", "_FILE"
#: names with our prefix that only the tests read
_ELSEWHERE = frozenset({"REVERIE_CHROMIUM"})
#: largest file in bytes; a larger one is a wrong path
_FILE_MAX = 65_536


def variable_of(model: type[BaseSettings], name: str) -> str:
    """The name in the environment of a field, the first where it has several."""
    alias = model.model_fields[name].validation_alias
    if isinstance(alias, AliasChoices):
        return str(alias.choices[0]).upper()
    return f"{model.model_config.get('env_prefix', '')}{name.upper()}"


def setting_names(model: type[BaseSettings]) -> frozenset[str]:
    """The names that a model reads from the environment, those within a group as `GROUP__NAME`."""
    found: set[str] = set()
    for name, field in model.model_fields.items():
        variable = variable_of(model, name)
        if FROM_FILE in field.metadata:
            found.add(f"{variable}{FILE_SUFFIX}")
        if isinstance(field.validation_alias, AliasChoices):
            found |= {str(choice).upper() for choice in field.validation_alias.choices}
            continue
        found.add(variable)
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            found |= {f"{variable}__{part.upper()}" for part in field.annotation.model_fields}
    return frozenset(found)


@dataclass(frozen=True, slots=True, kw_only=True)
class UnknownSetting:
    """A name in the environment with our prefix that nothing reads."""

    name: str
    #: the known name that it most likely means
    nearest: str | None


def find_unknown(environment: Mapping[str, str], known: Collection[str]) -> list[UnknownSetting]:
    """Unknown names with our prefix, sorted."""
    found = []
    for name, value in sorted(environment.items()):
        variable = name.upper()
        if not variable.startswith(_PREFIX) or variable in known or variable in _ELSEWHERE:
            continue
        # Kubernetes sets such names beside a service that is called reverie.
        if value.startswith(("tcp://", "udp://")) or "_SERVICE_" in variable or "_PORT_" in variable:
            continue
        found.append(UnknownSetting(name=name, nearest=nearest(variable, known)))
    return found


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
        """No value for a single field; the base class requires the method."""
        return None, field_name, False


def _read(variable: str, path: Path) -> str:
    """The text of a file, stripped."""
    try:
        with path.open("rb") as file:
            content = file.read(_FILE_MAX + 1)
        # Editors on Windows put a mark before the text. A secret key that began with one stays the same key.
        with_mark = variable == f"REVERIE_SECRET_KEY{FILE_SUFFIX}"
        text = content.decode("utf-8" if with_mark else "utf-8-sig").strip()
    except OSError as error:
        raise ValueError(f"{variable} names {path}, which cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ValueError(f"{variable} names {path}, which holds no text") from error
    if not text or len(content) > _FILE_MAX:
        what = "is empty" if not text else f"holds more than {_FILE_MAX} bytes"
        raise ValueError(f"{variable} names {path}, which {what}: write the value alone into it")
    return text
