"""The bases of the commands that take pictures and videos, and of those that generate them."""

from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any, ClassVar, Self

from bot.domain.commands.base import Command, build
from bot.domain.errors import InvalidRequest
from bot.domain.generations.media import MediaKind, Reference
from bot.domain.generations.models import Duration, ImageModel, Resolution, VideoModel
from bot.domain.generations.offers import OFFERED_OPTIONS, OPEN_FIELDS
from bot.domain.generations.requests import PROMPT_MAX, AnyRequest
from bot.domain.jobs.inputs import JobsById, require_kind
from bot.domain.jobs.job import Job, State
from bot.domain.options import Kind, OptionSpec, options, split_addresses
from bot.domain.workspace.defaults import DefaultLevel
from bot.domain.workspace.presets import PRESET_OPTION, Preset, apply_presets, read_names


class MediaCommand(Command):
    """A command that takes pictures or videos: files, jobs and addresses."""

    #: options that take the files of the same event, in this order
    attachment_options: ClassVar[tuple[str, ...]] = ()
    #: the text that may contain addresses
    words_option: ClassVar[str] = "prompt"
    #: why the command takes no address in its texts; empty if it takes one
    no_address_reason: ClassVar[str] = ""

    @classmethod
    def read_addresses(cls, values: Mapping[str, Any]) -> Mapping[str, Any]:
        """Move the addresses in the texts to the first free `attachment_options`.

        An address must not be drawn as words at somebody's cost.
        """
        words = [
            one.name
            for one in options(cls)
            if one.kind is Kind.TEXT and isinstance(values.get(one.name), str)
        ]
        parted = {name: split_addresses(values[name]) for name in words}
        found = [address for _, addresses in parted.values() for address in addresses]
        if not found:
            return values
        if cls.no_address_reason:
            raise InvalidRequest(cls.no_address_reason)
        if odd := next((name for name in words if name != cls.words_option and parted[name][1]), None):
            raise InvalidRequest(
                f"{odd} takes words, not an address; put the address into the {cls.words_option}"
            )
        update, left = distributed(cls, found, values)
        if left:
            raise InvalidRequest(
                f"/{cls.name} takes {len(found) - left or 'none'} of these {len(found)} addresses; "
                "leave the rest out"
            )
        return {**values, **{name: text for name, (text, _) in parted.items()}, **update}

    def with_files(self, files: tuple[Reference, ...]) -> Self:
        """Put the files of the event into the options that are still empty."""
        update, left = distributed(
            type(self), files, {name: getattr(self, name) for name in self.attachment_options}
        )
        if left:
            most = len(files) - left or "none"
            raise InvalidRequest(f"/{self.name} takes {most} of these {len(files)} files; send fewer")
        return self.model_copy(update=update)


def distributed(
    command: type[MediaCommand], found: Sequence[Any], before: Mapping[str, Any]
) -> tuple[dict[str, Any], int]:
    """The values of `attachment_options` after `found` was distributed, and how many were left over."""
    room = {option.name: option.max_count for option in options(command)}
    rest = list(found)
    update: dict[str, Any] = {}
    for name in command.attachment_options:
        value = before.get(name)
        if room[name] > 1:
            several = tuple(value or ())
            free = max(0, room[name] - len(several))
            update[name], rest = (*several, *rest[:free]), rest[free:]
        elif value is None and rest:
            update[name] = rest.pop(0)
    return update, len(rest)


class GenerateCommand(MediaCommand):
    """A command that generates something and costs money."""

    states = frozenset({State.COMPLETED})
    #: the option that defaults to the caller's newest result, and the kind of result that it needs
    default_source: ClassVar[tuple[str, MediaKind | None] | None] = None
    #: its options with a default that members and admins set, each with the name of that default
    defaults: ClassVar[Mapping[str, str]] = {"private": "private"}

    private: Annotated[bool, OptionSpec(description="Show the result only to you")] = False

    @property
    def is_public(self) -> bool:
        return not self.private

    @property
    def open_fields(self) -> frozenset[str]:
        """Fields of its request that nobody has chosen, so that they can follow what is offered."""
        return OPEN_FIELDS - self._chosen - {"weight"}

    @property
    def _chosen(self) -> frozenset[str]:
        return frozenset(name for name in self.model_fields_set if getattr(self, name) is not None)

    @property
    def open_defaults(self) -> Mapping[str, str]:
        """Those of `defaults` whose option nobody has chosen."""
        return {option: name for option, name in self.defaults.items() if option not in self._chosen}

    def with_defaults(self, levels: Sequence[DefaultLevel], can_be_made: Callable[[Self], bool]) -> Self:
        """The command with each open option set to the first default that can be used.

        `can_be_made` says whether a command is not refused for what it asks for. Only what providers offer is
        tried: whatever is wrong with a command, its result is as private as its member wants.
        """
        command = self
        for option, name in self.open_defaults.items():
            values = (getattr(level.values, name) for level in levels)
            filled = (command.model_copy(update={option: one}) for one in values if one is not None)
            usable = filter(can_be_made, filled) if option in OFFERED_OPTIONS else filled
            command = next(usable, command)
        return command

    @property
    def preset_names(self) -> tuple[str, ...]:
        """The presets that it names; raises InvalidRequest."""
        return read_names(getattr(self, PRESET_OPTION, ""))

    def with_presets(self, presets: Sequence[Preset]) -> Self:
        """The command with what presets add; pictures that it names itself take precedence.

        Raises InvalidRequest for what the command cannot use.
        """
        applied = apply_presets(presets, getattr(self, "prompt", ""))
        update: dict[str, object] = {"prompt": applied.prompt}
        for option, added in (("style", applied.style), ("character", applied.character)):
            if option not in type(self).model_fields:
                self._require_usable(presets, option)
            elif added and not getattr(self, option):
                update[option] = added
        return self.model_copy(update=update)

    def _require_usable(self, presets: Sequence[Preset], option: str) -> None:
        """Refuse a preset of which nothing would be used."""
        for one in presets:
            if one.kind == option and not one.text:
                raise InvalidRequest(
                    f"preset: {one.name} has only pictures of a {option}, which /{self.name} cannot use; "
                    "make a picture with /imagine, and animate that"
                )

    @property
    def job_count(self) -> int:
        """How many jobs it creates."""
        return 1

    @property
    def asks_first(self) -> bool:
        """Whether the caller sees what it will do, and starts it with a button."""
        return False

    @property
    def names_source(self) -> bool:
        """Whether its first input is named, so that no default is used."""
        return bool(
            getattr(
                self, self.default_source[0] if self.default_source else next(iter(self.attachment_options))
            )
        )

    def with_job(self, job: Job) -> Self:
        """Use a job that was not named: the one replied to, or the caller's newest."""
        name = self.default_source[0] if self.default_source else next(iter(self.attachment_options))
        before = getattr(self, name)
        reference = Reference(job=job.id, kind=job.request.makes)
        if name == "job":
            return self.model_copy(update={name: job.id})
        return self.model_copy(
            update={name: (*before, reference) if isinstance(before, tuple) else reference}
        )

    def with_named_jobs(self, named: Sequence[str]) -> Self:
        """Use jobs that the prompt mentions, each with an optional weight after an `@`."""
        values = {name: getattr(self, name) for name in self.model_fields_set}
        rest = list(named)
        for option in options(type(self)):
            if rest and option.positional and option.kind is Kind.JOB and values.get(option.name) is None:
                values[option.name] = rest.pop(0)
        update, left = distributed(type(self), rest, values)
        if left:
            raise InvalidRequest(
                f"/{self.name} takes {len(named) - left or 'none'} of these {len(named)} jobs; "
                "leave the rest out"
            )
        return build(type(self), {**values, **update})

    def request(self, jobs: JobsById) -> AnyRequest:
        """The request to the provider; `jobs` has every job that the command names."""
        raise NotImplementedError


ImageModelOption = Annotated[
    ImageModel, OptionSpec(description="The model: photon-1, or the quicker photon-flash-1", aliases=("m",))
]
VideoModelOption = Annotated[
    VideoModel, OptionSpec(description="The model: ray-flash-2, or ray-2 with more detail", aliases=("m",))
]
PromptOption = Annotated[
    str,
    OptionSpec(description="What the video shows", positional=True, aliases=("p",), max_length=PROMPT_MAX),
]
PresetOption = Annotated[
    str,
    OptionSpec(
        description="Named styles, characters or a prompt of this workspace, such as film_noir",
        kind=Kind.PRESET,
        aliases=("presets",),
        max_length=140,
    ),
]
ResolutionOption = Annotated[Resolution, OptionSpec(description="The resolution", aliases=("res", "r"))]
DurationOption = Annotated[Duration, OptionSpec(description="The duration", aliases=("d",))]
LoopOption = Annotated[
    bool,
    OptionSpec(description="End as it begins, for endless looping; only with nothing fixed at the other end"),
]
ConceptsOption = Annotated[
    str,
    OptionSpec(
        description="Camera concepts, such as dolly_zoom, pan_left", aliases=("concept",), max_length=300
    ),
]
MotionOption = Annotated[str, OptionSpec(description="How the camera moves, such as camera orbit left")]


def picture(reference: Reference | None, jobs: JobsById, option: str) -> Reference | None:
    """The picture of an option; raises InvalidRequest if it is a video."""
    return None if reference is None else require_kind(reference, jobs, MediaKind.PICTURE, option)


def with_motion(prompt: str, motion: str) -> str:
    """The prompt with a camera motion, which the API takes as a part of the prompt."""
    return ", ".join(part for part in (prompt.strip(), motion.strip()) if part)


def with_videos_first(files: Sequence[Reference]) -> tuple[Reference, ...]:
    """The files of an event for a command whose first file is its source and whose second is a frame."""
    return tuple(sorted(files, key=lambda file: file.kind is MediaKind.PICTURE))
