"""What the actions on a finished job cost, as buttons and menu entries show it before they are used."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from bot.domain.generations.models import AspectRatio
from bot.domain.jobs.actions import LABELS, Action
from bot.domain.money.pricing import Price


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionPrices:
    """The prices of one job's actions now; those that have none make nothing, or cannot be priced."""

    #: of REFRAME, that of the aspect ratio which a reaction takes
    by_action: Mapping[Action, Price] = field(default_factory=dict)
    #: what REFRAME costs with each aspect ratio
    by_ratio: Mapping[AspectRatio, Price] = field(default_factory=dict)

    def label(self, action: Action) -> str:
        """The label of a button with its price, such as `Animate · $0.25`."""
        price = self.text(action)
        return f"{LABELS[action]} · {price}" if price else LABELS[action]

    def text(self, action: Action) -> str:
        """The price on a button; empty where there is none. A choice that follows has the least first."""
        if action is Action.REFRAME and len({one.text for one in self.by_ratio.values()}) > 1:
            least = min(self.by_ratio.values(), key=lambda one: one.total)
            return f"from {least.text}"
        price = self.by_action.get(action)
        return price.text if price is not None else ""

    def shown(self, action: Action) -> int | None:
        """Micro-dollars that a click on the button may cost without a question; None without a price."""
        price = self.by_action.get(action)
        return price.total if price is not None else None

    def ratio_label(self, ratio: AspectRatio) -> str:
        """An entry of the choice of aspect ratios with its price."""
        price = self.by_ratio.get(ratio)
        return f"{ratio} · {price.text}" if price is not None else ratio

    def shown_of_ratio(self, ratio: AspectRatio) -> int | None:
        """The same as `shown` for an aspect ratio."""
        price = self.by_ratio.get(ratio)
        return price.total if price is not None else None


NO_PRICES = ActionPrices()
