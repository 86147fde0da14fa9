"""What an operator has to know about the running bot, each with its remedy."""

from dataclasses import dataclass
from enum import StrEnum


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
