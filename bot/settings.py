"""The core's settings, read from the environment; nothing is built when this is imported."""

import string
from decimal import Decimal
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import quote, urlsplit

from pydantic import (
    AliasChoices,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    field_validator,
)
from pydantic_settings import NoDecode, SettingsConfigDict

from bot.domain.access import QueueLimits
from bot.domain.models import FPS, Lane
from bot.domain.pricing import MICROUSD
from bot.domain.quota import Allowance, Defaults, Period
from bot.environment import FROM_FILE, EnvironmentSettings, nearest_name, setting_names

#: fewest characters of a password for the playground
PLAYGROUND_PASSWORD_MIN = 8
#: how far above its own numbers a lane's window reaches: what a claim may age, and the way
_WINDOW_MS = 75_000

_PUBLIC_URL_LIKE = "write it like https://bot.example.org"


class Role(StrEnum):
    """What a process does."""

    ALL = "all"
    #: inlets and the web server
    GATEWAY = "gateway"
    #: the engine's loops and the web server's health
    WORKER = "worker"


class Switch(StrEnum):
    AUTO = "auto"
    ON = "on"
    OFF = "off"


class Timing(BaseModel):
    """Every window, grace, lease and deadline, in milliseconds; `REVERIE_TIME_SCALE` scales them all."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    #: a claim older than this is given up instead of sent
    claim_age: int = 10_000
    #: sliding window of a lane's creates per minute
    lane_window: int = _WINDOW_MS
    #: longest wait for an answer of the provider
    http_timeout: int = 30_000
    #: how long a claimed job is its process's own: the HTTP timeout and some
    submit_lease: int = 45_000
    #: how long a create whose answer was lost may take to appear in a list
    unknown_grace: int = 60_000
    #: after this the search for a lost create ends with a refund
    unknown_deadline: int = 900_000
    #: how long an account's echo of one of our markers proves that it echoes them
    echo_proof: int = 86_400_000
    #: longest wait in the queue
    queue_deadline: int = 86_400_000
    #: longest generation, from the moment the provider has it
    generation_deadline: int = 900_000
    #: between two looks at what runs
    watch_interval: int = 1_500
    watch_lease: int = 10_000
    #: between two reads of a whole account's list, for what nobody waits for
    sweep_interval: int = 300_000
    #: a known id that answers 404 is given up after three looks over this time
    vanished_after: int = 60_000
    #: how long an asset may stay out of reach after its generation has completed
    asset_deadline: int = 300_000
    #: until it is asked for again at first; every further wait is twice as long
    asset_retry: int = 5_000
    asset_retry_max: int = 60_000
    asset_timeout: int = 60_000
    #: how long a result is tried again that our own processing fails on, before it is left to the operator
    processing_deadline: int = 21_600_000
    processing_retry_max: int = 600_000
    #: how long a job's inputs are its process's own while they are brought in
    prepare_lease: int = 600_000
    prepare_retry: int = 5_000
    #: how long an input may stay out of reach, from the first time that it was
    prepare_deadline: int = 60_000
    #: longest fetch of one input
    input_timeout: int = 120_000
    #: longest wait for the head of an answer, at a URL of a person
    fetch_head: int = 15_000
    #: waiting for a server over which its pace is measured; below `fetch_bytes_per_s` it is cut off
    fetch_window: int = 15_000
    #: how long an uploaded file is kept for a command that has not come yet
    upload_hold: int = 3_600_000
    #: how long a question before something is deleted may be answered
    confirmation: int = 900_000
    #: a reaction of one member to one message counts once in this time
    reaction_window: int = 600_000
    #: between two looks for media whose time is over
    retention_interval: int = 600_000
    #: between two looks for conversations that wait for a provider which takes nothing
    outage_interval: int = 10_000
    #: between two checks of a stopped account
    account_check: int = 30_000
    #: between two readings of an account's credit, while its jobs run and while it is idle
    credit_check: int = 600_000
    credit_idle: int = 3_600_000
    #: how long the words that a provider has told of are taken for good, and between two looks for them
    vocabulary_interval: int = 21_600_000
    vocabulary_retry: int = 60_000
    #: a worker says so often that it holds its accounts; one that no worker holds for so long is retired
    account_hold: int = 900_000
    account_lost: int = 3_600_000
    cool_down: int = 5_000
    cool_down_max: int = 120_000
    card_lease: int = 30_000
    #: longest show of a card, with the files that go up
    show_deadline: int = 600_000
    #: shortest time between two progress edits in one channel
    progress_interval: int = 3_000
    delivery_retry: int = 2_000
    delivery_retry_max: int = 300_000
    #: after this a card that cannot be shown is given up; its results stay
    delivery_deadline: int = 86_400_000
    #: how long a row that cannot be read is put aside: a newer version may have written it
    unreadable_retry: int = 600_000
    #: how long an inlet that answers by itself keeps the right to show the first revision
    answer_window: int = 3_000
    #: net under the signals: every loop looks again after this
    poll: int = 1_000
    orphan_retry: int = 30_000
    #: between two tries to write while nothing could be written
    write_check: int = 5_000
    #: how long a signed media link works, and one in a page
    media_link: int = 86_400_000
    stop: int = 8_000
    #: pause before a loop that failed is started again; it doubles with each failure in a row
    restart: int = 1_000
    restart_max: int = 300_000
    #: a loop that has run for so long runs well again
    restart_steady: int = 60_000

    def scaled(self, scale: float) -> "Timing":
        return Timing(**{name: max(1, round(value * scale)) for name, value in self.model_dump().items()})


def split_list(value: Any) -> Any:
    """Read a comma-separated list as it stands in the environment; whatever is no text stays as it is."""
    if not isinstance(value, str):
        return value
    # The list may be quoted as a whole, or each part of it.
    parts = (part.strip(f"{string.whitespace}\"'") for part in value.split(","))
    # One account named twice would be two that share its limits.
    return tuple(dict.fromkeys(part for part in parts if part))


def trimmed(value: Any) -> Any:
    """Read a secret without the line break of its file and the quotes of its line; None where none is left.

    Files of secrets end with a line break, and `docker --env-file` keeps quotes as part of a value.
    """
    if not isinstance(value, str):
        return value
    value = value.strip()
    while len(value) > 1 and value[0] == value[-1] and value[0] in "\"'":
        value = value[1:-1].strip()
    return value or None


#: a secret that others have made, which neither begins nor ends with a blank or a quote
Secret = Annotated[SecretStr | None, BeforeValidator(trimmed), FROM_FILE]


def malformed(name: str, secret: SecretStr | None, *beginnings: str) -> str | None:
    """Why a setting cannot hold what it is to hold, without a word of its value; None where it may."""
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
        # Compose files hand on variables that are not set as empty ones; an empty secret would be no secret.
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
    https_proxy: str | None = Field(
        default=None, validation_alias=AliasChoices("HTTPS_PROXY", "https_proxy"), repr=False
    )
    provider: Names = ()
    #: may hold a password
    database_url: Annotated[str, FROM_FILE] = Field(default="", repr=False)
    #: past the pooler that `database_url` leads to; may hold a password
    database_direct_url: Annotated[str | None, FROM_FILE] = Field(default=None, repr=False)
    data_dir: Path = Path("data")
    #: used as it is, to the byte: trimmed, it would open nothing of what an installation has encrypted
    secret_key: Annotated[SecretStr | None, FROM_FILE] = None
    http_host: str = "127.0.0.1"
    http_port: int = Field(default=8080, ge=0, le=65535)
    public_url: str | None = None
    playground: Switch = Switch.AUTO
    playground_password: Secret = None
    operators: Names = ()
    default_ceiling: Decimal | None = Field(default=None, ge=0, le=1_000_000)
    default_allowance: Decimal | None = Field(default=None, ge=0, le=1_000_000)
    rates_file: Path | None = None
    role: Role = Role.ALL
    time_scale: float = Field(default=1.0, gt=0, allow_inf_nan=False)
    timing: Timing = Timing()
    #: limits of each account: generations at once, and creates a minute
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
    #: largest results that are fetched
    picture_max_bytes: int = Field(default=50_000_000, ge=1)
    video_max_bytes: int = Field(default=500_000_000, ge=1)
    #: slowest fetch, on average over a window
    fetch_bytes_per_s: int = Field(default=10_000, ge=1)
    #: inputs of one person that are brought in at once, over all processes
    inputs_per_person: int = Field(default=2, ge=1)
    #: bytes that one member may have on their way in, or sent and not used, and files sent at once
    upload_bytes_per_member: int = Field(default=200_000_000, ge=1)
    uploads_per_member: int = Field(default=2, ge=1)
    #: days after which the media of finished jobs are removed; starred ones stay. None: never
    retention_days: int | None = Field(default=None, ge=1)
    #: bytes of stored media, above which the oldest unstarred results are removed. None: never
    media_max_bytes: int | None = Field(default=None, ge=1)
    #: bytes that the disk of the data folder should have left
    min_free_bytes: int = Field(default=200_000_000, ge=0)
    proxy_resolves: bool = False
    #: divides the simulator's durations
    simulator_speed: float = Field(default=1.0, gt=0, allow_inf_nan=False)
    #: pictures that it draws for a second of a film; fewer make it jerky, and much cheaper
    simulator_pictures_per_s: int = Field(default=FPS, ge=1, le=FPS)
    metrics_token: Secret = None
    log_format: Literal["console", "json"] = "console"
    log_level: Literal["debug", "info", "warning", "error"] = "info"

    @field_validator("luma_keys", "provider", "operators", mode="before")
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
            # The page, media links and the platforms' addresses begin at the root of a host.
            raise ValueError(
                f"it has a path, {parts.path}, and Reverie works at the root of a host name only: give it a "
                f"name of its own, and {_PUBLIC_URL_LIKE}"
            )
        if parts.username is not None or parts.query or parts.fragment:
            raise ValueError(f"it has more than scheme, host and port; {_PUBLIC_URL_LIKE}")
        return f"{parts.scheme}://{parts.netloc}"

    @field_validator("provider")
    @classmethod
    def _know_provider(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if unknown := set(value) - {"luma", "simulator"}:
            raise ValueError(f"{', '.join(sorted(unknown))} is not known; use luma or simulator")
        return value

    @cached_property
    def times(self) -> Timing:
        return self.timing.scaled(self.time_scale)

    @property
    def providers(self) -> tuple[str, ...]:
        """Names of the providers in use: those that have a key, else the simulator.

        A gateway needs no key: without a name here it takes the providers of the workers' accounts.
        """
        if self.provider or self.luma_keys:
            return self.provider or ("luma",)
        return () if self.role is Role.GATEWAY else ("simulator",)

    @property
    def simulated(self) -> bool:
        """Nothing of value can be spent."""
        return self.providers == ("simulator",)

    @property
    def database(self) -> str:
        return self.database_url or f"sqlite:///{quote(str(self.data_dir / 'reverie.db'))}"

    @cached_property
    def defaults(self) -> Defaults:
        ceiling = self.default_ceiling if self.default_ceiling is not None else Decimal(100 * self.simulated)
        allowance = self.default_allowance
        if allowance is None:
            allowance = Decimal(25 if self.simulated else 1)
        return Defaults(
            member=Allowance(amount=int(allowance * MICROUSD), period=Period.DAY),
            ceiling=Allowance(amount=int(ceiling * MICROUSD), period=Period.MONTH),
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
        """Generations at once and creates a minute of one account."""
        match lane:
            case Lane.IMAGE:
                return self.image_concurrent, self.image_per_minute
            case Lane.VIDEO:
                return self.video_concurrent, self.video_per_minute


def describe_error(error: ValueError, prefix: str = "REVERIE_") -> str:
    """One line about a setting that does not fit, with its name in the environment."""
    if not isinstance(error, ValidationError):
        return str(error)
    first = error.errors(include_url=False)[0]
    name = "__".join(str(part) for part in first["loc"]) or "settings"
    # An alias is the variable's own name already.
    variable = name if name.isupper() else f"{prefix}{name.upper()}"
    if first["type"] == "extra_forbidden":
        nearest = nearest_name(variable, setting_names(Settings))
        return f"{variable} is not known; {f'did you mean {nearest}?' if nearest else 'unset it'}"
    return f"{variable}: {first['msg'].removeprefix('Value error, ')}"
