"""A `Provider` for the Luma Agents API."""

from bot.providers.luma_agents.client import CAPABILITIES, PUBLIC_API, LumaAgentsProvider

__all__ = ["CAPABILITIES", "PUBLIC_API", "LumaAgentsProvider"]
