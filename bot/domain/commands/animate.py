"""`/animate`: a video from a prompt, or from pictures as its first and last frame."""

from collections.abc import Mapping
from typing import Annotated

from bot.domain.commands.generate import (
    ConceptsOption,
    DurationOption,
    GenerateCommand,
    LoopOption,
    MotionOption,
    PresetOption,
    PromptOption,
    ResolutionOption,
    VideoModelOption,
    picture,
    with_motion,
)
from bot.domain.generations.concepts import read_concepts
from bot.domain.generations.media import MediaKind
from bot.domain.generations.models import AspectRatio, Duration, Resolution, VideoModel
from bot.domain.generations.requests import VideoRequest, check_video
from bot.domain.jobs.inputs import JobsById, known_ratio
from bot.domain.options import Kind, MediaRef, OptionSpec


class Animate(GenerateCommand):
    """Generate a video from a prompt or a picture."""

    name = "animate"
    description = "Generate a video from a prompt or a picture"
    example = "/animate the tiger walks through the snow --duration 9s"
    attachment_options = ("start", "end")
    defaults = {  # noqa: RUF012 - a ClassVar of the base
        "model": "video_model",
        "aspect_ratio": "aspect_ratio",
        "resolution": "resolution",
        "duration": "duration",
        **GenerateCommand.defaults,
    }

    prompt: PromptOption = ""
    start: Annotated[
        MediaRef | None,
        OptionSpec(
            description="The first frame; with an end frame too, the video cannot loop",
            kind=Kind.MEDIA,
            positional=True,
            result=MediaKind.PICTURE,
        ),
    ] = None
    end: Annotated[
        MediaRef | None,
        OptionSpec(
            description="The last frame; with a start frame too, the video cannot loop",
            kind=Kind.MEDIA,
            positional=True,
            result=MediaKind.PICTURE,
        ),
    ] = None
    preset: PresetOption = ""
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
    concepts: ConceptsOption = ""
    camera_motion: MotionOption = ""

    @property
    def open_defaults(self) -> Mapping[str, str]:
        """Beside a picture the aspect ratio follows that picture."""
        found = super().open_defaults
        is_from_picture = self.start is not None or self.end is not None
        return {
            option: name for option, name in found.items() if option != "aspect_ratio" or not is_from_picture
        }

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
                presets=self.preset_names,
            )
        )
