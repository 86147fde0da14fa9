"""A person with a Discord client: uses commands, buttons and reactions, and reads messages."""

from typing import Any

from tests.platforms.fake_discord.client.forms import filled_in
from tests.platforms.fake_discord.client.interactions import (
    CHAT_INPUT,
    ON_MESSAGE,
    ON_USER,
    ask,
    command_data,
    offered_command,
)
from tests.platforms.fake_discord.client.invocations import Invocation
from tests.platforms.fake_discord.client.options import CommandInput, NotOffered
from tests.platforms.fake_discord.rules.components import Part
from tests.platforms.fake_discord.rules.drafts import Draft, Upload
from tests.platforms.fake_discord.state.interactions import InteractionType
from tests.platforms.fake_discord.state.message_payloads import message_json
from tests.platforms.fake_discord.state.messages import Message
from tests.platforms.fake_discord.state.payloads import Json
from tests.platforms.fake_discord.state.places import Channel, Role, User
from tests.platforms.fake_discord.state.reactions import react, unreact
from tests.platforms.fake_discord.state.world import World
from tests.platforms.fake_discord.state.writing import post


class Person:
    """One user in one place; `at` gives the same user in another."""

    def __init__(self, world: World, user: User, place: Channel) -> None:
        self._world = world
        self.user = user
        self.place = place

    def at(self, place: Channel) -> "Person":
        return Person(self._world, self.user, place)

    def slash(self, command: str, /, **options: Any) -> Invocation:
        """Send a command; a subcommand is named after it, as in `quotas set`."""
        name, *path = command.split()
        registered = self._offered(name, CHAT_INPUT)
        filling = CommandInput(self._world, self.place)
        filled = filling.options(registered.get("options") or [], path, _plain(options))
        return self._ask(InteractionType.COMMAND, registered, filling, {"options": filled})

    def autocomplete(self, command: str, option: str, typed: str, /, **options: Any) -> Invocation:
        """Type into one option and see what is offered."""
        name, *path = command.split()
        registered = self._offered(name, CHAT_INPUT)
        filling = CommandInput(self._world, self.place)
        values = {**_plain(options), option: typed}
        filled = filling.options(registered.get("options") or [], path, values, focused=option)
        return self._ask(InteractionType.AUTOCOMPLETE, registered, filling, {"options": filled})

    def use_on(self, target: "Message | Person", menu: str) -> Invocation:
        """Choose an entry of the menu of a message or a person."""
        filling = CommandInput(self._world, self.place)
        if isinstance(target, Person):
            registered = self._offered(menu, ON_USER)
            filling.resolve_user(target.user)
            more = {"target_id": str(target.user.id)}
        else:
            registered = self._offered(menu, ON_MESSAGE)
            self._must_see(target)
            number = str(target.id)
            filling.resolved["messages"] = {number: message_json(target, self._world)}
            more = {"target_id": number}
        return self._ask(InteractionType.COMMAND, registered, filling, more)

    def press(self, message: Message, button: str) -> Invocation:
        """Press a button, named by its custom id or by what it says."""
        part = self._part(message, button)
        if part["type"] != Part.BUTTON:
            raise NotOffered(f"{button} is no button")
        return self._use(message, part, {})

    def choose(self, message: Message, select: str, *values: str) -> Invocation:
        """Choose from a list, named by its custom id or its placeholder."""
        part = self._part(message, select)
        offered = {option["value"] for option in part.get("options") or []}
        if not set(values) <= offered:
            raise NotOffered(f"{select} offers {offered}")
        if not part.get("min_values", 1) <= len(values) <= part.get("max_values", 1):
            raise NotOffered(f"{select} does not take {len(values)} values")
        return self._use(message, part, {"values": list(values)})

    def pick(self, message: Message, select: str, *chosen: Role | Channel) -> Invocation:
        """Choose roles or channels from a select that offers those of the server."""
        part = self._part(message, select)
        wanted = {Part.ROLE_SELECT: Role, Part.CHANNEL_SELECT: Channel}[Part(part["type"])]
        if not all(isinstance(one, wanted) for one in chosen):
            raise NotOffered(f"{select} offers only {wanted.__name__}")
        kinds = part.get("channel_types")
        if kinds and any(isinstance(one, Channel) and int(one.kind) not in kinds for one in chosen):
            raise NotOffered(f"{select} does not take such a channel")
        if not part.get("min_values", 1) <= len(chosen) <= part.get("max_values", 1):
            raise NotOffered(f"{select} does not take {len(chosen)} values")
        filling = CommandInput(self._world, self.place)
        values = [filling.value(one) for one in chosen]
        return self._use(message, part, {"values": values, "resolved": filling.resolved})

    def submit(self, opened: Invocation, values: dict[str, Any] | None = None) -> Invocation:
        """Send the form that an invocation opened, with these values by custom id."""
        form = opened.interaction.modal
        if form is None:
            raise NotOffered("no form is open")
        data = {"custom_id": form["custom_id"], "components": filled_in(form, values or {})}
        return ask(
            self._world,
            self.user,
            self.place,
            InteractionType.MODAL,
            data,
            source=opened.interaction.source,
            opened_by=opened.interaction,
        )

    def react(self, message: Message, emoji: str, *, names_member: bool = True) -> None:
        """Put a reaction under a message; the event may come without saying who the member is."""
        self._must_see(message)
        if message.ephemeral:
            raise NotOffered("nobody can react to what one person alone sees")
        react(self._world, message, self.user, emoji, names_member=names_member)

    def unreact(self, message: Message, emoji: str) -> None:
        unreact(self._world, message, self.user, emoji)

    def write(self, content: str, *files: Upload, replies_to: Message | None = None) -> Message:
        draft = Draft(body={"content": content}, uploads=dict(enumerate(files)))
        return post(self._world, self.place, self.user, draft, replies_to=replies_to)

    def reads(self) -> list[Message]:
        """Return what they see in this place, the oldest first."""
        return [message for message in self.place.messages.values() if message.visible_to(self.user)]

    def reads_directly(self) -> list[Message]:
        """Return what they see in their direct messages with the bot."""
        return self.at(self._world.direct_channel(self.user)).reads()

    def _offered(self, name: str, kind: int) -> Json:
        return offered_command(self._world, self.user, self.place, name, kind)

    def _ask(self, kind: InteractionType, registered: Json, filling: CommandInput, more: Json) -> Invocation:
        data = command_data(registered, self.place, filling, more)
        return ask(self._world, self.user, self.place, kind, data)

    def _use(self, message: Message, part: Json, more: Json) -> Invocation:
        if part.get("disabled"):
            raise NotOffered(f"{part['custom_id']} is greyed out")
        data = {
            "custom_id": part["custom_id"],
            "component_type": part["type"],
            **more,
        }
        return ask(self._world, self.user, message.channel, InteractionType.COMPONENT, data, source=message)

    def _part(self, message: Message, name: str) -> Json:
        self._must_see(message)
        parts = {part["custom_id"]: part for part in message.parts() if part.get("custom_id")}
        return parts[name] if name in parts else parts[message.custom_id(name)]

    def _must_see(self, message: Message) -> None:
        if not message.visible_to(self.user):
            raise NotOffered(f"{self.user.name} does not see that message")


def _plain(options: dict[str, Any]) -> dict[str, Any]:
    """Let people be named by themselves."""
    return {name: value.user if isinstance(value, Person) else value for name, value in options.items()}
