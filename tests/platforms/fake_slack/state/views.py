"""Open modals and Home tabs."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tests.platforms.fake_slack.rules.blocks import elements
from tests.platforms.fake_slack.rules.refusals import Json

if TYPE_CHECKING:
    from tests.platforms.fake_slack.state.places import Team, User

#: forms that may lie upon each other
STACK = 3


@dataclass(slots=True, kw_only=True, eq=False)
class View:
    id: str
    team: "Team"
    #: who sees it
    user: "User"
    #: as the app wrote it
    told: Json
    #: changes with every update
    hash: str
    #: the form below it
    previous: "View | None" = None
    closed: bool = False
    updates: int = 0
    #: what has been put in so far, by block_id and action_id
    typed: dict[tuple[str, str], Json] = field(default_factory=dict)
    #: options that a lookup has shown, by action_id; only they can be chosen
    looked_up: dict[str, list[Json]] = field(default_factory=dict)
    #: what the app found wrong with the last submission, by block_id
    errors: dict[str, str] = field(default_factory=dict)

    @property
    def blocks(self) -> list[Json]:
        found: list[Json] = self.told["blocks"]
        return found

    @property
    def parts(self) -> list[Json]:
        """Everything in it that can be used."""
        return [element for _, element in elements(self.blocks)]

    @property
    def root(self) -> "View":
        return self if self.previous is None else self.previous.root

    @property
    def depth(self) -> int:
        return 1 if self.previous is None else self.previous.depth + 1
