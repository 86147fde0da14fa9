"""`/upscale` and `/audio`: change a video that was made here."""

from typing import Annotated

from bot.domain.commands.generate import GenerateCommand
from bot.domain.errors import InvalidRequest
from bot.domain.generations.media import MediaKind, Reference
from bot.domain.generations.models import Resolution
from bot.domain.generations.requests import PROMPT_MAX, AudioRequest, UpscaleRequest
from bot.domain.jobs.inputs import JobsById, require_kind
from bot.domain.jobs.job import Job
from bot.domain.jobs.video_edits import audio_request, upscale_request
from bot.domain.options import JobId, Kind, OptionSpec

_JobOption = Annotated[
    JobId | None,
    OptionSpec(
        description="The job whose video is changed (default: your newest)",
        kind=Kind.JOB,
        positional=True,
        aliases=("id",),
        result=MediaKind.VIDEO,
    ),
]


class Upscale(GenerateCommand):
    """Make a video's resolution higher."""

    name = "upscale"
    description = "Make a video's resolution higher"
    example = "/upscale 4k"
    default_source = ("job", MediaKind.VIDEO)
    no_address_reason = "/upscale changes a video that was made here, not one from an address. Name its #id."

    job: _JobOption = None
    resolution: Annotated[
        Resolution | None,
        OptionSpec(
            description="The new resolution (default: the next higher one)",
            aliases=("res", "r"),
            positional=True,
            choices=(Resolution.P720, Resolution.P1080, Resolution.P2160),
        ),
    ] = None

    def request(self, jobs: JobsById) -> UpscaleRequest:
        return upscale_request(_video(self.job, jobs, self.name), self.resolution)


class Audio(GenerateCommand):
    """Add audio to a video."""

    name = "audio"
    description = "Add audio to a video"
    example = "/audio wind and distant bells"
    default_source = ("job", MediaKind.VIDEO)
    no_address_reason = "/audio changes a video that was made here, not one from an address. Name its #id."

    job: _JobOption = None
    prompt: Annotated[
        str,
        OptionSpec(
            description="What is heard (default: what fits the video)",
            positional=True,
            aliases=("p",),
            max_length=PROMPT_MAX,
        ),
    ] = ""
    negative_prompt: Annotated[
        str,
        OptionSpec(
            description="What must not be heard", aliases=("negative", "without"), max_length=PROMPT_MAX
        ),
    ] = ""

    def request(self, jobs: JobsById) -> AudioRequest:
        return audio_request(_video(self.job, jobs, self.name), self.prompt, self.negative_prompt)


def _video(job: str | None, jobs: JobsById, command: str) -> Job:
    if job is None:
        raise InvalidRequest(f"job is missing: /{command} needs a finished video", option="job")
    require_kind(Reference(job=job), jobs, MediaKind.VIDEO, "job")
    return jobs[job]
