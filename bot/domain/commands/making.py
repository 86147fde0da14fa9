"""What all commands share that make pictures and videos."""

from typing import Annotated, Any, ClassVar, Self

from bot.domain.commands.base import Command
from bot.domain.errors import InvalidRequest
from bot.domain.formats import Duration, ImageModel, Resolution, VideoModel
from bot.domain.jobs import Job, State
from bot.domain.media import MediaKind, Reference
from bot.domain.options import Opt, options
from bot.domain.requests import PROMPT_MAX, AnyRequest
from bot.domain.sources import Jobs, of_kind


class Making(Command):
    """A command that makes something, and costs."""

    states = frozenset({State.COMPLETED})
    #: options that take the files which come along with it, in this order
    takes: ClassVar[tuple[str, ...]] = ()
    #: the option that means the asker's newest result where it is left out, and the kind that it needs
    newest: ClassVar[tuple[str, MediaKind | None] | None] = None

    private: Annotated[bool, Opt(about="Show the result to you alone")] = False

    @property
    def jobs(self) -> tuple[str, ...]:
        """Ids of the jobs that it names."""
        references = (value for value in self._values() if isinstance(value, Reference))
        return tuple(dict.fromkeys(one.job for one in references if one.job is not None))

    @property
    def times(self) -> int:
        """How many jobs it asks for."""
        return 1

    def _values(self) -> list[Any]:
        values: list[Any] = []
        for name in type(self).model_fields:
            value = getattr(self, name)
            values.extend(value if isinstance(value, tuple) else (value,))
        return values

    def with_files(self, files: tuple[Reference, ...]) -> Self:
        """Put the files that came along into the options that are still empty."""
        rest = list(files)
        update: dict[str, Any] = {}
        room = {option.name: option.times for option in options(type(self))}
        for name in self.takes:
            before = getattr(self, name)
            if isinstance(before, tuple):
                free = room[name] - len(before)
                update[name], rest = (*before, *rest[:free]), rest[free:]
            elif before is None and rest:
                update[name] = rest.pop(0)
        if rest:
            most = len(files) - len(rest) or "none"
            raise InvalidRequest(f"/{self.name} takes {most} of these {len(files)} files; send fewer")
        return self.model_copy(update=update)

    def with_job(self, job: Job) -> Self:
        """Build on a job that was not named: the one replied to, or the asker's newest."""
        name = self.newest[0] if self.newest else next(iter(self.takes))
        before = getattr(self, name)
        reference = Reference(job=job.id, kind=job.request.makes)
        if name == "job":
            return self.model_copy(update={name: job.id})
        return self.model_copy(
            update={name: (*before, reference) if isinstance(before, tuple) else reference}
        )

    def request(self, jobs: Jobs) -> AnyRequest:
        """Freeze what is asked for; `jobs` holds every job that is named."""
        raise NotImplementedError


ImageModelOption = Annotated[
    ImageModel, Opt(about="The model: photon-1, or the quicker photon-flash-1", aliases=("m",))
]
VideoModelOption = Annotated[
    VideoModel, Opt(about="The model: ray-flash-2, or ray-2 with more detail", aliases=("m",))
]
PromptOption = Annotated[str, Opt(about="What it shows", positional=True, aliases=("p",), longest=PROMPT_MAX)]
ResolutionOption = Annotated[Resolution, Opt(about="The resolution", aliases=("res", "r"))]
DurationOption = Annotated[Duration, Opt(about="The length", aliases=("d",))]
LoopOption = Annotated[bool, Opt(about="End as it begins, so that it can go on for ever")]


def picture(reference: Reference | None, jobs: Jobs, option: str) -> Reference | None:
    """An option's picture; raises InvalidRequest where it is a video."""
    return None if reference is None else of_kind(reference, jobs, MediaKind.PICTURE, option)
