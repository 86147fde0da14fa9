"""The command that makes a job's request again, with every option: to be copied, or opened in a form."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.domain.command_text.command_line import command_line, is_empty
from bot.domain.commands import (
    Animate,
    Audio,
    Direction,
    Extend,
    GenerateCommand,
    Imagine,
    Modify,
    Reframe,
    Upscale,
)
from bot.domain.generations.media import MediaKind, Reference
from bot.domain.generations.models import UNLISTED_MODELS
from bot.domain.generations.requests import (
    AudioRequest,
    ImageRequest,
    ModifyVideoRequest,
    ReframeImageRequest,
    ReframeVideoRequest,
    UpscaleRequest,
    VideoRequest,
)
from bot.domain.ids import short_id
from bot.domain.jobs.job import Job
from bot.domain.options import FIRST_FRAME, Kind, options


@dataclass(frozen=True, slots=True, kw_only=True)
class JobSettings:
    """How a job was asked for."""

    command: type[GenerateCommand]
    #: the value of each option, where it has one
    values: Mapping[str, Any]

    @property
    def texts(self) -> Mapping[str, Any]:
        """The values as text; inputs that no text can name are left out."""
        found = {name: _as_text(value) for name, value in self.values.items()}
        return {name: value for name, value in found.items() if value not in (None, "", ())}

    @property
    def line(self) -> str:
        """The command as one line of text, with every option."""
        return command_line(self.command, self.texts, every=True)

    @property
    def inputs(self) -> tuple[str, ...]:
        """The options that take a job, a picture or a video, where they have one."""
        kinds = {option.name: option.kind for option in options(self.command)}
        return tuple(name for name in self.values if kinds[name] in (Kind.MEDIA, Kind.JOB))

    @property
    def files(self) -> tuple[str, ...]:
        """The options whose files no text can name, so that they have to be given again."""
        return tuple(
            name
            for name, value in self.values.items()
            if any(
                isinstance(one, Reference) and reference_text(one) is None
                for one in (value if isinstance(value, tuple) else (value,))
            )
        )


def settings_of(job: Job) -> JobSettings:
    """The settings of a job."""
    request = job.request
    command: type[GenerateCommand]
    values: dict[str, Any]
    match request:
        case ImageRequest():
            command, values = Imagine, _of_picture(request)
        case VideoRequest():
            command, values = _of_video(request)
        case ReframeImageRequest() | ReframeVideoRequest():
            command, values = Reframe, {"media": request.source}
        case ModifyVideoRequest():
            command, values = Modify, {"media": request.source}
        case UpscaleRequest():
            command, values = Upscale, {"job": request.source.job}
        case AudioRequest():
            command, values = Audio, {"job": request.source.job}
    names = {option.name: option for option in options(command)}
    # Fields of a request have the names of the options that set them.
    same = {name: getattr(request, name) for name in names if name in type(request).model_fields}
    given: dict[str, Any] = {**same, **values}
    if job.request.model in UNLISTED_MODELS:
        given.pop("model", None)
    if "prompt" in names:
        given["prompt"] = request.prompt
    return JobSettings(
        command=command,
        values={
            name: str(value) if option.kind is Kind.CHOICE else value
            for name, option in names.items()
            if not is_empty(value := given.get(name))
        }
        # Whoever uses them may have other defaults.
        | {"private": job.private},
    )


def _of_picture(request: ImageRequest) -> dict[str, Any]:
    return {
        "count": 1,
        "image": request.image_refs,
        "style": request.style_refs,
        "character": request.character_refs,
        "modify": request.modify_ref,
    }


def _of_video(request: VideoRequest) -> tuple[type[GenerateCommand], dict[str, Any]]:
    start, end = request.start, request.end
    values: dict[str, Any] = {"concepts": ", ".join(request.concepts)}
    if start is not None and start.kind is MediaKind.VIDEO:
        other = {"to": end.job} if end is not None and end.kind is MediaKind.VIDEO else {"image": end}
        return Extend, values | {"job": start.job, "direction": Direction.FORWARD} | other
    if end is not None and end.kind is MediaKind.VIDEO:
        return Extend, values | {"job": end.job, "direction": Direction.REVERSE, "image": start}
    return Animate, values | ({"aspect_ratio": None} if request.follows_picture else {})


def _as_text(value: Any) -> Any:
    if isinstance(value, tuple):
        return tuple(text for one in value if (text := _as_text(one)) is not None)
    return reference_text(value) if isinstance(value, Reference) else value


def reference_text(reference: Reference) -> str | None:
    """A reference as text; None for a file, which no text names."""
    # A chat's own address of a file expires, or is for the bot alone.
    if reference.via:
        return None
    frame = FIRST_FRAME if reference.first_frame_only else ""
    source = f"#{short_id(reference.job)}{frame}" if reference.job is not None else reference.url
    if source is None or reference.weight is None:
        return source
    return f"{source}@{reference.weight:g}"
