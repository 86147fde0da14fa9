"""Prices above which a job waits: for its requester's confirmation, for an admin, or for a few seconds."""

from collections.abc import Mapping

from pydantic import Field

from bot.domain.jobs.job import Hold
from bot.domain.money.pricing import MICROUSD, show_money
from bot.domain.policy.decided import Decided

#: the longest time to undo, in seconds
UNDO_MAX_S = 60


#: what a preview says about a command that has to wait
HELD_FIRST: Mapping[Hold, str] = {
    Hold.CONFIRMATION: "you confirm it first",
    Hold.APPROVAL: "an admin approves it first",
}


class PriceRules(Decided):
    """Above which price of a command what happens; None: at no price. All in micro-dollars."""

    confirm_above: int | None = MICROUSD
    approve_above: int | None = None
    #: a costly job leaves only after these seconds, in which it can be cancelled
    undo_s: int = Field(default=5, ge=0, le=UNDO_MAX_S)
    undo_above: int = MICROUSD // 2

    def hold_for(self, price: int, *, is_admin: bool, is_vote: bool) -> Hold | None:
        """What a command of this price has to wait for; an admin needs nobody else's approval.

        A vote is a confirmation already.
        """
        if self.approve_above is not None and price > self.approve_above and not is_admin:
            return Hold.APPROVAL
        if self.confirm_above is not None and price > self.confirm_above and not is_vote:
            return Hold.CONFIRMATION
        return None

    def undo_seconds(self, price: int) -> int:
        """How long a command of this price can be undone before it leaves."""
        return self.undo_s if price > self.undo_above else 0

    @property
    def lines(self) -> tuple[tuple[str, str], ...]:
        """The rules as labels and values."""
        undo = f"{self.undo_s} s, above {show_money(self.undo_above)}" if self.undo_s else "off"
        return (
            ("The requester confirms", _above(self.confirm_above)),
            ("An admin approves", _above(self.approve_above)),
            ("Time to undo", undo),
        )


def _above(amount: int | None) -> str:
    return "never" if amount is None else f"above {show_money(amount)}"
