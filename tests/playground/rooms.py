"""Rooms of the playground with a card in them."""

from dataclasses import replace

from adapters.playground.delivery.conversations import Person, Seat
from bot.domain.cards import CardView, JobPhase, JobView
from bot.domain.identity import Place
from tests.playground.fake_studio import START

ADA = Person(name="ada", is_admin=True)
GRACE = Person(name="grace", is_admin=False)
CARD = "0" * 24


def live(rev: int, *, private: bool = False) -> CardView:
    job = JobView(
        id="1" * 24,
        phase=JobPhase.RUNNING,
        headline="Generating",
        fields=(),
        running_since=START,
        expected_ms=1,
        ready_at=None,
        position=None,
        media=None,
        alt="a fox",
        actions=(),
        cancellable=False,
        stars=0,
        parent=None,
    )
    return CardView(
        card=CARD,
        rev=rev,
        member=Seat(person=ADA).caller.member,
        member_name=ADA.name,
        title="a fox",
        private=private,
        jobs=(job,),
        created_at=START,
    )


def place(*, message: str | None = None, private: bool = False) -> Place:
    return replace(Seat(person=ADA).place(private=private), message=message)
