"""The Dream Machine API as a provider."""

from bot.providers.luma.client import BUILD_TIER, CAPABILITIES, PUBLIC_API, LumaProvider, account_id

__all__ = ["BUILD_TIER", "CAPABILITIES", "PUBLIC_API", "LumaProvider", "account_id"]
