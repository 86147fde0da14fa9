"""One use of every command, with what its answer shows, the same on every front end."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from bot.domain.commands import CATALOGUE, GenerateCommand


@dataclass(frozen=True, slots=True)
class Channel:
    """Stands for the channel in which the commands are given."""


@dataclass(frozen=True, slots=True)
class Made:
    """Stands for a result that was made before: the newest picture or video."""

    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """One command, given by a member or by an admin."""

    name: str
    options: Mapping[str, Any] = field(default_factory=dict)
    #: what the private answer shows; a command that generates shows its result
    shows: str = ""
    by_admin: bool = False

    @property
    def generates(self) -> bool:
        return issubclass(CATALOGUE[self.name], GenerateCommand)


class FrontEnd(Protocol):
    """One running bot with a member, an admin and a channel on one platform."""

    async def generate(self, use: Use) -> str:
        """Give a command and wait for its result; returns the job."""
        ...

    async def ask(self, use: Use) -> str:
        """Give a command and return all text of its private answer."""
        ...


def _admin(name: str, shows: str, **options: Any) -> Use:
    return Use(name=name, options=options, shows=shows, by_admin=True)


PICTURE, VIDEO, HERE = Made("picture"), Made("video"), Channel()

#: in this order: later ones use what earlier ones made
USES = (
    Use(name="imagine", options={"prompt": "a red fox"}),
    Use(name="reframe", options={"aspect_ratio": "1:1"}),
    Use(name="modify", options={"prompt": "in snow"}),
    Use(name="animate", options={"prompt": "it runs", "resolution": "540p"}),
    Use(name="extend", options={"job": VIDEO, "prompt": "it stops"}),
    Use(name="upscale", options={"job": VIDEO, "resolution": "720p"}),
    Use(name="audio", options={"job": VIDEO, "prompt": "wind"}),
    Use(name="show", options={"job": PICTURE}, shows="in snow"),
    Use(name="history", shows="a red fox"),
    Use(name="gallery", shows="The gallery is empty"),
    Use(name="lineage", options={"job": PICTURE}, shows="Family tree"),
    Use(name="status", shows="Nothing is running"),
    Use(name="cancel", options={"job": PICTURE}, shows="already ended"),
    Use(name="delete", options={"job": PICTURE}, shows="Delete this?"),
    Use(name="quota", shows="Your quota"),
    # In a playground without a password they say where accounts can be linked.
    Use(name="link", shows="linked"),
    Use(name="unlink", shows="linked"),
    Use(name="settings", options={"count": 2, "aspect_ratio": "9:16"}, shows="9:16 · yours"),
    Use(name="help", shows="/imagine"),
    _admin("rules moderators", "moderators", channel=HERE),
    Use(name="report", options={"job": VIDEO, "reason": "not nice"}, shows="Reported"),
    _admin("quotas set", "each day", amount="5", period="day"),
    _admin("quotas show", "$5.00"),
    _admin("quotas grant", "extra", member="ada", amount="1", reason="won"),
    _admin("quotas pace", "Pace", cooldown=0),
    _admin("quotas reset", "reset to zero", member="ada"),
    _admin("quotas remove", "removed"),
    _admin("studio setup", "Set-up", budget="50"),
    _admin("studio defaults", "Defaults of", channel=HERE, count=2),
    _admin("studio preset", "saved: noir", action="save", kind="style", preset="noir", text="dark"),
    _admin("studio gallery", "Gallery set", channel=HERE),
    _admin("studio pause", "Paused"),
    _admin("studio resume", "Resumed"),
    _admin("studio usage", "Spent"),
    _admin("studio timezone", "Europe/Berlin", timezone="Europe/Berlin"),
    _admin("studio audit", "Audit"),
    _admin("studio retention", "30 days", media=30),
    _admin("studio key", "key"),
    _admin("rules deny", "Rule 1", model="ray-2"),
    _admin("rules allow", "Rule 2", model="ray-2", channel=HERE),
    _admin("rules show", "Rule 1"),
    _admin("rules explain", "allowed", what="/imagine a fox"),
    _admin("rules remove", "2", rule=2),
    _admin("rules words", "bad", action="add", word="bad"),
    _admin("rules test", "bad", text="a bad fox"),
    _admin("rules age", "off", mode="off"),
    _admin("rules prices", "$9.00", approve="9"),
    _admin("rules reactions", "🔥", action="animate", emoji="🔥"),
    _admin("rules block", "blocked", member="ada"),
    _admin("rules unblock", "again", member="ada"),
    Use(name="mydata export", shows="Your data"),
    Use(name="mydata forget", shows="Delete everything about you?"),
)


async def use_every_command(front_end: FrontEnd) -> None:
    """Give all commands in turn; each is answered with what it should show."""
    assert set(CATALOGUE) == {use.name for use in USES}
    made: dict[str, str] = {}
    for use in USES:
        options = {
            name: made[value.kind] if isinstance(value, Made) else value
            for name, value in use.options.items()
        }
        ready = Use(name=use.name, options=options, shows=use.shows, by_admin=use.by_admin)
        if use.generates:
            kind = "picture" if use.name in ("imagine", "reframe", "modify") else "video"
            made[kind] = await front_end.generate(ready)
        else:
            shown = await front_end.ask(ready)
            assert use.shows.lower() in shown.lower(), f"/{use.name}: {shown}"
