"""Who made an event and where, as the event itself says; nothing in a custom id or a text can change it.

Raw gateway events are checked here before discord.py reads them: only what decides who asks and who pays.
Anything else that is malformed is refused by its reader.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from discord import Interaction, InteractionType, Member, RawReactionActionEvent, Thread, User

from adapters.discord.delivery.interactions import TOKEN_LIFETIME_MS, InteractionToken, UnparsedInteraction
from bot.domain.errors import InvalidRequest, NotAllowed, Refused
from bot.domain.identity import Caller, Invocation, Place

ADAPTER = "discord"
#: the workspace of everything outside of servers that have invited the bot
DIRECT_WORKSPACE = f"{ADAPTER}:@dm"
MALFORMED = "Discord sent this in an unknown format, so nothing was started or charged. Try it again."
_NOT_A_PERSON = "Only people can use this; nothing was started or charged."
#: who installed the app, in `authorizing_integration_owners`
_GUILD_INSTALL, _USER_INSTALL = "0", "1"


@dataclass(frozen=True, slots=True, kw_only=True)
class EventContext:
    """The caller and the channel of an event."""

    caller: Caller
    #: identifies the event: the interaction's id, or who put which emoji under which message
    key: str = ""
    channel: str
    #: empty where it is not known
    channel_name: str = ""
    thread: str | None = None
    #: the bot itself is in the guild, so that its permissions matter
    is_guild: bool
    #: direct messages with the bot
    direct: bool = False
    #: the channel is for adults only
    age_restricted: bool = False

    @property
    def channel_or_thread(self) -> str:
        return self.thread or self.channel

    @property
    def user(self) -> str:
        """The caller's Discord id."""
        return self.caller.person.rpartition(":")[2]

    def place(self, *, private: bool = False) -> Place:
        """Where a card goes that is asked for here."""
        return Place(
            adapter=ADAPTER,
            workspace=self.caller.workspace,
            channel=self.channel,
            channel_name=self.channel_name,
            thread=self.thread,
            private=private,
            direct=self.direct,
            reply_token=self._token_json(private=private),
            age_restricted=self.age_restricted,
        )

    def invocation(self, *, private: bool = False, answer_window_ms: int = 0) -> Invocation:
        """What the core is told about this event."""
        place = self.place(private=private)
        return Invocation(caller=self.caller, place=place, key=self.key, answer_window_ms=answer_window_ms)

    def _token_json(self, *, private: bool) -> str:  # noqa: ARG002 - an interaction has a token
        return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class InteractionContext(EventContext):
    """The context of an interaction, with how to respond to it."""

    token: InteractionToken
    #: the bot's permissions in the channel
    app_permissions: int
    #: the message that the interaction is about is ephemeral
    on_ephemeral: bool = False
    #: id of the message whose button was pressed; None for other interactions
    message: str | None = None

    def _token_json(self, *, private: bool) -> str:
        return self.token.model_copy(update={"ephemeral": private}).write()


def interaction_context(interaction: Interaction[Any], clock: Callable[[], int]) -> InteractionContext:
    """The context of an interaction; raises Refused where its caller is not a person or cannot be read."""
    with reading_event():
        if not is_person(interaction.user):
            raise NotAllowed(_NOT_A_PERSON)
        return _interaction_context(interaction, clock)


def reaction_context(payload: RawReactionActionEvent) -> EventContext:
    """The context of a reaction; without a member the event does not hold the caller's name.

    Their permissions follow from the guild's roles, which the gateway keeps up to date.
    """
    member = payload.member
    permissions = member.guild_permissions if member is not None else None
    # A thread that the gateway does not know is treated as a channel, which works.
    thread = member.guild.get_thread(payload.channel_id) if member is not None else None
    return EventContext(
        caller=_caller(
            str(payload.user_id),
            str(payload.guild_id) if payload.guild_id else None,
            name=member.display_name if member is not None else "",
            roles=_roles(member) if member is not None or payload.guild_id is None else None,
            is_admin=permissions is not None and (permissions.administrator or permissions.manage_guild),
        ),
        channel=str(thread.parent_id if thread is not None else payload.channel_id),
        channel_name=_name(member.guild.get_channel_or_thread(payload.channel_id)) if member else "",
        thread=str(thread.id) if thread is not None else None,
        is_guild=payload.guild_id is not None,
        # Outside of guilds the gateway sends reactions of direct messages with the bot alone.
        direct=payload.guild_id is None,
        age_restricted=member is not None
        and _is_age_restricted(member.guild.get_channel_or_thread(payload.channel_id)),
    )


def is_person(user: User | Member) -> bool:
    """Whether a user may start and pay for something; a flag that is not plainly False says no."""
    return user.bot is False and user.system is False


@contextmanager
def reading_event() -> Iterator[None]:
    """Translate what reading a malformed part of an event raises into a refusal."""
    try:
        yield
    except (LookupError, TypeError, ValueError, AttributeError, ArithmeticError) as error:
        raise InvalidRequest(MALFORMED) from error


def refusal_for(event: object) -> Refused | None:
    """Why a raw interaction is refused before it is parsed; None where a person made it."""
    malformed = InvalidRequest(MALFORMED)
    if not isinstance(event, dict) or unparsed_interaction(event) is None:
        return malformed
    guild, member = event.get("guild_id"), event.get("member")
    in_guild = guild is not None
    if not _is_id(event.get("application_id")) or (in_guild and not _is_id(guild)):
        return malformed
    if not _states_installation(event.get("authorizing_integration_owners"), guild):
        return malformed
    user = (member.get("user") if isinstance(member, dict) else None) if in_guild else event.get("user")
    if not isinstance(user, dict) or not _is_id(user.get("id")):
        return malformed
    return None if _is_raw_person(user) else NotAllowed(_NOT_A_PERSON)


def may_be_by_person(event: object) -> bool:
    """Whether a person may have made a raw reaction; what the event does not say is fetched later."""
    if not isinstance(event, dict) or not all(map(_is_id, _reaction_ids(event))):
        return False
    member = event.get("member")
    if member is None:
        return True
    if event.get("guild_id") is None:
        return False
    user = member.get("user") if isinstance(member, dict) else None
    return isinstance(user, dict) and user.get("id") == event["user_id"] and _is_raw_person(user)


def unparsed_interaction(event: object) -> UnparsedInteraction | None:
    """How to reject a raw interaction, however malformed; None where it cannot be responded to."""
    if not isinstance(event, dict):
        return None
    key, token = event.get("id"), event.get("token")
    if not isinstance(key, str) or not key.isdecimal() or not isinstance(token, str) or not token:
        return None
    is_autocomplete = event.get("type") == InteractionType.autocomplete.value
    return UnparsedInteraction(id=key, token=token, is_autocomplete=is_autocomplete)


def _interaction_context(interaction: Interaction[Any], clock: Callable[[], int]) -> InteractionContext:
    channel = interaction.channel
    if channel is None:
        raise InvalidRequest("Unsupported channel type")
    in_guild, user = interaction.is_guild_integration(), interaction.user
    permissions, direct = interaction.permissions, interaction.context.dm_channel is True
    caller = _caller(
        str(user.id),
        str(interaction.guild_id) if in_guild else None,
        name=user.display_name,
        roles=_roles(user) if in_guild else frozenset(),
        # An admin of another server must not be admin of the workspace that all direct messages share.
        is_admin=in_guild and (permissions.administrator or permissions.manage_guild),
    )
    key, created_ms = str(interaction.id), round(interaction.created_at.timestamp() * 1000)
    return InteractionContext(
        caller=caller,
        key=key,
        channel=str(channel.parent_id if isinstance(channel, Thread) else channel.id),
        channel_name=_name(channel),
        thread=str(channel.id) if isinstance(channel, Thread) else None,
        is_guild=in_guild,
        app_permissions=interaction.app_permissions.value,
        on_ephemeral=interaction.message is not None and interaction.message.flags.ephemeral,
        message=str(interaction.message.id) if interaction.message is not None else None,
        direct=direct,
        age_restricted=_is_age_restricted(channel),
        token=InteractionToken(
            id=key,
            application=str(interaction.application_id),
            token=interaction.token,
            # By the slower clock: a token that is used after it has expired loses an edit.
            expires_at=min(created_ms, clock()) + TOKEN_LIFETIME_MS,
            bot_has_access=in_guild or direct,
            upload_limit=interaction.filesize_limit,
        ),
    )


def _roles(user: User | Member | None) -> frozenset[str]:
    """The ids of a member's roles, with the one that everybody in the server has."""
    if not isinstance(user, Member):
        return frozenset()
    # The public property leaves out roles that the gateway's cache does not have.
    return frozenset(map(str, (*user._roles, user.guild.id)))  # noqa: SLF001


def _name(channel: object) -> str:
    """The name of a channel, or of the channel of a thread; empty where it has none or is not known."""
    name = getattr(channel.parent if isinstance(channel, Thread) else channel, "name", None)
    return name if isinstance(name, str) else ""


def _is_age_restricted(channel: object) -> bool:
    """Whether a channel, or the channel of a thread, is for adults only."""
    is_nsfw = getattr(channel, "is_nsfw", None)
    return is_nsfw is not None and is_nsfw() is True


def _caller(
    user: str, guild: str | None, *, name: str, roles: frozenset[str] | None, is_admin: bool
) -> Caller:
    workspace = f"{ADAPTER}:{guild}" if guild else DIRECT_WORKSPACE
    return Caller(
        workspace=workspace,
        person=f"{ADAPTER}:{user}",
        member=f"{workspace}:{user}",
        name=name,
        roles=roles,
        is_admin=is_admin,
    )


def _states_installation(owners: object, guild: object) -> bool:
    """Whether the event says who installed the app, a server or a person: that decides whose budget pays."""
    if not isinstance(owners, dict) or not owners or not all(map(_is_id, owners.values())):
        return False
    by_guild = owners.get(_GUILD_INSTALL)
    return owners.keys() <= {_GUILD_INSTALL, _USER_INSTALL} and (
        guild is None or by_guild is None or by_guild == guild
    )


def _reaction_ids(event: Mapping[str, Any]) -> tuple[Any, ...]:
    ids = tuple(event.get(name) for name in ("user_id", "channel_id", "message_id"))
    return ids if event.get("guild_id") is None else (*ids, event["guild_id"])


def _is_id(value: object) -> bool:
    return isinstance(value, str) and value.isascii() and value.isdecimal()


def _is_raw_person(user: Mapping[str, Any]) -> bool:
    """The same as `is_person` for a raw user."""
    return user.get("bot", False) is False and user.get("system", False) is False
