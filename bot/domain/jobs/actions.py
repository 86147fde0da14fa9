"""Actions: what a button or a reaction does to a finished job."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from bot.domain.errors import InvalidRequest
from bot.domain.generations.media import MediaKind, Reference
from bot.domain.generations.models import AspectRatio
from bot.domain.generations.offers import OPEN_FIELDS
from bot.domain.generations.requests import (
    REFRAME_MAX_MS,
    AnyRequest,
    ImageRequest,
    ReframeImageRequest,
    ReframeVideoRequest,
    VideoRequest,
    check_prompt,
    check_video,
)
from bot.domain.generations.source_lengths import accepts_length, check_length, longest_model
from bot.domain.jobs.job import Job, State
from bot.domain.jobs.video_edits import (
    audio_request,
    continuation_prompt,
    has_audio,
    higher_resolutions,
    is_changeable,
    same_shape_request,
    upscale_request,
)
from bot.domain.money.pricing import Price
from bot.domain.options import split_addresses
from bot.domain.text import storable

#: weight of the picture that a variation is made from, as the API's documentation suggests
VARIATION_WEIGHT = 0.85


class Action(StrEnum):
    """What a button or a reaction does to a finished job."""

    VARIATION = "variation"
    AGAIN = "again"
    EDIT = "edit"
    ANIMATE = "animate"
    EXTEND = "extend"
    REVERSE = "reverse"
    REFRAME = "reframe"
    UPSCALE = "upscale"
    AUDIO = "audio"
    GALLERY = "gallery"
    SEND = "send"
    DELETE = "delete"


EMOJI: Mapping[Action, str] = {
    Action.VARIATION: "🔁",
    Action.AGAIN: "🎲",
    Action.EDIT: "✏️",
    Action.ANIMATE: "🎬",
    Action.EXTEND: "⏩",
    Action.REVERSE: "⏪",
    Action.REFRAME: "🖼️",
    Action.UPSCALE: "⬆️",
    Action.AUDIO: "🔊",
    Action.GALLERY: "⭐",
    Action.SEND: "✉️",
    Action.DELETE: "❌",
}
LABELS: Mapping[Action, str] = {
    Action.VARIATION: "Variation",
    Action.AGAIN: "Again",
    Action.EDIT: "Edit prompt",
    Action.ANIMATE: "Animate",
    Action.EXTEND: "Extend",
    Action.REVERSE: "Add a beginning",
    Action.REFRAME: "Reframe",
    Action.UPSCALE: "Upscale",
    Action.AUDIO: "Add audio",
    Action.GALLERY: "Gallery",
    Action.SEND: "Send to me",
    Action.DELETE: "Delete",
}
#: actions that create, and charge for, a new job
GENERATING = frozenset(
    {
        Action.VARIATION,
        Action.AGAIN,
        Action.EDIT,
        Action.ANIMATE,
        Action.EXTEND,
        Action.REVERSE,
        Action.REFRAME,
        Action.UPSCALE,
        Action.AUDIO,
    }
)
#: the actions for one kind of result only
_ONLY: Mapping[Action, MediaKind] = {
    Action.ANIMATE: MediaKind.PICTURE,
    Action.EXTEND: MediaKind.VIDEO,
    Action.REVERSE: MediaKind.VIDEO,
    Action.UPSCALE: MediaKind.VIDEO,
    Action.AUDIO: MediaKind.VIDEO,
}
#: the actions that need no result
WITHOUT_RESULT = (Action.AGAIN, Action.EDIT, Action.DELETE)


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionInput:
    """What a form may add to an action."""

    #: the new prompt of EDIT
    prompt: str | None = None
    #: the new aspect ratio of REFRAME; None rotates the old one
    aspect_ratio: AspectRatio | None = None

    def __post_init__(self) -> None:
        if self.prompt is not None:
            object.__setattr__(self, "prompt", storable(self.prompt))


def available_actions(job: Job) -> tuple[Action, ...]:
    """The actions that a job allows now, in the order in which they are shown."""
    return tuple(action for action in Action if is_available(action, job))


def is_available(action: Action, job: Job) -> bool:
    """Whether a job allows an action now."""
    if job.deleted or not job.is_final:
        return False
    if job.words_removed:
        return action is Action.DELETE
    has_result = job.state is State.COMPLETED and not job.expired
    return (has_result or action in WITHOUT_RESULT) and _fits(action, job)


def _fits(action: Action, job: Job) -> bool:
    """Whether an action can apply to a job's request and result."""
    match action:
        case Action.EDIT:
            return job.request.edited is None
        case Action.UPSCALE if job.result is not None:
            return is_changeable(job) and bool(higher_resolutions(job.result))
        case Action.AUDIO:
            return is_changeable(job) and not has_audio(job)
        case _:
            return _ONLY.get(action, job.request.makes) is job.request.makes


def require_available(action: Action, job: Job) -> None:
    if is_available(action, job):
        return
    name = f"{EMOJI[action]} {LABELS[action]}"
    if not job.is_final:
        raise InvalidRequest("This job has not finished yet; try again when it has")
    if job.words_removed:
        raise InvalidRequest(f"{name} cannot be used on this job: its prompt was removed")
    if job.state is not State.COMPLETED or job.deleted or job.expired:
        raise InvalidRequest(f"{name} cannot be used on this job: it has no result")
    if _ONLY.get(action, job.request.makes) is not job.request.makes:
        raise InvalidRequest(f"{name} cannot be used on a {job.request.makes}, only on a {_ONLY[action]}")
    # Their requests say why they cannot be made.
    match action:
        case Action.UPSCALE:
            upscale_request(job)
        case Action.AUDIO:
            audio_request(job)
    raise InvalidRequest(f"{name} cannot be used on a changed video; use it on the one that it was made from")


def follow_up_request(action: Action, job: Job, action_input: ActionInput | None = None) -> AnyRequest:
    """The request that a generating action on a finished job makes."""
    require_available(action, job)
    action_input = action_input or ActionInput()
    if (make := _FROM_RESULT.get(action)) is not None:
        return make(job)
    match action:
        case Action.AGAIN:
            return job.request
        case Action.EDIT:
            return _reworded(job.request, action_input.prompt)
        case Action.EXTEND | Action.REVERSE:
            return _extension(job, forward=action is Action.EXTEND)
        case Action.REFRAME:
            return _reframed(job, action_input.aspect_ratio or rotated(job.request.aspect_ratio))
        case _:
            raise InvalidRequest(f"{LABELS[action]} makes no new job")


def open_fields(action: Action, action_input: ActionInput) -> frozenset[str]:
    """The fields that an action leaves open; the same request again leaves none."""
    if action in (Action.AGAIN, Action.EDIT):
        return frozenset()
    return OPEN_FIELDS - ({"aspect_ratio"} if action_input.aspect_ratio is not None else set())


def _reworded(request: AnyRequest, prompt: str | None) -> AnyRequest:
    if prompt is None:
        raise InvalidRequest("Write the new prompt")
    words, addresses = split_addresses(prompt)
    if addresses:
        raise InvalidRequest(
            "An address cannot be part of the prompt; /imagine and /animate take one as their input"
        )
    words = check_prompt(words, required=isinstance(request, ImageRequest))
    changed = request.model_copy(update={"prompt": words})
    return check_video(changed) if isinstance(changed, VideoRequest) else changed


def _variation(job: Job) -> AnyRequest:
    """Of a picture: a new one with it as reference. Of a video: the same request from its first frame."""
    request = job.request
    if isinstance(request, ImageRequest | ReframeImageRequest):
        return ImageRequest(
            prompt=check_prompt(job.prompt_text or "A variation of this picture"),
            model=request.model,
            aspect_ratio=request.aspect_ratio,
            format=request.format,
            image_refs=(Reference(job=job.id, weight=VARIATION_WEIGHT),),
        )
    frame = Reference(job=job.id, first_frame_only=True)
    if not isinstance(request, VideoRequest):
        return same_shape_request(job).model_copy(update={"prompt": job.prompt_text, "start": frame})
    again = {"prompt": request.prompt or job.prompt_text, "start": frame, **_ends(request)}
    return check_video(request.model_copy(update=again))


def _ends(request: VideoRequest) -> dict[str, object]:
    """Keep the end only if it is a picture, and loop only without one."""
    end = request.end if request.end is not None and request.end.kind is MediaKind.PICTURE else None
    return {"end": end, "loop": request.loop and end is None}


def _animation(job: Job) -> VideoRequest:
    return check_video(
        VideoRequest(
            prompt=job.prompt_text, aspect_ratio=job.request.aspect_ratio, start=Reference(job=job.id)
        )
    )


def _extension(job: Job, *, forward: bool) -> VideoRequest:
    video = Reference(job=job.id, kind=MediaKind.VIDEO)
    end = {"start": video} if forward else {"end": video}
    words = continuation_prompt(job, forward=forward)
    return check_video(same_shape_request(job).model_copy(update={"prompt": words, **end}))


def _reframed(job: Job, aspect_ratio: AspectRatio) -> AnyRequest:
    request = job.request
    if isinstance(request, ImageRequest | ReframeImageRequest):
        return ReframeImageRequest(
            source=Reference(job=job.id),
            model=request.model,
            format=request.format,
            aspect_ratio=aspect_ratio,
        )
    length = job.result.duration_ms if job.result else None
    fits = accepts_length(REFRAME_MAX_MS, request.model, length or 0)
    reframing = ReframeVideoRequest(
        source=Reference(job=job.id, kind=MediaKind.VIDEO),
        model=request.model if fits else longest_model(REFRAME_MAX_MS),
        aspect_ratio=aspect_ratio,
        duration_ms=length,
    )
    check_length(reframing)
    return reframing


#: the actions that need nothing but the result
_FROM_RESULT: Mapping[Action, Callable[[Job], AnyRequest]] = {
    Action.VARIATION: _variation,
    Action.ANIMATE: _animation,
    Action.UPSCALE: upscale_request,
    Action.AUDIO: audio_request,
}


def rotated(aspect_ratio: AspectRatio) -> AspectRatio:
    """The aspect ratio rotated by 90 degrees, and a portrait for a square: what 🖼️ alone means."""
    width, height = aspect_ratio.parts
    return AspectRatio.PORTRAIT if width == height else AspectRatio(f"{height}:{width}")


#: choose the text or the picture form of an emoji, without another meaning
_VARIATION_SELECTORS = "\ufe0e\ufe0f"
#: skin tones
_TONES = "".join(chr(code) for code in range(0x1F3FB, 0x1F400))
_NOISE = str.maketrans("", "", _VARIATION_SELECTORS + _TONES)
_KEYCAP = "\u20e3"


def normalized(emoji: str) -> str:
    """The one form that an emoji is compared in."""
    return emoji.translate(_NOISE)


#: the action of each emoji, unless a workspace decides otherwise
DEFAULT_REACTIONS: Mapping[str, Action] = {normalized(emoji): action for action, emoji in EMOJI.items()}


def keycap_number(emoji: str) -> int | None:
    """The number of a keycap from 1 to 4, which selects a result on a card; None for any other emoji."""
    digit, _, rest = normalized(emoji).partition(_KEYCAP)
    return int(digit) if digit in ("1", "2", "3", "4") and not rest and _KEYCAP in emoji else None


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionPrices:
    """The prices of one job's actions now; those that have none make nothing, or cannot be priced."""

    #: of REFRAME, that of the aspect ratio which a reaction takes
    by_action: Mapping[Action, Price] = field(default_factory=dict)
    #: what REFRAME costs with each aspect ratio
    by_ratio: Mapping[AspectRatio, Price] = field(default_factory=dict)

    def label(self, action: Action) -> str:
        """The label of a button with its price, such as `Animate · $0.25`."""
        price = self.text(action)
        return f"{LABELS[action]} · {price}" if price else LABELS[action]

    def text(self, action: Action) -> str:
        """The price on a button; empty where there is none. A choice that follows has the least first."""
        if action is Action.REFRAME and len({one.text for one in self.by_ratio.values()}) > 1:
            least = min(self.by_ratio.values(), key=lambda one: one.total)
            return f"from {least.text}"
        price = self.by_action.get(action)
        return price.text if price is not None else ""

    def shown(self, action: Action) -> int | None:
        """Micro-dollars that a click on the button may cost without a question; None without a price."""
        price = self.by_action.get(action)
        return price.total if price is not None else None

    def ratio_label(self, ratio: AspectRatio) -> str:
        """An entry of the choice of aspect ratios with its price."""
        price = self.by_ratio.get(ratio)
        return f"{ratio} · {price.text}" if price is not None else ratio

    def shown_of_ratio(self, ratio: AspectRatio) -> int | None:
        """The same as `shown` for an aspect ratio."""
        price = self.by_ratio.get(ratio)
        return price.total if price is not None else None


NO_PRICES = ActionPrices()
