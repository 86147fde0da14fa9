"""A `Provider` for the Dream Machine API."""

from bot.providers.luma.client import BUILD_TIER, CAPABILITIES, PUBLIC_API, LumaProvider, luma_origin

__all__ = ["BUILD_TIER", "CAPABILITIES", "PUBLIC_API", "LumaProvider", "luma_origin"]
