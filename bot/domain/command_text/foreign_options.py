"""Options of other image bots: what does the same here, or what to do instead."""

from collections.abc import Mapping, Sequence

from bot.domain.commands import CATALOGUE, Command
from bot.domain.options import Option, options

#: options of ours that do the same, the likeliest first
_SAME: Mapping[str, Sequence[str]] = {
    "sref": ("style",),
    "style_reference": ("style",),
    "cref": ("character",),
    "oref": ("character",),
    "image": ("start", "media", "image"),
    "init_image": ("start", "image", "media"),
    "start_image": ("start",),
    "end_image": ("end",),
    "first": ("start", "first_frame"),
    "last": ("end",),
    "reference": ("image",),
    "v": ("model",),
    "version": ("model",),
    "niji": ("model",),
    "repeat": ("count",),
    "batch": ("count",),
    "num": ("count",),
    "size": ("aspect_ratio", "resolution"),
    "width": ("aspect_ratio",),
    "height": ("aspect_ratio",),
    "motion": ("camera_motion",),
    "camera": ("camera_motion",),
    "length": ("duration",),
    "seconds": ("duration",),
    "hd": ("resolution",),
}
_NO_EXCLUSION = (
    "Prompts cannot exclude things here. Describe what is to be seen: an empty street, not --no people."
)
_NO_SEED = (
    "There are no seeds here. Under a result, 🎲 makes the same again, and 🔁 makes one that is close to it."
)
_NO_STEERING = "This has no counterpart here: the model decides it, and words in the prompt steer it."
_NO_SPEED = (
    "There are no speed modes here; --model chooses between quality and speed, and /help names the models."
)
#: what to do where no option does the same
_INSTEAD: Mapping[str, str] = {
    "no": _NO_EXCLUSION,
    "negative": _NO_EXCLUSION,
    "negative_prompt": _NO_EXCLUSION,
    "seed": _NO_SEED,
    "sameseed": _NO_SEED,
    "iw": "A weight stands behind its picture here: --image <#id or address>@0.85",
    "sw": "A weight stands behind its picture here: --style <#id or address>@0.85",
    "cw": "Character pictures have no weight here; more of them give a better likeness.",
    "stylize": _NO_STEERING,
    "chaos": _NO_STEERING,
    "weird": _NO_STEERING,
    "quality": _NO_STEERING,
    "q": _NO_STEERING,
    "s": _NO_STEERING,
    "cfg": _NO_STEERING,
    "scale": _NO_STEERING,
    "steps": _NO_STEERING,
    "sampler": _NO_STEERING,
    "raw": _NO_STEERING,
    "tile": _NO_STEERING,
    "stop": _NO_STEERING,
    "fps": "Every video has 24 frames per second.",
    "fast": _NO_SPEED,
    "relax": _NO_SPEED,
    "turbo": _NO_SPEED,
    "draft": _NO_SPEED,
    "public": "Results are public unless --private is given.",
    "stealth": "Here it is --private: only you see the result.",
}
#: names that are no words: behind a dash, which phones make of two hyphens, they are options too
DASHED = frozenset({"sref", "cref", "oref", "niji", "stylize", "sameseed"})


def answer_foreign(name: str, command: type[Command]) -> str | None:
    """What to write in place of another bot's option; None for a name that no known bot has.

    `name` is written with underscores.
    """
    for ours in _SAME.get(name, ()):
        if (option := _option(command, ours)) is not None:
            return f"/{command.name} has no --{name}; --{ours} does that here{_values(option)}."
    for ours in _SAME.get(name, ()):
        if (other := next((one for one in CATALOGUE.values() if _option(one, ours)), None)) is not None:
            return f"/{command.name} has no --{name}; /{other.name} has it as --{ours}."
    instead = _INSTEAD.get(name)
    return None if instead is None else f"/{command.name} has no --{name}. {instead}"


def _option(command: type[Command], name: str) -> Option | None:
    return next((one for one in options(command) if one.name == name), None)


def _values(option: Option) -> str:
    if option.choices:
        return f": {', '.join(option.choices)}"
    return f": {option.description[:1].lower()}{option.description[1:]}"
