"""What the core replies to a command or an action: a card, or a private reply."""

from dataclasses import dataclass, field

from bot.domain.cards.card import CardView
from bot.domain.command_text.job_settings import JobSettings
from bot.domain.commands import Command
from bot.domain.generations.media import Media
from bot.domain.identity import Named
from bot.domain.jobs.job import Hold
from bot.domain.money.pricing import Price


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfirmationButton:
    """A button under a question; pressing it calls `BotService.answer_confirmation`."""

    label: str
    #: it does what is asked about; else nothing changes
    confirms: bool
    #: the job that is to be deleted; for a question about no job the question's id again
    job: str
    #: an id that contains the time of the question
    question: str


def question_choices(question: str, confirm: str) -> tuple[ConfirmationButton, ...]:
    """The buttons under a question that is about no job; `confirm` is the label of the one that does it."""
    return (
        ConfirmationButton(label="Cancel", confirms=False, job=question, question=question),
        ConfirmationButton(label=confirm, confirms=True, job=question, question=question),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingCommand:
    """A command that is shown before it is started: nothing is spent until a button is pressed.

    The buttons call `BotService.start_pending` and `BotService.discard_pending`.
    """

    #: names it for a while, also after a restart
    id: str
    #: of the button that starts it, with the price
    start_label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingStart:
    """What the button under a pending command starts."""

    #: its result is shown to the caller alone
    private: bool
    #: None for an action on a job
    command: Command | None = None
    #: the action in words
    words: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SetupState:
    """How a workspace is set up. A choice is made by executing `StudioSetup` with it."""

    #: micro-dollars of a month; None: no cap
    budget: int | None
    #: budgets to choose from, in micro-dollars
    budgets: tuple[int, ...]
    #: empty: all
    channels: tuple[Named, ...]
    roles: tuple[Named, ...]
    reactions: bool
    admin_channel: Named | None
    timezone: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplyFile:
    """A file that comes with a reply."""

    #: with its extension
    name: str
    mime: str
    content: bytes = field(repr=False)
    #: what a picture shows, in words
    alt: str = ""

    @property
    def is_picture(self) -> bool:
        return self.mime.startswith("image/")


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitUse:
    """How much of one limit is used, for a page that draws it."""

    name: str
    #: as shown: what is left, and all of it in parts, from what is left to when it resets
    left: str
    parts: tuple[str, ...]
    #: in the limit's unit
    used: int
    reserved: int
    whole: int

    @property
    def field(self) -> tuple[str, str]:
        """The label and the value of a reply that shows it."""
        return self.name, " · ".join(self.parts)


@dataclass(frozen=True, slots=True, kw_only=True)
class PageButton:
    """A button under a list; pressing it calls `BotService.turn_page`, whose reply takes the list's place."""

    label: str
    #: names the page; at most 86 characters
    page: str
    #: it shows what follows; else what came before
    older: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PrivateReply:
    """A reply that only the caller sees, shown once, unless they have asked to post it."""

    title: str
    text: str = ""
    #: label and value, in order
    fields: tuple[tuple[str, str], ...] = ()
    #: jobs to be listed, each as a card
    views: tuple[CardView, ...] = ()
    #: the commands that its first fields are about, for what opens their forms
    commands: tuple[str, ...] = ()
    #: the limits among the fields
    limits: tuple[LimitUse, ...] = ()
    #: of a reply that shows one job: the command that makes it again
    settings: JobSettings | None = None
    #: the jobs are a page of a list, shown with their pictures
    listed: bool = False
    #: the pages before and after this one
    pages: tuple[PageButton, ...] = ()
    #: a page with the whole list, for whoever has its address; empty: none
    link: str = ""
    #: nothing is done until one of these is pressed; the one that changes nothing comes first
    choices: tuple[ConfirmationButton, ...] = ()
    #: asks for a workspace's own API key: a button opens a form, which calls `BotService.set_workspace_key`
    asks_for_key: bool = False
    #: the command that is started by a button under the reply
    pending: PendingCommand | None = None
    #: shows the set-up of a workspace, with inputs that change it
    setup: SetupState | None = None
    #: micro-dollars that the caller can still spend here, where the reply is about that
    money_left: int | None = None
    #: what the reply is about, for a thumbnail where that is cheap
    media: Media | None = None
    #: a picture that is shown with the reply, or a file to be saved
    file: ReplyFile | None = None
    #: the caller has asked that everybody in the channel sees it; the core has checked that they may
    posted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CardReply:
    """A new card; its first revision is shown by the publisher or, with an answer window, by the adapter."""

    view: CardView
    #: the same event was accepted before; nothing new was made
    repeated: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceQuote:
    """What a command would cost."""

    price: Price
    #: why what is left does not suffice; empty where it does
    shortage: str = ""
    #: paid with the workspace's own API key
    own_key: bool = False
    #: what it would have to wait for because of its price
    hold: Hold | None = None
    #: the job that it uses although the command names none
    source: str | None = None


Reply = PrivateReply | CardReply
