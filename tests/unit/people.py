"""Callers and jobs as tests need them."""

from typing import Any

from bot.domain.jobs import FINAL, Job, Picture, State
from bot.domain.people import Caller
from bot.domain.requests import ImageRequest

NOW = 1_800_000_000_000
PICTURE = Picture(file="f" * 64, mime="image/jpeg", size=1000, width=2048, height=1152)


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
        "lane": "image",
        "request": ImageRequest(prompt="a red fox"),
        "title": "a red fox",
        "price": 17_223,
        "state": state,
        "turn": 0,
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
