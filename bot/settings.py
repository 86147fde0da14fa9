"""The core's settings, read from the environment; nothing is built when this is imported."""

import os
import re
import string
from decimal import Decimal
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import quote, urlsplit

from pydantic import (
    AliasChoices,
    BeforeValidator,
    Field,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_settings import NoDecode, SettingsConfigDict

from bot.domain.access import QueueLimits
from bot.domain.generations.models import FPS, Lane
from bot.domain.money.pricing import MICROUSD
from bot.domain.money.quota import Allowance, Defaults, Period
from bot.domain.text import nearest
from bot.environment import FROM_FILE, EnvironmentSettings, setting_names
from bot.timing import Timing

#: minimum length of the playground's password
PLAYGROUND_PASSWORD_MIN = 8

#: every provider, in the order in which they are preferred
PROVIDERS = ("luma", "luma-agents", "appypie", "simulator")
_MEDIA_URL = re.compile(r"s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/[A-Za-z0-9._-]+)*/?")
MEDIA_URL_LIKE = "write it like s3://bucket or s3://bucket/prefix"
_PUBLIC_URL_LIKE = "write it like https://bot.example.org"
_PROXY_URL = re.compile(r"https?://([^\s/?#@]+@)?(\[[0-9A-Fa-f:.]+\]|[^\s/?#@:\[\]]+)(:\d{1,5})?/?")
_PROXY_LIKE = "write it like http://proxy.example.org:3128; in a password @ is %40, / is %2F and # is %23"
_WEBHOOK_LIKE = "write it like https://hooks.example.org/path, as the service that receives it shows it"


class Role(StrEnum):
    """What a process does."""

    ALL = "all"
    #: receivers and the web server
    GATEWAY = "gateway"
    #: worker loops and the web server's health endpoints
    WORKER = "worker"


class Switch(StrEnum):
    AUTO = "auto"
    ON = "on"
    OFF = "off"


def is_media_url(text: str) -> bool:
    """Whether this is the URL of a bucket."""
    return _MEDIA_URL.fullmatch(text) is not None


def is_web_address(text: str) -> bool:
    """Whether this is the URL of something that is reached by HTTP."""
    try:
        parts = urlsplit(text)
        _ = parts.port
    except ValueError:
        return False
    visible = text.isascii() and text.isprintable() and " " not in text
    return visible and parts.scheme in ("http", "https") and bool(parts.hostname)


def split_list(value: Any) -> Any:
    """Split a comma-separated text; other values are unchanged."""
    if not isinstance(value, str):
        return value
    # The list may be quoted as a whole, or each part of it.
    parts = (part.strip(f"{string.whitespace}\"'") for part in value.split(","))
    # A duplicate key would count as two accounts that share one account's limits.
    return tuple(dict.fromkeys(part for part in parts if part))


def trimmed(value: Any) -> Any:
    """Strip the line break and quotes of a secret; None if nothing is left.

    Secret files end with a line break, and `docker --env-file` keeps quotes as part of a value.
    """
    if not isinstance(value, str):
        return value
    value = value.strip()
    while len(value) > 1 and value[0] == value[-1] and value[0] in "\"'":
        value = value[1:-1].strip()
    return value or None


#: a secret issued by others, which has no blank or quote at its ends
Secret = Annotated[SecretStr | None, BeforeValidator(trimmed), FROM_FILE]


def malformed(name: str, secret: SecretStr | None, *beginnings: str) -> str | None:
    """Why a secret is malformed, without its value; None if it is not."""
    if secret is None:
        return None
    value = secret.get_secret_value()
    if any(letter.isspace() for letter in value):
        return f"{name} has a blank or a line break inside; copy it anew, alone and whole"
    if not (value.isascii() and value.isprintable()):
        return f"{name} has a character that no token has, such as a typographic quote; copy it anew"
    if beginnings and not value.startswith(beginnings):
        return f"{name} does not begin with {' or '.join(beginnings)}: it is another token"
    return None


def _alias(name: str) -> AliasChoices:
    return AliasChoices(name)


Names = Annotated[tuple[str, ...], NoDecode]


class Settings(EnvironmentSettings):
    """The core's settings; `docs/settings.md` explains each."""

    model_config = SettingsConfigDict(
        env_prefix="REVERIE_",
        env_nested_delimiter="__",
        # Compose files pass unset variables as empty ones; an empty secret would be none.
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
        populate_by_name=True,
    )

    luma_keys: Annotated[tuple[SecretStr, ...], NoDecode, FROM_FILE] = Field(
        default=(), validation_alias=_alias("LUMAAI_API_KEY")
    )
    luma_base_url: str = Field(
        default="https://api.lumalabs.ai/dream-machine/v1", validation_alias=_alias("LUMAAI_BASE_URL")
    )
    luma_agents_keys: Annotated[tuple[SecretStr, ...], NoDecode, FROM_FILE] = Field(
        default=(), validation_alias=_alias("LUMA_AGENTS_API_KEY")
    )
    luma_agents_base_url: str = Field(
        default="https://agents.lumalabs.ai/v1", validation_alias=_alias("LUMA_AGENTS_BASE_URL")
    )
    appypie_keys: Annotated[tuple[SecretStr, ...], NoDecode, FROM_FILE] = Field(
        default=(), validation_alias=_alias("APPYPIE_SUBSCRIPTION_KEY")
    )
    appypie_base_url: str = Field(
        default="https://gateway.appypie.com", validation_alias=_alias("APPYPIE_BASE_URL")
    )
    https_proxy: str | None = Field(
        default=None, validation_alias=AliasChoices("HTTPS_PROXY", "https_proxy"), repr=False
    )
    provider: Names = ()
    #: may contain a password
    database_url: Annotated[str, FROM_FILE] = Field(default="", repr=False)
    #: the database without the pooler of `database_url`; may contain a password
    database_direct_url: Annotated[str | None, FROM_FILE] = Field(default=None, repr=False)
    data_dir: Path = Path("data")
    #: a bucket for the media, instead of a folder in `data_dir`
    media_url: str | None = None
    #: whether people and providers read from the bucket directly; automatic: where it is reached by https
    media_redirect: Switch = Switch.AUTO
    #: bytes of local copies of the bucket's files
    media_cache_bytes: int = Field(default=2_000_000_000, ge=1)
    aws_access_key_id: Secret = Field(default=None, validation_alias=_alias("AWS_ACCESS_KEY_ID"))
    aws_secret_access_key: Secret = Field(default=None, validation_alias=_alias("AWS_SECRET_ACCESS_KEY"))
    aws_session_token: Secret = Field(default=None, validation_alias=_alias("AWS_SESSION_TOKEN"))
    aws_region: str | None = Field(
        default=None, validation_alias=AliasChoices("AWS_REGION", "AWS_DEFAULT_REGION")
    )
    aws_endpoint_url: str | None = Field(
        default=None, validation_alias=AliasChoices("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL")
    )
    #: used byte for byte: stripped, it could not decrypt what an installation has encrypted
    secret_key: Annotated[SecretStr | None, FROM_FILE] = None
    http_host: str = "127.0.0.1"
    http_port: int = Field(default=8080, ge=0, le=65535)
    public_url: str | None = None
    playground: Switch = Switch.AUTO
    playground_password: Secret = None
    operators: Names = ()
    #: receives alerts; whoever knows the address can post there
    alert_webhook: Secret = None
    default_ceiling: Decimal | None = Field(default=None, ge=0, le=1_000_000)
    default_allowance: Decimal | None = Field(default=None, ge=0, le=1_000_000)
    #: dollars that everything together may cost in a calendar day and month (UTC); None: no cap
    total_daily_cap: Decimal | None = Field(default=None, ge=0, le=1_000_000)
    total_monthly_cap: Decimal | None = Field(default=None, ge=0, le=1_000_000)
    rates_file: Path | None = None
    role: Role = Role.ALL
    time_scale: float = Field(default=1.0, gt=0, allow_inf_nan=False)
    timing: Timing = Timing()
    #: limits of each account: concurrent generations, and creates per minute
    image_concurrent: int = Field(default=40, ge=1)
    image_per_minute: int = Field(default=80, ge=1)
    video_concurrent: int = Field(default=10, ge=1)
    video_per_minute: int = Field(default=20, ge=1)
    #: dollars that one account may spend in a calendar month (UTC); None: no limit
    account_monthly_limit: Decimal | None = Field(default=Decimal(5_000), ge=0, le=1_000_000)
    commands_per_minute: int = Field(default=20, ge=1)
    commands_burst: int = Field(default=10, ge=1)
    waiting_per_member: int = Field(default=50, ge=1)
    waiting_per_workspace: int = Field(default=10_000, ge=1)
    #: largest results in bytes
    picture_max_bytes: int = Field(default=50_000_000, ge=1)
    video_max_bytes: int = Field(default=500_000_000, ge=1)
    #: slowest download, on average over a window
    fetch_bytes_per_s: int = Field(default=10_000, ge=1)
    #: inputs of one person that are prepared at once, over all processes
    inputs_per_person: int = Field(default=2, ge=1)
    #: bytes of a member's incoming and unused files, and concurrent uploads of a member
    upload_bytes_per_member: int = Field(default=200_000_000, ge=1)
    uploads_per_member: int = Field(default=2, ge=1)
    #: days after which the media of finished jobs are removed, except starred ones. None: never
    retention_days: int | None = Field(default=None, ge=1)
    #: days that the audit of a workspace is kept whose admins have not decided it
    audit_days: int = Field(default=365, ge=1)
    #: bytes of stored media, above which the oldest unstarred results are removed. None: never
    media_max_bytes: int | None = Field(default=None, ge=1)
    #: bytes to keep free on the disk of the data folder
    min_free_bytes: int = Field(default=200_000_000, ge=0)
    proxy_resolves: bool = False
    #: divides the simulator's durations
    simulator_speed: float = Field(default=1.0, gt=0, allow_inf_nan=False)
    #: frames per second of the simulator's videos; fewer are cheaper to render
    simulator_pictures_per_s: int = Field(default=FPS, ge=1, le=FPS)
    metrics_token: Secret = None
    log_format: Literal["console", "json"] = "console"
    log_level: Literal["debug", "info", "warning", "error"] = "info"

    @field_validator("luma_keys", "luma_agents_keys", "appypie_keys", "provider", "operators", mode="before")
    @classmethod
    def _read_list(cls, value: Any) -> Any:
        return split_list(value)

    @field_validator("public_url")
    @classmethod
    def _read_url(cls, value: str | None) -> str | None:
        if not value:
            return None
        parts = urlsplit(value.strip())
        try:
            _ = parts.port
        except ValueError as error:
            raise ValueError(f"its port is not a number of 1 to 65535; {_PUBLIC_URL_LIKE}") from error
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(_PUBLIC_URL_LIKE)
        if parts.path.strip("/"):
            # The playground, media links and the platforms' routes need the root of a host.
            raise ValueError(
                f"it has a path, {parts.path}, and Reverie works at the root of a host name only: give it a "
                f"name of its own, and {_PUBLIC_URL_LIKE}"
            )
        if parts.username is not None or parts.query or parts.fragment:
            raise ValueError(f"it has more than scheme, host and port; {_PUBLIC_URL_LIKE}")
        return f"{parts.scheme}://{parts.netloc}"

    @field_validator("alert_webhook")
    @classmethod
    def _read_webhook(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and not is_web_address(value.get_secret_value()):
            raise ValueError(_WEBHOOK_LIKE)
        return value

    @field_validator("https_proxy")
    @classmethod
    def _read_proxy(cls, value: str | None) -> str | None:
        if value and not _PROXY_URL.fullmatch(value.strip()):
            raise ValueError(_PROXY_LIKE)
        return value and value.strip()

    @field_validator("media_url")
    @classmethod
    def _read_media_url(cls, value: str | None) -> str | None:
        if value is not None and not is_media_url(value.strip()):
            raise ValueError(MEDIA_URL_LIKE)
        return value and value.strip().rstrip("/")

    @field_validator("aws_endpoint_url")
    @classmethod
    def _read_endpoint(cls, value: str | None) -> str | None:
        if value is not None and not value.startswith(("http://", "https://")):
            raise ValueError("write it like https://s3.example.org")
        return value and value.rstrip("/")

    @model_validator(mode="after")
    def _both_keys(self) -> Self:
        if self.media_url is not None and bool(self.aws_access_key_id) != bool(self.aws_secret_access_key):
            raise ValueError(
                "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY belong together: set both, or neither where a "
                "role of this machine opens the bucket"
            )
        return self

    @field_validator("provider")
    @classmethod
    def _know_provider(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if unknown := set(value) - set(PROVIDERS):
            raise ValueError(f"{', '.join(sorted(unknown))} is not known; use {', '.join(PROVIDERS)}")
        return value

    @cached_property
    def times(self) -> Timing:
        return self.timing.scaled(self.time_scale)

    @property
    def providers(self) -> tuple[str, ...]:
        """Names of the providers in use, the preferred one first: those with a key, else the simulator.

        A gateway needs no key: with an empty list it uses the providers of the workers' accounts.
        """
        if named := self.provider or tuple(name for name in PROVIDERS if self.keys_of(name)):
            return named
        return () if self.role is Role.GATEWAY else ("simulator",)

    def keys_of(self, provider: str) -> tuple[SecretStr, ...]:
        """The keys of a provider's accounts."""
        keys = {
            "luma": self.luma_keys,
            "luma-agents": self.luma_agents_keys,
            "appypie": self.appypie_keys,
        }
        return keys.get(provider, ())

    @property
    def own_keys_only(self) -> bool:
        """Whether Luma is the only provider and the operator has no key for it.

        Then only workspaces with a key of their own can generate.
        """
        return self.providers == ("luma",) and not self.luma_keys and self.role is not Role.GATEWAY

    @property
    def simulated(self) -> bool:
        """Whether the simulator is the only provider, so that no money can be spent."""
        return self.providers == ("simulator",)

    @property
    def database(self) -> str:
        return self.database_url or f"sqlite:///{quote(os.fsencode(self.data_dir / 'reverie.db'))}"

    @cached_property
    def defaults(self) -> Defaults:
        ceiling = self.default_ceiling if self.default_ceiling is not None else Decimal(100 * self.simulated)
        allowance = self.default_allowance
        if allowance is None:
            allowance = Decimal(25 if self.simulated else 1)
        return Defaults(
            member=Allowance(amount=int(allowance * MICROUSD), period=Period.DAY),
            ceiling=Allowance(amount=int(ceiling * MICROUSD), period=Period.MONTH),
            everything=tuple(
                Allowance(amount=int(cap * MICROUSD), period=period)
                for cap, period in (
                    (self.total_daily_cap, Period.DAY),
                    (self.total_monthly_cap, Period.MONTH),
                )
                if cap is not None
            ),
        )

    @property
    def monthly_limit(self) -> int | None:
        """Micro-dollars that one account may spend in a month; None: no limit, as on the simulator."""
        limit = self.account_monthly_limit
        return None if limit is None or self.simulated else int(limit * MICROUSD)

    @cached_property
    def patience(self) -> QueueLimits:
        return QueueLimits(member=self.waiting_per_member, workspace=self.waiting_per_workspace)

    def lane_limits(self, lane: Lane) -> tuple[int, int]:
        """Concurrent generations and creates per minute of one account."""
        match lane:
            case Lane.IMAGE:
                return self.image_concurrent, self.image_per_minute
            case Lane.VIDEO:
                return self.video_concurrent, self.video_per_minute


def describe_error(error: ValueError, prefix: str = "REVERIE_") -> str:
    """One line about an invalid setting, with its name in the environment."""
    if not isinstance(error, ValidationError):
        return str(error)
    first = error.errors(include_url=False)[0]
    if not first["loc"]:
        return first["msg"].removeprefix("Value error, ")
    name = "__".join(str(part) for part in first["loc"])
    # An alias is the variable's name already.
    variable = name if name.isupper() else f"{prefix}{name.upper()}"
    if first["type"] == "extra_forbidden":
        known = nearest(variable, setting_names(Settings))
        return f"{variable} is not known; {f'did you mean {known}?' if known else 'unset it'}"
    return f"{variable}: {first['msg'].removeprefix('Value error, ')}"
