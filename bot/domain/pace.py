"""How long generations take, as long as nothing has been learned."""

from collections.abc import Mapping

from bot.domain.requests import ImageModel

#: milliseconds of a typical generation
_TYPICAL_MS: Mapping[ImageModel, int] = {
    ImageModel.PHOTON_1: 12_000,
    ImageModel.PHOTON_FLASH_1: 5_000,
}


def typical_ms(model: ImageModel, *, speed: float = 1.0) -> int:
    """Milliseconds to expect; `speed` divides them, for a simulator that hurries."""
    return round(_TYPICAL_MS[model] / speed)
