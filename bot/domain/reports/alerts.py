"""What an operator has to know about the running bot, each with its remedy, and the alerts that say it."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from bot.domain.identity import Place
from bot.domain.jobs.failures import neutral, one_line


class ConditionKind(StrEnum):
    """The kinds of conditions; the names are part of the alerts that webhooks receive."""

    #: a provider's API does not respond
    PROVIDER_DOWN = "provider_down"
    #: an account does not accept jobs
    ACCOUNT_STOPPED = "account_stopped"
    #: the credit of an account, or its monthly limit, is nearly spent
    BALANCE_LOW = "balance_low"
    #: the API takes other prices than ours
    PRICE_WRONG = "price_wrong"
    #: jobs wait although they could be submitted
    QUEUE_STUCK = "queue_stuck"
    #: a disk has little free space
    DISK_LOW = "disk_low"


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """One thing that is wrong now."""

    kind: ConditionKind
    #: what it is about, such as an account
    subject: str
    #: one sentence
    text: str
    remedy: str

    @property
    def id(self) -> str:
        """The same for the same condition, however often it is found."""
        return f"{self.kind}:{self.subject}"

    def __str__(self) -> str:
        return f"{self.text} {self.remedy}"


#: times the pause between two messages about one alert, for conditions that move slowly around their limit
_QUIET_FACTORS = {
    ConditionKind.BALANCE_LOW: 36,
    ConditionKind.PRICE_WRONG: 36,
    ConditionKind.DISK_LOW: 6,
}
#: characters of a message; Discord takes 2,000
_TEXT_MAX = 1_500


class AlertState(StrEnum):
    """What the operator was told about a condition."""

    #: it was found, and nothing was told
    FOUND = "found"
    RAISED = "raised"
    RESOLVED = "resolved"


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """What is known of one condition; times are milliseconds UTC."""

    #: of the condition
    id: str
    kind: ConditionKind
    text: str
    remedy: str
    state: AlertState
    #: when any process last found the condition
    found_at: int
    #: when something was last told; None: never
    told_at: int | None
    #: names the alert in both of its messages; empty until it is raised
    notice: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertRules:
    """The times that decide when something is told, in milliseconds."""

    #: a condition that no process has found for so long is over
    clear: int
    #: shortest time from one message about a condition to a new alert about it
    quiet: int

    def next_state(self, alert: Alert, now: int) -> AlertState | None:
        """What has to be told now; None: nothing."""
        is_over = now - alert.found_at > self.clear
        if alert.state is AlertState.RAISED:
            return AlertState.RESOLVED if is_over else None
        if is_over or (alert.told_at is not None and now - alert.told_at < self._quiet(alert.kind)):
            return None
        return AlertState.RAISED

    def may_forget(self, alert: Alert, now: int) -> bool:
        """Whether a condition is over, and told long ago or not at all."""
        if alert.state is AlertState.RAISED or now - alert.found_at <= self.clear:
            return False
        return alert.told_at is None or now - alert.told_at >= self._quiet(alert.kind)

    def _quiet(self, kind: ConditionKind) -> int:
        return self.quiet * _QUIET_FACTORS.get(kind, 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """One message about an alert to one target, kept until it is sent."""

    #: rises with time, so that a target gets its messages in order
    id: str
    #: `webhook`, or an operator as the settings name them
    target: str
    #: the same for the alert and for its end
    alert: str
    kind: ConditionKind
    state: AlertState
    text: str
    remedy: str
    #: when it was raised or resolved, in milliseconds UTC
    at: int
    tries: int = 0
    #: when it is to be sent next
    run_at: int = 0

    @property
    def message(self) -> str:
        """The whole message for people; foreign text in it makes no mentions or links."""
        text = neutral(one_line(self.text))
        if self.state is AlertState.RESOLVED:
            return f"✅ Over: {text}"
        return f"⚠️ {text}\n{self.remedy}"[:_TEXT_MAX]

    @property
    def body(self) -> dict[str, Any]:
        """What a webhook receives; Slack shows `text`, Discord `content`."""
        return {
            "id": self.alert,
            "kind": self.kind,
            "state": self.state,
            "text": self.message,
            "content": self.message,
            "remedy": self.remedy,
            "at": self.at,
            "allowed_mentions": {"parse": []},
        }


def direct_place(person: str) -> Place:
    """The direct messages with somebody who is named as a person or as a member of a workspace."""
    platform, *between, _ = person.split(":")
    return Place(
        adapter=platform,
        workspace=":".join((platform, *between)) if between else f"{platform}:@dm",
        channel=f"@{person}",
        private=True,
        direct=True,
    )
