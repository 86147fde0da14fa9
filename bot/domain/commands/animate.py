"""`/animate`: words, or pictures at its ends, become a video."""

from typing import Annotated

from bot.domain.commands.generate import (
    DurationOption,
    GenerateCommand,
    LoopOption,
    PromptOption,
    ResolutionOption,
    VideoModelOption,
    picture,
)
from bot.domain.concepts import read_concepts
from bot.domain.inputs import JobsById, known_ratio
from bot.domain.media import MediaKind
from bot.domain.models import AspectRatio, Duration, Resolution, VideoModel
from bot.domain.options import Kind, MediaRef, OptionSpec
from bot.domain.requests import VideoRequest, check_video


class Animate(GenerateCommand):
    """Turn words, or a picture, into a video."""

    name = "animate"
    description = "Turn words, or a picture, into a video"
    example = "/animate the tiger walks through the snow --duration 9s"
    attachment_options = ("start", "end")

    prompt: PromptOption = ""
    start: Annotated[
        MediaRef | None,
        OptionSpec(
            description="The picture that it begins with",
            kind=Kind.MEDIA,
            positional=True,
            result=MediaKind.PICTURE,
        ),
    ] = None
    end: Annotated[
        MediaRef | None,
        OptionSpec(
            description="The picture that it ends with",
            kind=Kind.MEDIA,
            positional=True,
            result=MediaKind.PICTURE,
        ),
    ] = None
    model: VideoModelOption = VideoModel.RAY_FLASH_2
    aspect_ratio: Annotated[
        AspectRatio | None,
        OptionSpec(
            description="Its width to height; else that of its picture, or 16:9", aliases=("ar", "aspect")
        ),
    ] = None
    resolution: ResolutionOption = Resolution.P720
    duration: DurationOption = Duration.FIVE
    loop: LoopOption = False
    concepts: Annotated[
        str,
        OptionSpec(
            description="Camera concepts, such as dolly_zoom, pan_left", aliases=("concept",), max_length=300
        ),
    ] = ""
    camera_motion: Annotated[
        str, OptionSpec(description="How the camera moves, such as camera orbit left")
    ] = ""

    def request(self, jobs: JobsById) -> VideoRequest:
        start, end = picture(self.start, jobs, "start"), picture(self.end, jobs, "end")
        known = self.aspect_ratio or known_ratio((start, end), jobs)
        return check_video(
            VideoRequest(
                prompt=with_motion(self.prompt, self.camera_motion),
                model=self.model,
                aspect_ratio=known or AspectRatio.LANDSCAPE,
                follows_picture=known is None and (start, end) != (None, None),
                resolution=self.resolution,
                duration=self.duration,
                loop=self.loop,
                start=start,
                end=end,
                concepts=read_concepts(self.concepts),
            )
        )


def with_motion(prompt: str, motion: str) -> str:
    """Camera motions are part of the prompt, as the API's documents have it."""
    return ", ".join(part for part in (prompt.strip(), motion.strip()) if part)
