"""What somebody asks for, as far as rules can name it."""

from dataclasses import dataclass
from enum import StrEnum

from bot.domain.generations.media import MediaKind
from bot.domain.generations.models import Model, Resolution
from bot.domain.generations.requests import (
    AnyRequest,
    AudioRequest,
    ImageRequest,
    ModifyVideoRequest,
    ReframeImageRequest,
    ReframeVideoRequest,
    UpscaleRequest,
    VideoRequest,
)
from bot.domain.identity import Caller, Place


class RuledCommand(StrEnum):
    """The commands that rules can name: those that make something."""

    IMAGINE = "imagine"
    ANIMATE = "animate"
    EXTEND = "extend"
    REFRAME = "reframe"
    MODIFY = "modify"
    UPSCALE = "upscale"
    AUDIO = "audio"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One job that a caller asks for at a place."""

    caller: Caller
    place: Place
    #: the command that makes such a request, also where a button or a reaction asks for it
    command: RuledCommand
    model: Model
    #: None where the request has none
    resolution: Resolution | None
    prompt: str

    @classmethod
    def of(cls, caller: Caller, place: Place, request: AnyRequest) -> "Asked":
        return cls(
            caller=caller,
            place=place,
            command=command_of(request),
            model=request.model,
            resolution=request.resolution if isinstance(request, VideoRequest | UpscaleRequest) else None,
            prompt=request.prompt,
        )


def command_of(request: AnyRequest) -> RuledCommand:
    """The command that makes such a request: a rule about it holds for buttons and reactions, too."""
    match request:
        case ImageRequest():
            return RuledCommand.MODIFY if request.modify_ref is not None else RuledCommand.IMAGINE
        case VideoRequest():
            ends = (request.start, request.end)
            continues = any(end is not None and end.kind is MediaKind.VIDEO for end in ends)
            return RuledCommand.EXTEND if continues else RuledCommand.ANIMATE
        case ReframeImageRequest() | ReframeVideoRequest():
            return RuledCommand.REFRAME
        case ModifyVideoRequest():
            return RuledCommand.MODIFY
        case UpscaleRequest():
            return RuledCommand.UPSCALE
        case AudioRequest():
            return RuledCommand.AUDIO
