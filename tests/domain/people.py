"""Callers and jobs as tests need them."""

from typing import Any

from bot.domain.cards.card import Card
from bot.domain.generations.media import Media
from bot.domain.generations.models import Lane
from bot.domain.generations.requests import AnyRequest, ImageRequest, VideoRequest
from bot.domain.identity import Caller, Place
from bot.domain.jobs.job import FINAL, Job, State

NOW = 1_800_000_000_000
PICTURE = Media(file="f" * 64, mime="image/jpeg", size=1000, width=2048, height=1152)
VIDEO = Media(file="a" * 64, mime="video/mp4", size=9000, width=1280, height=720, duration_ms=5000)

CARD = Card(
    id="1" * 24,
    place=Place(adapter="playground", workspace="discord:10", channel="c"),
    member="discord:10:1",
    person="discord:1",
    wanted_rev=3,
    shown_rev=2,
    shown_digest="",
    posting_since=None,
    tries=0,
    created_at=NOW,
)


def caller(user: str = "1", workspace: str = "discord:10", *, is_admin: bool = False) -> Caller:
    return Caller(
        workspace=workspace,
        person=f"discord:{user}",
        member=f"{workspace}:{user}",
        name=f"user {user}",
        is_admin=is_admin,
    )


def job(state: State = State.COMPLETED, *, owner: Caller | None = None, **changes: Any) -> Job:
    owner = owner or caller()
    values: dict[str, Any] = {
        "id": "0" * 24,
        "card": "1" * 24,
        "position": 0,
        "workspace": owner.workspace,
        "member": owner.member,
        "person": owner.person,
        "member_name": owner.name,
        "provider": "simulator",
        "lane": Lane.IMAGE,
        "request": ImageRequest(prompt="a red fox"),
        "title": "a red fox",
        "price": 17_223,
        "state": state,
        "queue": "simulator/image",
        "virtual_time": 0,
        "attempt": 1,
        "account": "simulator-a",
        "remote_id": "r",
        "created_at": NOW,
        "claimed_at": NOW,
        "submitted_at": NOW,
        "finished_at": NOW + 12_000 if state in FINAL else None,
        "deadline": NOW + 86_400_000,
        "result": PICTURE if state is State.COMPLETED else None,
        "failure": None,
        "parent": None,
        "private": False,
        "stars": 0,
        "deleted": False,
    }
    return Job(**values | changes)


def film(state: State = State.COMPLETED, request: AnyRequest | None = None, **changes: Any) -> Job:
    """A job that makes a video."""
    result = VIDEO if state is State.COMPLETED else None
    request = request or VideoRequest(prompt="a red fox runs")
    values: dict[str, Any] = {"id": "7" * 24, "lane": Lane.VIDEO, "title": "a red fox runs", "price": 243_302}
    return job(state, **values | {"request": request, "result": result} | changes)
