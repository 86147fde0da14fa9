"""Actions of workspace owners: create workspaces, add members and the app, archive, revoke, uninstall."""

from collections.abc import Iterable

from tests.platforms.fake_slack.client.person import Person
from tests.platforms.fake_slack.state.apps import Installation, Token
from tests.platforms.fake_slack.state.events import announce, announce_archived
from tests.platforms.fake_slack.state.installations import install, revoke, uninstall
from tests.platforms.fake_slack.state.messages import Message
from tests.platforms.fake_slack.state.places import Channel, Enterprise, Kind, Team, User, UserGroup
from tests.platforms.fake_slack.state.world import World
from tests.platforms.fake_slack.state.writing import delete


class Administration:
    def __init__(self, world: World) -> None:
        self.world = world

    def enterprise(self, name: str) -> Enterprise:
        """Found an organisation of several workspaces; the app comes by `install_everywhere`."""
        made = Enterprise(id=self.world.new_id("E"), name=name)
        self.world.enterprises[made.id] = made
        return made

    def team(self, name: str, *, installed: bool = True, enterprise: Enterprise | None = None) -> Team:
        """Open a workspace with one channel, `general`, and the app in it."""
        world = self.world
        domain = name.lower().replace(" ", "-")
        team = Team(id=world.new_id("T"), name=name, domain=domain, enterprise=enterprise)
        world.teams[team.id] = team
        world.add_channel(team, "general", Kind.PUBLIC, [])
        whole = None if enterprise is None else enterprise.installation
        if whole is not None:
            team.users[whole.bot.id] = whole.bot
            team.general.members.append(whole.bot)
        elif installed:
            self.let_app_in(team)
        return team

    def let_app_in(self, team: Team, *, scopes: Iterable[str] | None = None) -> Installation:
        """Install the app by hand, as on its own settings page; its token is had from `bot_token`."""
        granted = None if scopes is None else frozenset(scopes)
        installation = install(self.world, team=team, scopes=granted)
        self.world.tokens.issue(installation)
        team.general.members.append(installation.bot)
        return installation

    def install_everywhere(self, enterprise: Enterprise) -> Installation:
        """Install the app for all workspaces of an organisation."""
        installation = install(self.world, enterprise=enterprise)
        self.world.tokens.issue(installation)
        for team in self.world.teams.values():
            if team.enterprise is enterprise:
                team.general.members.append(installation.bot)
        return installation

    def bot_token(self, where: Team | Enterprise) -> str:
        """Return the newest token that lives."""
        assert where.installation is not None
        return self.world.tokens.of(where.installation)[-1].value

    def token(self, where: Team | Enterprise) -> Token:
        return self.world.tokens.find(self.bot_token(where))

    def user(self, team: Team, name: str, *, admin: bool = False, owner: bool = False) -> Person:
        """Let a new person in; they sit in the workspace's first channel."""
        user = User(id=self.world.new_id("U"), name=name, team=team, is_admin=admin, is_owner=owner)
        self.world.users[user.id] = team.users[user.id] = user
        team.general.members.append(user)
        return Person(self.world, user, team.general)

    def guest(self, team: Team, name: str, *, of_one_channel: bool = False) -> Person:
        """Let somebody in as a guest, of several channels or of one."""
        person = self.user(team, name)
        person.user.is_restricted, person.user.is_ultra_restricted = True, of_one_channel
        return person

    def bot(self, team: Team, name: str) -> Person:
        """Let another app in."""
        person = self.user(team, name)
        person.user.bot_id = self.world.new_id("B")
        return person

    def webhook(self, team: Team, name: str) -> Person:
        """Open an address by which something writes that is no user."""
        person = self.bot(team, name)
        person.user.is_webhook = True
        return person

    def stranger(self, home: Team, channel: Channel, name: str, *, admin: bool = False) -> Person:
        """Let somebody of another workspace into a channel that both share."""
        person = self.user(home, name, admin=admin)
        channel.members.append(person.user)
        return person.at(channel)

    def channel(
        self,
        team: Team,
        name: str,
        *people: Person,
        private: bool = False,
        with_bot: bool = True,
    ) -> Channel:
        """Open a channel with these people in it, or with everybody who is there by now."""
        everybody = [user for user in team.users.values() if not user.is_bot]
        members = [person.user for person in people] or everybody
        if with_bot:
            members = [*members, team.bot]
        return self.world.add_channel(team, name, Kind.PRIVATE if private else Kind.PUBLIC, members)

    def group(self, team: Team, handle: str, *people: Person) -> UserGroup:
        group = UserGroup(id=self.world.new_id("S"), handle=handle, users=[each.user for each in people])
        team.groups[group.id] = group
        return group

    def invite_bot(self, channel: Channel) -> None:
        channel.members.append(channel.team.bot)
        event = {
            "type": "member_joined_channel",
            "user": channel.team.bot.id,
            "channel": channel.id,
            "team": channel.team.id,
            "event_ts": self.world.stamps.take(),
        }
        announce(self.world, channel.team, event)

    def kick_bot(self, channel: Channel) -> None:
        channel.members.remove(channel.team.bot)
        event = {"type": "channel_left", "channel": channel.id, "event_ts": self.world.stamps.take()}
        announce(self.world, channel.team, event)

    def archive(self, channel: Channel) -> None:
        channel.archived = True
        announce_archived(self.world, channel, channel.members[0])

    def delete(self, what: Message | Channel) -> None:
        if isinstance(what, Message):
            delete(self.world, what)
        else:
            del self.world.channels[what.id]
            del what.team.channels[what.id]

    def deactivate(self, person: Person) -> None:
        """Close somebody's account."""
        person.user.deleted = True

    def revoke_tokens(self, where: Team | Enterprise) -> None:
        """Take the app's tokens back; it stays where it is, and hears of that."""
        assert where.installation is not None
        revoke(self.world, where.installation)

    def uninstall(self, where: Team | Enterprise) -> None:
        assert where.installation is not None
        uninstall(self.world, where.installation)
