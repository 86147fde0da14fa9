"""Who may do what."""

import pytest

from bot.domain.access import (
    QueueLimits,
    Workspace,
    check_open,
    check_queue_limits,
    is_operator,
    require_admin,
    require_own,
    require_visible,
)
from bot.domain.errors import InvalidRequest, JobNotFound, NotAllowed, NotYours, QuotaExhausted
from bot.domain.identity import Caller
from bot.domain.jobs.job import Job
from tests.domain.people import caller, job

_OWNER, _OTHER, _STRANGER = caller("1"), caller("2"), caller("3", "discord:99")
_ADMIN, _FOREIGN_ADMIN = caller("4", is_admin=True), caller("5", "discord:99", is_admin=True)
_HERE = Workspace(id="discord:10")


@pytest.mark.parametrize(
    ("hidden", "asker"),
    [
        (None, _OWNER),
        (job(deleted=True), _OWNER),
        (job(private=True), _OTHER),
        (job(private=True), _ADMIN),
        (job(), _STRANGER),
        (job(), _FOREIGN_ADMIN),
    ],
)
def test_a_job_that_may_not_be_seen_is_like_one_that_is_not_there(hidden: Job | None, asker: Caller) -> None:
    with pytest.raises(JobNotFound) as missing:
        require_visible(None, asker)
    with pytest.raises(JobNotFound) as unseen:
        require_visible(hidden, asker)
    with pytest.raises(JobNotFound) as untouched:
        require_own(hidden, asker, frozenset({asker.person}))
    assert str(missing.value) == str(unseen.value) == str(untouched.value)


def test_jobs_are_seen_in_their_workspace_and_by_their_owner_everywhere() -> None:
    elsewhere = caller("1", "discord:99")
    for found, asker in ((job(), _OTHER), (job(private=True), _OWNER), (job(private=True), elsewhere)):
        assert found is require_visible(found, asker)


def test_a_job_is_managed_by_its_owner_admins_and_operators() -> None:
    assert require_own(job(), _OWNER, frozenset())
    assert require_own(job(), _ADMIN, frozenset())
    assert require_own(job(), _OTHER, frozenset({_OTHER.member}))
    with pytest.raises(NotYours, match="belongs to user 1"):
        require_own(job(), _OTHER, frozenset())


def test_operators_are_named_by_person_or_member() -> None:
    assert is_operator(_OTHER, {"discord:2"})
    assert is_operator(_OTHER, {"discord:10:2"})
    assert not is_operator(_OTHER, {"discord:10", "2"})


def test_admins_and_operators_manage_a_workspace_and_nobody_else() -> None:
    require_admin(_ADMIN, frozenset())
    require_admin(_OTHER, frozenset({_OTHER.person}))
    with pytest.raises(NotAllowed, match="Only an admin"):
        require_admin(_OTHER, frozenset())


@pytest.mark.parametrize(
    ("workspace", "blocked", "words"),
    [
        (_HERE, {"discord:1"}, "You have been blocked"),
        (_HERE, {"discord:10:1"}, "You have been blocked"),
        (_HERE, {"discord:10"}, "This workspace has been blocked"),
        (
            Workspace(id="discord:10", paused=True, pause_reason="no money"),
            set(),
            "paused here by an admin: no money.",
        ),
        (Workspace(id="discord:10", paused=True), set(), "by an admin. Queued jobs keep their place"),
    ],
)
def test_a_closed_workspace_refuses_with_a_reason(
    workspace: Workspace, blocked: set[str], words: str
) -> None:
    with pytest.raises(NotAllowed, match=words.replace(".", r"\.")):
        check_open(workspace, blocked, _OWNER)


def test_an_open_workspace_accepts_jobs() -> None:
    check_open(_HERE, {"discord:2", "discord:99", "discord:10:2"}, _OWNER)


def test_too_many_waiting_jobs_are_refused() -> None:
    patience = QueueLimits(member=2, workspace=3)
    check_queue_limits(patience, member=1, workspace=2)
    with pytest.raises(QuotaExhausted, match="You have 2 jobs waiting"):
        check_queue_limits(patience, member=2, workspace=2)
    with pytest.raises(QuotaExhausted, match="3 jobs are waiting in this workspace"):
        check_queue_limits(patience, member=0, workspace=3)


@pytest.mark.parametrize("user", ["", "1" * 200])
def test_ids_that_no_platform_gives_are_refused(user: str) -> None:
    with pytest.raises(InvalidRequest):
        Caller(workspace="discord:10", person=user, member=f"discord:10:{user}", name="x")


def test_a_caller_is_of_the_platform_that_their_workspace_names() -> None:
    assert "discord" == _OWNER.platform
