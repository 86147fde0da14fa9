"""A person with a Slack client: uses commands, buttons, modals and reactions, and reads messages."""

from html import escape
from typing import Any

from tests.platforms.fake_discord.client.options import NotOffered
from tests.platforms.fake_slack.client import interactions
from tests.platforms.fake_slack.client.form_state import check_filled, chosen, fill, part
from tests.platforms.fake_slack.client.invocations import Invocation
from tests.platforms.fake_slack.rules.drafts import Draft
from tests.platforms.fake_slack.rules.refusals import Json
from tests.platforms.fake_slack.state.events import announce
from tests.platforms.fake_slack.state.files import File, Stage
from tests.platforms.fake_slack.state.messages import Message
from tests.platforms.fake_slack.state.payloads import message_json, view_json
from tests.platforms.fake_slack.state.places import Channel, User
from tests.platforms.fake_slack.state.views import View
from tests.platforms.fake_slack.state.world import World
from tests.platforms.fake_slack.state.writing import edit, post, react, unreact


class Person:
    """One user in one place; `at` gives the same user in another."""

    def __init__(self, world: World, user: User, place: Channel, thread: Message | None = None) -> None:
        self._world = world
        self.user = user
        self.place = place
        self._thread = thread

    def at(self, place: Channel | Message) -> "Person":
        """Go to a channel, or into the thread under a message."""
        if isinstance(place, Message):
            return Person(self._world, self.user, place.channel, place)
        return Person(self._world, self.user, place)

    def at_bot(self) -> "Person":
        """Go to the direct messages with the bot."""
        return self.at(self._world.direct_channel(self.user))

    def slash(self, command: str, text: str = "") -> Invocation:
        """Send a command; the service escapes three characters of what was typed."""
        if self._thread is not None:
            raise NotOffered("commands cannot be used in threads")
        self._must_be_in(self.place)
        if command not in self._world.app.manifest.commands or self.user.team.installation is None:
            raise NotOffered(f"{command} is not a valid command")
        told = escape(text.strip(), quote=False)
        if self._world.app.manifest.commands[command].get("should_escape"):
            told = self._named(told)
        return interactions.ask_command(self._world, self.user, self.place, command, told)

    def press(self, where: Message | View, button: str) -> Invocation:
        """Press a button, named by its action_id or by what it says."""
        block, element = self._part(where, button)
        if element["type"] != "button":
            raise NotOffered(f"{button} is no button")
        return self._use(where, block, element, {"text": element["text"], "value": element.get("value")})

    def choose(self, where: Message | View, select: str, *values: str) -> Invocation:
        """Choose from a list; the choice also stays, in a message for this person alone."""
        block, element = self._part(where, select)
        what = chosen(where, element, values)
        if isinstance(where, View) and block["type"] == "input" and not block.get("dispatch_action"):
            raise NotOffered(f"the app is not told of {select} before the form is sent")
        key = (block["block_id"], element["action_id"])
        kept = where.typed if isinstance(where, View) else where.chosen.setdefault(self.user.id, {})
        kept[key] = {"type": element["type"], **what}
        return self._use(where, block, element, what)

    def suggestions(self, where: Message | View, select: str, typed: str) -> Invocation:
        """Type into a list that the app fills, and see what is offered."""
        block, element = self._part(where, select)
        if "external" not in element["type"]:
            raise NotOffered(f"{select} does not ask the app")
        if len(typed) < element.get("min_query_length", 3):
            raise NotOffered(f"{select} asks after {element.get('min_query_length', 3)} characters")
        named = {"action_id": element["action_id"], "block_id": block["block_id"]}
        return interactions.ask_options(self._world, self.user, where, named, typed)

    def open_shortcut(self, name: str) -> Invocation:
        """Choose an entry of the menu that is everywhere."""
        return interactions.ask_shortcut(self._world, self.user, self._shortcut(name, "global"), None)

    def use_on(self, message: Message, name: str) -> Invocation:
        """Choose an entry of a message's menu."""
        self._must_see(message)
        if message.ephemeral:
            raise NotOffered("what one person alone sees has no menu")
        return interactions.ask_shortcut(self._world, self.user, self._shortcut(name, "message"), message)

    def submit(self, view: View, values: dict[str, Any] | None = None) -> Invocation:
        """Send a form, with these values put in, each by its input's action_id, block_id or label."""
        if view.closed:
            raise NotOffered("the form is closed")
        fill(self._world, view, values or {})
        check_filled(view)
        view.errors = {}
        return interactions.ask_submission(self._world, view)

    def close(self, view: View, *, all_of_them: bool = False) -> Invocation | None:
        return interactions.ask_closing(self._world, view, cleared=all_of_them)

    def open_home(self, tab: str = "home") -> None:
        world, home = self._world, self._world.homes.get(self.user.id)
        event: Json = {
            "type": "app_home_opened",
            "user": self.user.id,
            "channel": world.direct_channel(self.user).id,
            "tab": tab,
            "event_ts": world.stamps.take(),
        }
        if home is not None and tab == "home":
            event["view"] = view_json(home, world)
        announce(world, self.user.team, event)

    @property
    def home(self) -> View | None:
        """What they see on the app's home tab."""
        return self._world.homes.get(self.user.id)

    def write(self, text: str = "", *files: File) -> Message:
        self._must_be_in(self.place)
        thread_ts = None if self._thread is None else self._thread.thread_ts or self._thread.ts
        message = post(
            self._world, self.place, self.user, Draft(text=text), thread_ts=thread_ts, files=list(files)
        )
        for file in files:
            file.shares.append(message)
        return message

    def mention(self, text: str, *files: File) -> Message:
        """Write to everybody, and to the bot by its name."""
        return self.write(self._to_bot(text), *files)

    def edit(self, message: Message, text: str) -> None:
        """Correct what they have written, keeping the bot's name in it where it was there."""
        named = f"<@{message.channel.team.bot.id}>" in message.text
        edit(self._world, message, Draft(text=self._to_bot(text) if named else text))

    def forward(self, message: Message, text: str = "", *, to_bot: bool = False) -> Message:
        """Share somebody's message in this place, with its files."""
        told = message_json(message, self._world)
        shared: Json = {
            "is_share": True,
            "is_msg_unfurl": True,
            "ts": message.ts,
            "channel_id": message.channel.id,
        }
        shared |= {name: told[name] for name in ("text", "files") if name in told}
        said = self._to_bot(text) if to_bot else text
        thread_ts = None if self._thread is None else self._thread.thread_ts or self._thread.ts
        return post(
            self._world, self.place, self.user, Draft(text=said), thread_ts=thread_ts, attachments=[shared]
        )

    def _to_bot(self, text: str) -> str:
        # In a message, unlike in a command, a name that was chosen stands by its id alone.
        people = {f"@{user.name}": f"<@{user.id}>" for user in self.user.team.users.values()}
        words = " ".join(people.get(word, escape(word, quote=False)) for word in text.split(" "))
        return f"<@{self.place.team.bot.id}> {words}"

    def file(self, name: str, content: bytes) -> File:
        """Make a file of theirs, to be written with or put into a form; the service knows it at once."""
        world = self._world
        file = File(
            id=world.new_id("F"),
            team=self.user.team,
            owner=self.user,
            name=name,
            length=len(content),
            created_ms=world.clock.now_ms(),
            content=content,
            stage=Stage.READY,
        )
        world.files[file.id] = file
        return file

    def upload(self, name: str, content: bytes, text: str = "") -> File:
        """Write with a file in this place."""
        file = self.file(name, content)
        self.write(text, file)
        return file

    def react(self, message: Message, name: str) -> None:
        self._must_see(message)
        if message.ephemeral:
            raise NotOffered("nobody can react to what one person alone sees")
        react(self._world, message, self.user, name)

    def unreact(self, message: Message, name: str) -> None:
        unreact(self._world, message, self.user, name)

    def reads(self) -> list[Message]:
        """Return what they see in this place, the oldest first."""
        return [message for message in self.place.messages.values() if message.visible_to(self.user)]

    def reads_directly(self) -> list[Message]:
        """Return what they see in their direct messages with the bot."""
        return self.at_bot().reads()

    def _named(self, text: str) -> str:
        """Put ids in the place of names, as for commands that ask for it."""
        team = self.user.team
        people = {f"@{user.name}": f"<@{user.id}|{user.name}>" for user in team.users.values()}
        groups = {f"@{each.handle}": f"<!subteam^{each.id}|{each.handle}>" for each in team.groups.values()}
        channels = {f"#{each.name}": f"<#{each.id}|{each.name}>" for each in team.channels.values()}
        known = people | groups | channels
        return " ".join(known.get(word, word) for word in text.split(" "))

    def _use(self, where: Message | View, block: Json, element: Json, what: Json) -> Invocation:
        action = {
            "type": element["type"],
            "action_id": element["action_id"],
            "block_id": block["block_id"],
            "action_ts": self._world.stamps.take(),
            **{key: value for key, value in what.items() if value is not None},
        }
        return interactions.ask_action(self._world, self.user, where, action)

    def _part(self, where: Message | View, name: str) -> tuple[Json, Json]:
        if isinstance(where, Message):
            self._must_see(where)
        elif where.closed or where.user is not self.user:
            raise NotOffered("that form is not on their screen")
        return part(where, name)

    def _shortcut(self, name: str, kind: str) -> Json:
        if self.user.team.installation is None:
            raise NotOffered("the app is not installed here")
        for each in self._world.app.manifest.shortcuts:
            if each["type"] == kind and name in (each["name"], each["callback_id"]):
                return each
        raise NotOffered(f"there is no {kind} shortcut {name}")

    def _must_see(self, message: Message) -> None:
        if not message.visible_to(self.user) or self.user not in message.channel.members:
            raise NotOffered(f"{self.user.name} does not see that message")

    def _must_be_in(self, channel: Channel) -> None:
        if self.user not in channel.members:
            raise NotOffered(f"{self.user.name} is not in {channel.name}")
        if channel.archived:
            raise NotOffered(f"{channel.name} is archived")
