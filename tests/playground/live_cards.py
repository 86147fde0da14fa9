"""A card, its place and its people, for tests that publish it themselves."""

from dataclasses import replace

from adapters.playground.events.requests import RequestContext
from adapters.playground.messages.conversations import Person
from bot.domain.cards.card import CardView, JobPhase, JobView
from bot.domain.generations.media import MediaKind
from bot.domain.identity import Place

NOW = 1_790_000_000_000
ADA = Person(name="ada", is_admin=True)
GRACE = Person(name="grace", is_admin=False)
CARD = "0" * 24


def running_card(rev: int, *, private: bool = False) -> CardView:
    """Return a revision of a card whose job is running."""
    job = JobView(
        id="1" * 24,
        phase=JobPhase.RUNNING,
        headline="Dreaming",
        fields=(),
        running_since=NOW,
        expected_ms=1,
        ready_at=None,
        position=None,
        makes=MediaKind.PICTURE,
        media=None,
        preview=None,
        alt="a fox",
        actions=(),
        cancellable=False,
        stars=0,
        parent=None,
    )
    return CardView(
        card=CARD,
        rev=rev,
        member=RequestContext.of(ADA).caller.member,
        member_name=ADA.name,
        title="a fox",
        private=private,
        jobs=(job,),
        created_at=NOW,
    )


def place(*, message: str | None = None, private: bool = False) -> Place:
    return replace(RequestContext.of(ADA).place(private=private), message=message)
