"""What the clients of all generation APIs share: one request at a time, and what its failure means."""

from bot.providers.http.client import ApiClient, api_origin
from bot.providers.http.errors import Call

__all__ = ["ApiClient", "Call", "api_origin"]
