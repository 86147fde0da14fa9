"""A `Provider` for the Appy Pie gateway, which makes videos from a picture."""

from bot.providers.appypie.client import CAPABILITIES, PUBLIC_API, AppyPieProvider

__all__ = ["CAPABILITIES", "PUBLIC_API", "AppyPieProvider"]
