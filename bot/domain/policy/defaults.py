"""The defaults of channels and of the whole workspace."""

from collections.abc import Iterable

from bot.domain.identity import Place
from bot.domain.policy.decided import Decided
from bot.domain.workspace.defaults import WORKSPACE, YOURS, DefaultLevel, OptionDefaults

#: channels of a workspace with defaults of their own
CHANNELS_MAX = 100


class ChannelDefaults(Decided):
    """The defaults of one channel, or of the whole workspace."""

    #: id of a channel or thread; empty: the workspace
    channel: str = ""
    channel_name: str = ""
    values: OptionDefaults = OptionDefaults()

    @property
    def origin(self) -> str:
        return f"#{self.channel_name or self.channel}" if self.channel else WORKSPACE


def levels_at(
    member: OptionDefaults, decided: Iterable[ChannelDefaults], place: Place
) -> tuple[DefaultLevel, ...]:
    """The defaults that count for a member at a place, the first ones first."""
    by_channel = {one.channel: one for one in decided}
    found = (by_channel.get(channel) for channel in (place.thread or "-", place.channel, ""))
    return (
        DefaultLevel(origin=YOURS, values=member),
        *(DefaultLevel(origin=one.origin, values=one.values) for one in found if one is not None),
    )
