"""What people are told when something has gone wrong that is neither their fault nor the platform's."""

from bot.domain.errors import Refused


class OutOfReach(Refused):
    """The studio is out of reach for a moment; try again."""
