"""How strong pictures are, where one text says it for all: `image1 0.85, style 0.5`. Pure."""

import re
from collections.abc import Collection, Mapping

from bot.domain.errors import InvalidRequest
from bot.domain.options import shorten

_PAIR = re.compile(
    r"\s*(?P<name>[A-Za-z_]\w*+)\s*[=:@]?\s*(?P<number>\d+(?:[.,]\d+)?|\.\d+)(?![\w.%])\s*[,;]?\s*", re.ASCII
)


def read_weights(text: str, names: Collection[str]) -> Mapping[str, float]:
    """Read the weight of each named picture; raises InvalidRequest saying what is expected."""
    found: dict[str, float] = {}
    at = 0
    while at < len(text.rstrip()):
        pair = _PAIR.match(text, at)
        if pair is None:
            raise InvalidRequest(
                f"weights: {shorten(text[at:].strip())!r} is not understood; write them like image1 0.85"
            )
        name, weight = pair["name"].lower(), float(pair["number"].replace(",", "."))
        if name not in names:
            given = ", ".join(names) or "no picture"
            raise InvalidRequest(f"weights: {shorten(name)} is not there to be weighted, only {given}")
        if name in found:
            raise InvalidRequest(f"weights: {name} is given twice; keep one")
        if weight > 1:
            raise InvalidRequest(
                f"weights: {name} lies between 0 and 1, such as 0.85, not at {pair['number']}"
            )
        found[name] = weight
        at = pair.end()
    return found
