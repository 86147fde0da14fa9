"""Who does something and where, as the event itself says; nothing in a custom id or a text can change it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from discord import Interaction, Member, RawReactionActionEvent, Thread, User

from adapters.discord.delivery.history_search import sent_at
from adapters.discord.delivery.interaction_token import TOKEN_MS, Reach
from bot.domain.errors import InvalidRequest
from bot.domain.identity import Caller, Place

ADAPTER = "discord"
#: where people and the bot meet outside of a server that has invited it
DIRECT = f"{ADAPTER}:@dm"


@dataclass(frozen=True, slots=True, kw_only=True)
class Seat:
    """Somebody at a place, with what the event brought for answering them."""

    caller: Caller
    #: the interaction's id; what a reaction is told from others by
    key: str = ""
    channel: str
    thread: str | None = None
    #: the bot itself is in the guild, so that what it may do there counts
    is_guild: bool
    #: what the bot may do there; 0 where the event does not say
    app_permissions: int = 0
    #: None for a reaction: it cannot be answered
    reach: Reach | None = None
    #: the message that the event is about is seen by the caller alone
    hidden: bool = False
    #: direct messages with the bot
    direct: bool = False

    @property
    def in_thread(self) -> bool:
        return self.thread is not None

    @property
    def spot(self) -> str:
        """The channel or thread itself."""
        return self.thread or self.channel

    @property
    def user(self) -> str:
        """The caller's id at Discord."""
        return self.caller.person.rpartition(":")[2]

    def place(self, *, private: bool = False) -> Place:
        """Where a card goes that is asked for from here."""
        reach = self.reach.model_copy(update={"ephemeral": private}).write() if self.reach else ""
        return Place(
            adapter=ADAPTER,
            workspace=self.caller.workspace,
            channel=self.channel,
            thread=self.thread,
            private=private,
            direct=self.direct,
            reply_token=reach,
        )


def seat_of(interaction: Interaction[Any], clock: Callable[[], int]) -> Seat:
    """Read the seat of somebody who used a command, a button, a menu or a form."""
    channel = interaction.channel
    if channel is None:
        raise InvalidRequest("This does not work in a place of this kind")
    in_guild, user = interaction.is_guild_integration(), interaction.user
    rights = interaction.permissions
    caller = _caller(
        str(user.id),
        str(interaction.guild_id) if in_guild else None,
        name=user.display_name,
        # An admin of some server must not rule over the workspace that all direct messages share.
        is_admin=in_guild and (rights.administrator or rights.manage_guild),
    )
    thread = isinstance(channel, Thread)
    return Seat(
        caller=caller,
        key=str(interaction.id),
        channel=str(channel.parent_id if isinstance(channel, Thread) else channel.id),
        thread=str(channel.id) if thread else None,
        is_guild=in_guild,
        app_permissions=interaction.app_permissions.value,
        hidden=interaction.message is not None and interaction.message.flags.ephemeral,
        direct=interaction.context.dm_channel is True,
        reach=Reach(
            application=str(interaction.application_id),
            token=interaction.token,
            # By whichever clock is behind: a token that is thought to live longer loses an edit.
            until=min(sent_at(str(interaction.id)), clock()) + TOKEN_MS,
            lasting=in_guild or interaction.context.dm_channel is True,
            limit=interaction.filesize_limit,
        ),
    )


def is_person(user: User | Member) -> bool:
    """Whether a user may start and pay for something; a flag that is not plainly False says no."""
    return user.bot is False and user.system is False


def seat_of_reaction(payload: RawReactionActionEvent) -> Seat:
    """Read the seat of somebody who reacted; without a member the event does not say their name.

    Their rights follow from the guild's roles, which the gateway keeps up to date.
    """
    member = payload.member
    rights = member.guild_permissions if member is not None else None
    thread = _thread_of(member, payload.channel_id)
    return Seat(
        caller=_caller(
            str(payload.user_id),
            str(payload.guild_id) if payload.guild_id else None,
            name=member.display_name if member is not None else "",
            is_admin=rights is not None and (rights.administrator or rights.manage_guild),
        ),
        channel=str(thread.parent_id if thread is not None else payload.channel_id),
        thread=str(thread.id) if thread is not None else None,
        is_guild=payload.guild_id is not None,
        # Of all conversations outside of servers the gateway tells of these alone.
        direct=payload.guild_id is None,
    )


def _caller(user: str, guild: str | None, *, name: str, is_admin: bool) -> Caller:
    workspace = f"{ADAPTER}:{guild}" if guild else DIRECT
    return Caller(
        workspace=workspace,
        person=f"{ADAPTER}:{user}",
        member=f"{workspace}:{user}",
        name=name,
        is_admin=is_admin,
    )


def _thread_of(member: Member | None, channel: int) -> Thread | None:
    """The thread of that id; one that the gateway does not know is treated like a channel, which works."""
    return member.guild.get_thread(channel) if member is not None else None
