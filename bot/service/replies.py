"""What the studio answers to a command: a card that lives on, or a private note."""

from dataclasses import dataclass

from bot.domain.cards import CardView
from bot.domain.media import Media


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfirmationButton:
    """One of the buttons under a question; what it says goes to `Studio.decide`."""

    label: str
    #: it does what is asked about, and cannot be taken back; else everything stays as it is
    confirms: bool
    job: str
    #: an id that tells when the question was asked
    question: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PrivateReply:
    """A private answer, shown once."""

    title: str
    text: str = ""
    #: label and value, in order
    fields: tuple[tuple[str, str], ...] = ()
    #: jobs to be listed, each as a card of its own kind
    views: tuple[CardView, ...] = ()
    #: nothing is done until one of these is pressed; the harmless one comes first
    choices: tuple[ConfirmationButton, ...] = ()
    #: what it is about, for a small picture where that is cheap
    media: Media | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CardReply:
    """A new card; its first revision is on its way to the place, or the adapter's to show."""

    view: CardView
    #: the same event was seen before; nothing new was made
    repeated: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceQuote:
    """What a command would cost."""

    #: micro-dollars, of all its jobs together
    price: int
    #: the API does not document the size of the result
    estimate: bool
    #: the price is lowered once what it builds on has been looked at
    upper_bound: bool
    #: the job that it builds on though the command names none
    source: str | None = None


Reply = PrivateReply | CardReply
