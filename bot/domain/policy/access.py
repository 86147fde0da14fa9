"""Access rules: what somebody asks for, and the rules that allow or deny it."""

from collections.abc import Iterable, Iterator
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
from bot.domain.policy.decided import Decided


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


class Effect(StrEnum):
    """What a rule does with what it matches."""

    ALLOW = "allow"
    DENY = "deny"


class AccessRule(Decided):
    """One rule; an empty field matches everything."""

    #: its number in the workspace, which is never used again
    id: int
    effect: Effect
    #: id of a member, with the name as it was when the rule was set
    member: str = ""
    member_name: str = ""
    #: id of a role
    role: str = ""
    role_name: str = ""
    #: id of a channel or thread; a channel's threads belong to it
    channel: str = ""
    channel_name: str = ""
    command: str = ""
    model: str = ""
    resolution: str = ""

    @property
    def specificity(self) -> tuple[int, int, int]:
        """Orders rules: the greatest decides."""
        person = 2 if self.member else 1 if self.role else 0
        return person, int(bool(self.channel)), sum(map(bool, (self.command, self.model, self.resolution)))

    def matches(self, asked: Asked) -> bool:
        place = asked.place
        return (
            self._matches_person(asked)
            and self.channel in ("", place.channel, place.thread)
            and self.command in ("", asked.command)
            and self.model in ("", asked.model)
            and self.resolution in ("", asked.resolution)
        )

    def _matches_person(self, asked: Asked) -> bool:
        return self.member in ("", asked.caller.member) and self._covers_role_of(asked.caller)

    def _covers_role_of(self, caller: Caller) -> bool:
        """Whether it is about a role of the caller's; while roles are unknown, a denial may be."""
        if not self.role:
            return True
        if caller.roles is None:
            return self.effect is Effect.DENY
        return self.role in caller.roles

    def names_same(self, other: "AccessRule") -> bool:
        """Whether both match the same requests."""
        return self.scope == other.scope

    @property
    def scope(self) -> tuple[str, ...]:
        """What it names."""
        return self.member, self.role, self.channel, self.command, self.model, self.resolution

    @property
    def description(self) -> str:
        """The rule in words, such as `deny ray-2 at 1080p in #art for @students`."""
        return " ".join((self.effect, *self._parts()))

    def _parts(self) -> Iterator[str]:
        if not (self.command or self.model or self.resolution):
            yield "everything"
        if self.command:
            yield f"/{self.command}"
        if self.model:
            yield f"with {self.model}" if self.command else self.model
        if self.resolution:
            yield f"at {self.resolution}"
        if self.channel:
            yield f"in #{self.channel_name or self.channel}"
        if self.role:
            yield f"for the role {self.role_name or self.role}"
        if self.member:
            yield f"for {self.member_name or self.member}"


def deciding_rule(rules: Iterable[AccessRule], asked: Asked) -> AccessRule | None:
    """The rule that decides about a request; None where none matches."""
    matching = [rule for rule in rules if rule.matches(asked)]
    return max(matching, key=lambda rule: (rule.specificity, rule.effect is Effect.DENY), default=None)


def allowed_channels(rules: Iterable[AccessRule], asked: Asked) -> list[str]:
    """Names of the channels where a rule allows what is asked for to this person."""
    return sorted(
        f"#{rule.channel_name or rule.channel}"
        for rule in rules
        if rule.effect is Effect.ALLOW
        and rule.channel
        and rule.model_copy(update={"channel": ""}).matches(asked)
    )
