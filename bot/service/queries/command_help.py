"""/help: every command by example, with what it costs and with jobs of the asker."""

from collections.abc import Collection, Iterator, Mapping, Sequence

from bot.domain.access import is_operator
from bot.domain.command_text.completion import offered_option
from bot.domain.commands import (
    CATALOGUE,
    Animate,
    Audience,
    Audio,
    Command,
    Extend,
    Help,
    Imagine,
    Modify,
    Reframe,
    Upscale,
)
from bot.domain.commands.base import EXAMPLE_ID
from bot.domain.errors import InvalidRequest
from bot.domain.generations.media import MediaKind, Reference
from bot.domain.generations.models import AspectRatio, Duration, Model, Resolution
from bot.domain.generations.requests import (
    AnyRequest,
    AudioRequest,
    ImageRequest,
    ModifyVideoRequest,
    ReframeImageRequest,
    UpscaleRequest,
    VideoRequest,
)
from bot.domain.identity import Caller, Place
from bot.domain.ids import short_id
from bot.domain.money.pricing import Rates, is_estimate, price, show_money
from bot.domain.options import Option, options
from bot.jobs.routing import offered_choices, offered_models
from bot.service.replies import PrivateReply
from bot.services import Services
from bot.store.listings.job_search import JobQuery, search_jobs

#: fields of an example of each kind of request
_SOURCE = {
    "source": Reference(job="any", kind=MediaKind.VIDEO),
    "aspect_ratio": AspectRatio.LANDSCAPE,
    "duration_ms": Duration.FIVE.ms,
}
_PICTURE: Mapping[str, object] = {"prompt": "any"}
_REFRAMED: Mapping[str, object] = {"source": Reference(job="any"), "aspect_ratio": AspectRatio.SQUARE}
_UPSCALED: Mapping[str, object] = _SOURCE | {"resolution": Resolution.P1080}
#: the cheapest that each command makes
_CHEAPEST: Mapping[type[Command], tuple[type[AnyRequest], Mapping[str, object]]] = {
    Imagine: (ImageRequest, _PICTURE),
    Animate: (VideoRequest, {}),
    Extend: (VideoRequest, {}),
    Reframe: (ReframeImageRequest, _REFRAMED),
    Modify: (ImageRequest, _PICTURE),
    Upscale: (UpscaleRequest, _UPSCALED),
    Audio: (AudioRequest, _SOURCE),
}


async def show_help(services: Services, command: Help, caller: Caller, place: Place) -> PrivateReply:
    """Show every command by example and the prices; or everything about one command."""
    admin = caller.is_admin or is_operator(caller, frozenset(services.settings.operators))
    offered = await offered_models(services, caller.workspace)
    wanted = command.command.removeprefix("/").strip().lower()
    if wanted:
        found = CATALOGUE.get(wanted)
        if found is None:
            raise InvalidRequest(f"There is no /{wanted}. /help shows all.")
        shown = [found]
    else:
        shown = [item for item in CATALOGUE.values() if admin or item.audience is Audience.EVERYONE]
    examples = [
        (await _example(services, item, caller, place), _about(item, services.rates, offered))
        for item in shown
    ]
    names = tuple(item.name for item in shown)
    if wanted:
        choices = await offered_choices(services, caller.workspace)
        here = (offered_option(option, choices) for option in options(shown[0]))
        fields = [field for option in here for field in _option_help(option)]
        return PrivateReply(title=f"/{shown[0].name}", fields=(*examples, *fields), commands=names)
    return PrivateReply(
        title="What you can do",
        text=_prices(services.rates, offered),
        fields=tuple(examples),
        commands=names,
    )


async def _example(services: Services, command: type[Command], caller: Caller, place: Place) -> str:
    """An example with a job that the caller can use it on; only its name where there is none."""
    if EXAMPLE_ID not in command.example:
        return command.example
    query = JobQuery(
        caller=caller,
        text="",
        kind=None,
        states=command.states,
        usable=False,
        place=place,
        count=1,
    )
    newest = next(iter(await search_jobs(services.database, query)), None)
    if newest is None:
        return f"/{command.name}"
    return command.example.replace(EXAMPLE_ID, f"#{short_id(newest.id)}")


def _about(command: type[Command], rates: Rates, offered: Mapping[str, Sequence[Model]]) -> str:
    """What a command does, and what it costs at least."""
    if command not in _CHEAPEST:
        return command.description
    amounts = [amount for _, amount in _priced(*_CHEAPEST[command], rates, offered)]
    if not amounts:
        return command.description
    amount, estimate = min(amounts)
    return f"{command.description} · from {show_money(amount, estimate=estimate)}"


def _option_help(option: Option) -> Iterator[tuple[str, str]]:
    """The field of an option, and one for each of its choices that has a note."""
    choices = f": {', '.join(option.choices)}" if option.choices and not option.choice_notes else ""
    default = f" (default {option.default})" if option.default else ""
    yield f"--{option.name}", f"{option.counted_description}{choices}{default}"
    yield from zip(option.choices, option.choice_notes, strict=False)


def _prices(rates: Rates, offered: Mapping[str, Sequence[Model]]) -> str:
    """What each kind of job costs, by example, of the models that are offered and have a price."""
    examples: tuple[tuple[str, type[AnyRequest], Mapping[str, object]], ...] = (
        ("A picture costs", ImageRequest, _PICTURE),
        ("A video of 5 s in 720p costs", VideoRequest, {}),
        ("For such a video, /modify costs", ModifyVideoRequest, _SOURCE),
        ("/upscale costs", UpscaleRequest, _UPSCALED),
        ("/audio costs", AudioRequest, _SOURCE),
    )
    lines = []
    for words, kind, fields in examples:
        prices = [_show(*one) for one in _priced(kind, fields, rates, offered)]
        if prices:
            lines.append(f"{words} {', '.join(prices)}.")
    return " ".join((*lines, "A failed job is not charged."))


def next_prices(
    rates: Rates, offered: Mapping[str, Sequence[Model]], used: Collection[object], left: int | None = None
) -> str:
    """What the next picture and the next video cost with the models of `used`, the member's defaults.

    Warns where that is more than what is `left`, in micro-dollars.
    """
    lines = []
    for words, kind in (("The next picture costs", ImageRequest), ("a video of 5 s", VideoRequest)):
        models = offered.get(kind.model_fields["kind"].default, ())
        model = next((one for one in models if one in used), next(iter(models), None))
        for found, amount in _priced(kind, _PICTURE, rates, offered):
            if found is model:
                short = left is not None and amount[0] > left
                lines.append(f"{words} {_show(found, amount)}{' (⚠️ more than is left)' if short else ''}")
    return f"{', '.join(lines)}." if lines else ""


def _priced(
    kind: type[AnyRequest],
    fields: Mapping[str, object],
    rates: Rates,
    offered: Mapping[str, Sequence[Model]],
) -> Iterator[tuple[Model, tuple[int, bool]]]:
    """The models that make a request and have a price; with it, and whether it is an estimate."""
    for model in offered.get(kind.model_fields["kind"].default, ()):
        request = kind.model_validate({**fields, "model": model})
        try:
            yield model, (price(request, rates), is_estimate(request))
        except InvalidRequest:
            continue


def _show(model: Model, amount: tuple[int, bool]) -> str:
    return f"{model} {show_money(amount[0], estimate=amount[1])}"
