"""The names of all settings in the environment, and those that look like one and are none."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from difflib import get_close_matches

from pydantic import AliasChoices, BaseModel
from pydantic_settings import BaseSettings

_PREFIX = "REVERIE_"
#: marks a field whose value may stand in a file, and what the name of that file's setting ends with
FROM_FILE, FILE_SUFFIX = "from file", "_FILE"
#: names with our beginning that others than the bot read: its tests
_ELSEWHERE = frozenset({"REVERIE_CHROMIUM"})
#: how much a misspelt name must have of a known one
_NEAR = 0.6


def nearest_name(name: str, known: Collection[str]) -> str | None:
    """The known name that a misspelt one most likely stands for; None where none is near."""
    return next(iter(get_close_matches(name, sorted(known), n=1, cutoff=_NEAR)), None)


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
    """A name in the environment that looks like one of ours, and that nothing reads."""

    name: str
    #: the known name that it may stand for
    nearest: str | None


def find_unknown(environment: Mapping[str, str], known: Collection[str]) -> list[UnknownSetting]:
    """Names that begin like ours and are none, in their order."""
    found = []
    for name, value in sorted(environment.items()):
        variable = name.upper()
        if not variable.startswith(_PREFIX) or variable in known or variable in _ELSEWHERE:
            continue
        # Kubernetes sets such names beside a service that is called reverie.
        if value.startswith(("tcp://", "udp://")) or "_SERVICE_" in variable or "_PORT_" in variable:
            continue
        found.append(UnknownSetting(name=name, nearest=nearest_name(variable, known)))
    return found
