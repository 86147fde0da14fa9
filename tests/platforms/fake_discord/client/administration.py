"""Actions of server owners: create guilds, add members and the bot, set permissions, archive, delete."""

from collections.abc import Iterable

from tests.platforms.fake_discord.client.person import Person
from tests.platforms.fake_discord.rules.permissions import Permissions
from tests.platforms.fake_discord.state.events import Event
from tests.platforms.fake_discord.state.messages import Message
from tests.platforms.fake_discord.state.payloads import channel_json, guild_event_json
from tests.platforms.fake_discord.state.places import Channel, Guild, Kind, Member, Role, User, new_guild
from tests.platforms.fake_discord.state.threads import change_thread, open_thread
from tests.platforms.fake_discord.state.world import World
from tests.platforms.fake_discord.state.writing import delete


class Administration:
    def __init__(self, world: World) -> None:
        self.world = world

    def guild(
        self,
        name: str,
        *,
        tier: int = 0,
        with_bot: bool = True,
        bot_permissions: Permissions = Permissions.NONE,
        guild_id: int | None = None,
    ) -> Guild:
        """Open a guild with one channel, `general`, and the bot in it."""
        world = self.world
        guild = new_guild(
            guild_id=guild_id or world.ids.take(),
            name=name,
            owner=self._new_user(f"owner of {name}"),
            tier=tier,
            now_ms=world.clock.now_ms(),
        )
        world.guilds[guild.id] = guild
        self.channel(guild, "general")
        if with_bot:
            self.let_bot_in(guild, bot_permissions)
        return guild

    def let_bot_in(self, guild: Guild, permissions: Permissions = Permissions.NONE) -> None:
        """Add the bot to the guild, with a managed role for its permissions."""
        world = self.world
        own = self.role(guild, world.bot.name, permissions)
        guild.members[world.bot.id] = Member(
            user=world.bot, guild=guild, joined_ms=world.clock.now_ms(), roles=[own]
        )
        self._announce("GUILD_CREATE", guild_event_json(guild, world), guild)

    def kick_bot(self, guild: Guild) -> None:
        del guild.members[self.world.bot.id]
        self._announce("GUILD_DELETE", {"id": str(guild.id)}, guild, bot_has_left=True)

    def channel(self, guild: Guild, name: str, *, kind: Kind = Kind.TEXT, nsfw: bool = False) -> Channel:
        channel = Channel(
            id=self.world.ids.take(),
            kind=kind,
            name=name,
            guild=guild,
            nsfw=nsfw,
            created_ms=self.world.clock.now_ms(),
        )
        self.world.channels[channel.id] = channel
        guild.channels[channel.id] = channel
        self._announce("CHANNEL_CREATE", channel_json(channel), guild)
        return channel

    def thread(self, parent: Channel, name: str, owner: Person, *, private: bool = False) -> Channel:
        """Open a thread, or a post where the parent is a forum."""
        kind = Kind.PRIVATE_THREAD if private else Kind.THREAD
        return open_thread(self.world, parent, name, kind=kind, owner=owner.user)

    def archive(self, thread: Channel, *, locked: bool = False) -> None:
        change_thread(self.world, thread, archived=True, locked=locked)

    def group(self, name: str, people: Iterable[Person]) -> Channel:
        """Open a conversation of several people, in which the bot is not."""
        channel = Channel(
            id=self.world.ids.take(),
            kind=Kind.GROUP,
            name=name,
            recipients=[person.user for person in people],
            created_ms=self.world.clock.now_ms(),
        )
        self.world.channels[channel.id] = channel
        return channel

    def role(
        self,
        guild: Guild,
        name: str,
        permissions: Permissions = Permissions.NONE,
        *,
        mentionable: bool = False,
    ) -> Role:
        role = Role(
            id=self.world.ids.take(),
            name=name,
            permissions=permissions,
            position=len(guild.roles),
            mentionable=mentionable,
        )
        guild.roles[role.id] = role
        return role

    def member(
        self,
        guild: Guild,
        name: str,
        *,
        roles: Iterable[Role] = (),
        bot: bool = False,
        system: bool = False,
    ) -> Person:
        """Add a new member, or a bot; their place is the guild's first channel."""
        user = self._new_user(name)
        user.bot, user.system = bot, system
        self.join(guild, user, roles=roles)
        return Person(self.world, user, guild.first_channel())

    def join(self, guild: Guild, user: User, *, roles: Iterable[Role] = ()) -> None:
        guild.members[user.id] = Member(
            user=user, guild=guild, joined_ms=self.world.clock.now_ms(), roles=list(roles)
        )

    def webhook(self, channel: Channel, name: str) -> Person:
        """Let a webhook write in a channel; it is a user of no guild."""
        user = self._new_user(name)
        user.bot = True
        return Person(self.world, user, channel)

    def user(self, name: str, *, installed: bool = False) -> Person:
        """Create a user whose place is their direct messages with the bot."""
        user = self._new_user(name)
        user.installed = installed
        return Person(self.world, user, self.world.direct_channel(user))

    def overwrite(
        self,
        channel: Channel,
        who: Person | Role | None = None,
        *,
        allow: Permissions = Permissions.NONE,
        deny: Permissions = Permissions.NONE,
    ) -> None:
        """Set a channel's overwrite for a person, a role, or by default the bot."""
        target = who.user.id if isinstance(who, Person) else (who.id if who else self.world.bot.id)
        channel.overwrites[target] = (allow, deny)
        if channel.guild is not None:
            self._announce("CHANNEL_UPDATE", channel_json(channel), channel.guild)

    def delete(self, what: Channel | Message) -> None:
        if isinstance(what, Message):
            delete(self.world, what)
            return
        del self.world.channels[what.id]
        if what.guild is not None:
            del what.guild.channels[what.id]
            name = "THREAD_DELETE" if what.is_thread else "CHANNEL_DELETE"
            self._announce(name, channel_json(what), what.guild)

    def _new_user(self, name: str) -> User:
        user = User(id=self.world.ids.take(), name=name)
        self.world.users[user.id] = user
        return user

    def _announce(
        self, name: str, data: dict[str, object], guild: Guild, *, bot_has_left: bool = False
    ) -> None:
        if bot_has_left or self.world.bot.id in guild.members:
            self.world.announce(Event(name=name, data=data, guild_id=guild.id))
