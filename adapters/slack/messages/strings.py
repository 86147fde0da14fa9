"""What Slack alone makes necessary to say, besides what all adapters do."""

from dataclasses import dataclass

from adapters.chat.strings import Strings


@dataclass(frozen=True, slots=True, kw_only=True)
class Words(Strings):
    """English; texts with braces are filled in."""

    #: beside each job of a list
    show: str = "Show"
    #: under a card whose film lies beside it
    film: str = "The video is in the thread"
    #: its link
    watch: str = "Open the video"
    #: under the private copy of a card at the place where it was asked for
    private: str = "Only you see this. It goes on, and ends, in your direct messages with me."
    #: to who asked for a result in their direct messages
    not_sent: str = "It could not be sent to you: {reason}. `/reverie show {job}` has it."
    #: where a result cannot be uploaded, nor linked
    no_file: str = (
        "The result cannot be shown here: {reason}. The bot has no public address to link it from either; "
        "whoever runs it can set REVERIE_PUBLIC_URL."
    )
    #: why, where Slack has taken a file without a word
    unshown: str = "Slack took the file, but did not show it"
    #: where it is linked for that reason
    linked: str = "{reason}; it is linked instead."


ENGLISH = Words()
