"""Cards as the Discord tests need them."""

from typing import Any

from bot.domain.cards.card import CardView, JobPhase, JobView
from bot.domain.generations.media import Media, MediaKind
from bot.domain.ids import new_id
from bot.domain.jobs.actions import Action

NOW = 1_800_000_000_000
#: Discord user ids are snowflakes
ASKER = "200000000000000001"
PICTURE = Media(file="a" * 64, mime="image/jpeg", size=1_000, width=2048, height=1152)
VIDEO = Media(file="b" * 64, mime="video/mp4", size=3_000, width=1280, height=720, duration_ms=5_000)
FACTS = (("Model", "photon-1"), ("Aspect ratio", "16:9"), ("Price", "$0.018"), ("Took", "12 s"))


def identity(number: int, now: int = NOW) -> str:
    return new_id(now, number.to_bytes(9, "big"))


def job_view(number: int = 1, phase: JobPhase = JobPhase.DONE, **changes: Any) -> JobView:
    done, moving = phase is JobPhase.DONE, phase in (JobPhase.WAITING, JobPhase.RUNNING)
    values: dict[str, Any] = {
        "id": identity(number),
        "phase": phase,
        "headline": "Done" if done else "Dreaming",
        "fields": FACTS,
        "running_since": None,
        "expected_ms": 12_000,
        "position": None,
        "ready_at": NOW + 12_000 if moving else None,
        "media": PICTURE if done else None,
        "makes": MediaKind.PICTURE,
        "preview": None,
        "alt": "a red fox",
        "actions": () if moving else (Action.VARIATION, Action.AGAIN, Action.DELETE),
        "cancellable": phase is JobPhase.WAITING,
        "stars": 0,
        "parent": None,
    }
    return JobView(**values | changes)


def card_view(*jobs: JobView, number: int = 500, now: int = NOW, **changes: Any) -> CardView:
    values: dict[str, Any] = {
        "card": identity(number, now),
        "rev": 1,
        "member": f"discord:300:{ASKER}",
        "member_name": "Ada",
        "title": "a red fox",
        "private": False,
        "jobs": jobs or (job_view(),),
        "created_at": now,
    }
    return CardView(**values | changes)
