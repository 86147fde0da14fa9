"""When an alert is told, and how."""

import pytest

from bot.domain.reports.alerts import Alert, AlertRules, AlertState, ConditionKind, Notice, direct_place

_RULES = AlertRules(clear=10, quiet=100)
FOUND, RAISED, RESOLVED = AlertState.FOUND, AlertState.RAISED, AlertState.RESOLVED
_NOW = 1_000_000


def _alert(state: AlertState, *, found_ago: int, told_ago: int | None, kind: ConditionKind) -> Alert:
    return Alert(
        id="x",
        kind=kind,
        text="It is down.",
        remedy="Look.",
        state=state,
        found_at=_NOW - found_ago,
        told_at=None if told_ago is None else _NOW - told_ago,
        notice="",
    )


@pytest.mark.parametrize(
    ("state", "found_ago", "told_ago", "after", "forgotten"),
    [
        (FOUND, 0, None, RAISED, False),
        (FOUND, 11, None, None, True),  # it was over before it was told
        (RAISED, 10, 500, None, False),  # one missed round is not its end
        (RAISED, 11, 500, RESOLVED, False),
        (RESOLVED, 0, 99, None, False),  # it flaps
        (RESOLVED, 0, 100, RAISED, False),
        (RESOLVED, 11, 99, None, False),  # forgotten, it could be told again at once
        (RESOLVED, 11, 100, None, True),
    ],
)
def test_an_alert_is_told_when_it_begins_and_when_it_is_over(
    state: AlertState, found_ago: int, told_ago: int | None, after: AlertState | None, forgotten: bool
) -> None:
    alert = _alert(state, found_ago=found_ago, told_ago=told_ago, kind=ConditionKind.PROVIDER_DOWN)
    assert after == _RULES.next_state(alert, _NOW)
    assert forgotten == _RULES.may_forget(alert, _NOW)


def test_a_balance_around_its_limit_is_told_rarely() -> None:
    alert = _alert(RESOLVED, found_ago=0, told_ago=3_599, kind=ConditionKind.BALANCE_LOW)
    assert _RULES.next_state(alert, _NOW) is None
    assert RAISED == _RULES.next_state(alert, _NOW + 1)


def _notice(state: AlertState, text: str = "Account one does not accept jobs: no credit.") -> Notice:
    return Notice(
        id="2",
        target="webhook",
        alert="1",
        kind=ConditionKind.ACCOUNT_STOPPED,
        state=state,
        text=text,
        remedy="Add credit.",
        at=_NOW,
    )


def test_the_body_of_a_webhook_is_as_documented() -> None:
    message = "⚠️ Account one does not accept jobs: no credit.\nAdd credit."
    assert {
        "id": "1",
        "kind": "account_stopped",
        "state": "raised",
        "text": message,
        "content": message,
        "remedy": "Add credit.",
        "at": _NOW,
        "allowed_mentions": {"parse": []},
    } == _notice(RAISED).body
    assert "✅ Over: Account one does not accept jobs: no credit." == _notice(RESOLVED).body["text"]


def test_a_message_mentions_nobody_and_fits_every_platform() -> None:
    text = _notice(RAISED, "<!channel> @everyone " + "x" * 5_000).message
    assert "<!" not in text
    assert "@everyone" not in text
    assert len(text) < 2_000


@pytest.mark.parametrize(
    ("operator", "workspace"),
    [
        ("discord:42", "discord:@dm"),
        ("discord:7:42", "discord:7"),
        ("slack:T1:U1", "slack:T1"),
        ("playground:ada", "playground:@dm"),
    ],
)
def test_an_operator_is_told_in_their_direct_messages(operator: str, workspace: str) -> None:
    place = direct_place(operator)
    assert (workspace, f"@{operator}") == (place.workspace, place.channel)
    assert operator.partition(":")[0] == place.adapter
