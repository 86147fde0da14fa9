"""What is used of messages and forms that another version of the bot has made: refused, never guessed."""

from bot.domain.errors import InvalidRequest


class OutdatedModal(InvalidRequest):
    """This form is of another version of Reverie, so nothing was started and nothing was charged.

    Close it and open it anew, for example with /reverie.
    """

    def __init__(self) -> None:
        super().__init__(" ".join((type(self).__doc__ or "").split()))


class OutdatedControl(InvalidRequest):
    """This is of another version of Reverie, so nothing was started and nothing was charged.

    /reverie show opens a job with its buttons anew, /reverie alone shows all that can be done.
    """

    def __init__(self) -> None:
        super().__init__(" ".join((type(self).__doc__ or "").split()))
