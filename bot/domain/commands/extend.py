"""`/extend`: extends a video at its end or its beginning, or joins two videos."""

from enum import StrEnum
from typing import Annotated

from bot.domain.commands.generate import (
    ConceptsOption,
    DurationOption,
    GenerateCommand,
    LoopOption,
    MotionOption,
    PromptOption,
    picture,
    with_motion,
)
from bot.domain.errors import InvalidRequest
from bot.domain.generations.concepts import read_concepts
from bot.domain.generations.media import MediaKind, Reference
from bot.domain.generations.models import AspectRatio, Duration, Resolution, VideoModel
from bot.domain.generations.requests import VideoRequest, check_prompt, check_video
from bot.domain.jobs.inputs import JobsById, require_kind
from bot.domain.jobs.video_edits import continuation_prompt, same_shape_request
from bot.domain.options import JobId, Kind, MediaRef, OptionSpec


class Direction(StrEnum):
    FORWARD = "forward"
    REVERSE = "reverse"


class Extend(GenerateCommand):
    """Extend a video at its end or beginning, or join two videos."""

    name = "extend"
    description = "Extend a video at its end or beginning, or join two videos"
    example = "/extend the tiger lies down and sleeps"
    attachment_options = ("image",)
    default_source = ("job", MediaKind.VIDEO)
    no_address_reason = (
        "/extend extends a video that was made here, not one from an address. Name its #id; --image takes "
        "the address of a picture for the other end, /animate begins with one, and /reframe takes any video."
    )

    job: Annotated[
        JobId | None,
        OptionSpec(
            description="The job whose video is extended (default: your newest)",
            kind=Kind.JOB,
            positional=True,
            result=MediaKind.VIDEO,
        ),
    ] = None
    prompt: PromptOption = ""
    direction: Annotated[Direction, OptionSpec(description="Extend at the end or at the beginning")] = (
        Direction.FORWARD
    )
    to: Annotated[
        JobId | None,
        OptionSpec(
            description="A second job: the part between both videos is generated",
            kind=Kind.JOB,
            positional=True,
            result=MediaKind.VIDEO,
        ),
    ] = None
    image: Annotated[
        MediaRef | None,
        OptionSpec(
            description="The picture at the other end",
            kind=Kind.MEDIA,
            aliases=("end", "start"),
            result=MediaKind.PICTURE,
        ),
    ] = None
    model: Annotated[
        VideoModel | None, OptionSpec(description="The model (default: the video's own)", aliases=("m",))
    ] = None
    aspect_ratio: Annotated[
        AspectRatio | None,
        OptionSpec(description="The aspect ratio (default: the video's own)", aliases=("ar", "aspect")),
    ] = None
    resolution: Annotated[
        Resolution | None,
        OptionSpec(description="The resolution (default: the video's own)", aliases=("res", "r")),
    ] = None
    duration: DurationOption = Duration.FIVE
    loop: LoopOption = False
    concepts: ConceptsOption = ""
    camera_motion: MotionOption = ""

    def request(self, jobs: JobsById) -> VideoRequest:
        if self.job is None:
            raise InvalidRequest("job is missing: /extend needs a finished video", option="job")
        if self.to is not None and self.image is not None:
            raise InvalidRequest(
                "to and image both say what stands at the other end; keep one", option="image"
            )
        if self.to is not None and self.direction is Direction.REVERSE:
            raise InvalidRequest(
                "direction is not needed with to: the first job comes first", option="direction"
            )
        video = _video(self.job, jobs, "job")
        other = _video(self.to, jobs, "to") if self.to is not None else picture(self.image, jobs, "image")
        source = jobs[self.job]
        forward = self.direction is Direction.FORWARD
        own = same_shape_request(source)
        words = self.prompt.strip() or continuation_prompt(source, forward=forward)
        return check_video(
            own.model_copy(
                update={
                    "prompt": check_prompt(with_motion(words, self.camera_motion)),
                    "model": self.model or own.model,
                    "aspect_ratio": self.aspect_ratio or own.aspect_ratio,
                    "resolution": self.resolution or own.resolution,
                    "duration": self.duration,
                    "loop": self.loop,
                    "concepts": read_concepts(self.concepts),
                    "start": video if forward else other,
                    "end": other if forward else video,
                }
            )
        )


def _video(job: str, jobs: JobsById, option: str) -> Reference:
    return require_kind(Reference(job=job), jobs, MediaKind.VIDEO, option)
