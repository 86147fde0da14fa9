"""`/animate`: a video from a prompt, or from pictures as its first and last frame."""

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
    """Generate a video from a prompt or a picture."""

    name = "animate"
    description = "Generate a video from a prompt or a picture"
    example = "/animate the tiger walks through the snow --duration 9s"
    attachment_options = ("start", "end")

    prompt: PromptOption = ""
    start: Annotated[
        MediaRef | None,
        OptionSpec(
            description="The first frame",
            kind=Kind.MEDIA,
            positional=True,
            result=MediaKind.PICTURE,
        ),
    ] = None
    end: Annotated[
        MediaRef | None,
        OptionSpec(
            description="The last frame",
            kind=Kind.MEDIA,
            positional=True,
            result=MediaKind.PICTURE,
        ),
    ] = None
    model: VideoModelOption = VideoModel.RAY_FLASH_2
    aspect_ratio: Annotated[
        AspectRatio | None,
        OptionSpec(
            description="The aspect ratio (default: that of the picture, or 16:9)", aliases=("ar", "aspect")
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
    """The prompt with a camera motion, which the API takes as a part of the prompt."""
    return ", ".join(part for part in (prompt.strip(), motion.strip()) if part)
