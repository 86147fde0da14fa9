"""Opens, archives and locks threads, with their events."""

from tests.platforms.fake_discord.state.events import Event
from tests.platforms.fake_discord.state.payloads import channel_json
from tests.platforms.fake_discord.state.places import Channel, Kind, User
from tests.platforms.fake_discord.state.world import World


def open_thread(
    world: World,
    parent: Channel,
    name: str,
    *,
    kind: Kind = Kind.THREAD,
    owner: User | None = None,
    thread_id: int | None = None,
) -> Channel:
    """Open a thread; one that grows out of a message has the message's id."""
    opener = owner or world.bot
    thread = Channel(
        id=thread_id or world.ids.take(),
        kind=kind,
        name=name,
        guild=parent.guild,
        parent=parent,
        owner=opener,
        created_ms=world.clock.now_ms(),
        joined={opener.id},
    )
    world.channels[thread.id] = thread
    if thread.guild is not None:
        thread.guild.channels[thread.id] = thread
    _announce(world, "THREAD_CREATE", thread)
    return thread


def change_thread(
    world: World, thread: Channel, *, archived: bool | None = None, locked: bool | None = None
) -> None:
    """Archive or lock a thread, or take either back."""
    thread.archived = thread.archived if archived is None else archived
    thread.locked = thread.locked if locked is None else locked
    _announce(world, "THREAD_UPDATE", thread)


def _announce(world: World, name: str, thread: Channel) -> None:
    world.announce(
        Event(name=name, data=channel_json(thread), guild_id=thread.guild.id if thread.guild else None)
    )
