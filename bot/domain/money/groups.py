"""Groups of workspaces that share one monthly budget; the operator makes them."""

from dataclasses import dataclass

from bot.domain.errors import InvalidRequest
from bot.domain.money.quota import Allowance, Level, Period, scope_of

#: characters of a name
_NAME_MAX = 60
#: workspaces that a text names
_LISTED = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Workspaces with a budget that they spend together, beside their own."""

    id: str
    name: str
    #: micro-dollars in a calendar month, UTC
    budget: int

    @property
    def allowance(self) -> Allowance:
        return Allowance(amount=self.budget, period=Period.MONTH)

    @property
    def scope(self) -> str:
        """The scope of its meters."""
        return scope_of(Level.GROUP, "", self.id)


def read_group_name(text: str) -> str:
    """A group's name; raises InvalidRequest for one that no list could show."""
    name = " ".join(text.split())
    if not name:
        raise InvalidRequest("Give the group a name")
    if len(name) > _NAME_MAX:
        raise InvalidRequest(f"The name of a group has {_NAME_MAX} characters at most")
    if not name.isprintable():
        raise InvalidRequest("The name of a group may only have characters that can be shown")
    return name


def show_shared(workspaces: list[str]) -> str:
    """With whom a budget is shared, for people: a few workspaces by their ids."""
    named = workspaces[:_LISTED]
    more = len(workspaces) - len(named)
    return " and ".join(filter(None, (", ".join(named), f"{more} more" if more else ""))) or "nobody yet"
