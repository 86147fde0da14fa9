"""Cards for the Slack tests."""

from typing import Any

from bot.domain.cards.card import CardView, JobView
from tests.platforms.with_discord import cards
from tests.platforms.with_discord.cards import NOW, PICTURE, VIDEO, identity, job_view

__all__ = ["NOW", "PICTURE", "VIDEO", "card_view", "identity", "job_view"]


def card_view(*jobs: JobView, **changes: Any) -> CardView:
    """A card of Ada's, who is on Slack."""
    return cards.card_view(*jobs, **{"member": "slack:T1:U1", **changes})
