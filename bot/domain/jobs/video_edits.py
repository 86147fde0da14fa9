"""What is made from finished videos: a higher resolution, audio, and what continues them."""

from bot.domain.errors import InvalidRequest
from bot.domain.generations.media import Media, MediaKind, Reference
from bot.domain.generations.models import Resolution, VideoModel
from bot.domain.generations.requests import AudioRequest, UpscaleRequest, VideoRequest, check_prompt
from bot.domain.ids import short_id
from bot.domain.jobs.job import Job

#: the models of the API that upscales its videos and adds audio to them
CHANGING_MODELS = (VideoModel.RAY_2, VideoModel.RAY_FLASH_2)


def higher_resolutions(media: Media) -> tuple[Resolution, ...]:
    """The resolutions that are higher than that of a video, the lowest first."""
    short_side = min(media.width, media.height)
    return tuple(one for one in Resolution if one.short_side > short_side)


def is_changeable(job: Job) -> bool:
    """Whether the model that made a job's video can also change it."""
    return job.request.model in CHANGING_MODELS


def has_audio(job: Job) -> bool:
    """Whether audio was added to a job's video, or to the one that it was upscaled from."""
    return isinstance(job.request, UpscaleRequest | AudioRequest) and job.request.has_audio


def upscale_request(job: Job, resolution: Resolution | None = None) -> UpscaleRequest:
    """Make a job's video larger; without a resolution, to the next higher one."""
    media = _video_of(job)
    higher = higher_resolutions(media)
    size = f"{media.width} × {media.height}"
    if not higher:
        raise InvalidRequest(
            f"This video is {size} already, and {Resolution.P2160} is the highest resolution"
        )
    if resolution is not None and resolution not in higher:
        raise InvalidRequest(
            f"resolution must be higher than the video's {size}; choose {' or '.join(higher)}",
            option="resolution",
        )
    return UpscaleRequest(
        source=Reference(job=job.id, kind=MediaKind.VIDEO),
        model=_model_of(job),
        aspect_ratio=media.aspect_ratio,
        duration_ms=media.duration_ms or 0,
        resolution=resolution or higher[0],
        has_audio=has_audio(job),
    )


def audio_request(job: Job, prompt: str = "", negative_prompt: str = "") -> AudioRequest:
    """Add audio to a job's video."""
    media = _video_of(job)
    if has_audio(job):
        source = f"#{short_id(job.parent)}, which it was made from" if job.parent else "the one without"
        raise InvalidRequest(f"This video has audio already. For another sound use /audio with {source}")
    return AudioRequest(
        source=Reference(job=job.id, kind=MediaKind.VIDEO),
        model=_model_of(job),
        aspect_ratio=media.aspect_ratio,
        duration_ms=media.duration_ms or 0,
        prompt=check_prompt(prompt, required=False),
        negative_prompt=negative_prompt.strip(),
    )


def _video_of(job: Job) -> Media:
    if job.result is None or job.result.kind is not MediaKind.VIDEO:
        raise InvalidRequest("This needs a finished video")
    if not is_changeable(job):
        raise InvalidRequest(
            f"A video of {job.request.model} cannot be changed; "
            f"{' and '.join(CHANGING_MODELS)} make videos that can"
        )
    return job.result


def _model_of(job: Job) -> VideoModel:
    model = job.request.model
    assert isinstance(model, VideoModel)  # noqa: S101 - its result is a video
    return model


def continuation_prompt(source: Job, *, forward: bool = True) -> str:
    """The prompt of an extension without one: that of the video, because the API requires a prompt."""
    return source.prompt_text or ("The scene goes on" if forward else "What leads up to this scene")


def same_shape_request(source: Job) -> VideoRequest:
    """A request with the model and the size of a job's video, and with nothing at its ends."""
    request = source.request
    if isinstance(request, VideoRequest | UpscaleRequest):
        return VideoRequest(
            model=request.model, aspect_ratio=request.aspect_ratio, resolution=request.resolution
        )
    model = request.model if isinstance(request.model, VideoModel) else VideoModel.RAY_FLASH_2
    return VideoRequest(model=model, aspect_ratio=request.aspect_ratio)
