"""Permission bits, and how roles and channel overwrites combine."""

from collections.abc import Iterable
from enum import IntFlag


class Permissions(IntFlag):
    NONE = 0
    KICK_MEMBERS = 1 << 1
    ADMINISTRATOR = 1 << 3
    MANAGE_CHANNELS = 1 << 4
    MANAGE_GUILD = 1 << 5
    ADD_REACTIONS = 1 << 6
    VIEW_CHANNEL = 1 << 10
    SEND_MESSAGES = 1 << 11
    MANAGE_MESSAGES = 1 << 13
    EMBED_LINKS = 1 << 14
    ATTACH_FILES = 1 << 15
    READ_MESSAGE_HISTORY = 1 << 16
    MENTION_EVERYONE = 1 << 17
    USE_EXTERNAL_EMOJIS = 1 << 18
    MANAGE_ROLES = 1 << 28
    USE_APPLICATION_COMMANDS = 1 << 31
    MANAGE_THREADS = 1 << 34
    CREATE_PUBLIC_THREADS = 1 << 35
    CREATE_PRIVATE_THREADS = 1 << 36
    SEND_MESSAGES_IN_THREADS = 1 << 38
    USE_EXTERNAL_APPS = 1 << 50


EVERYTHING = Permissions((1 << 53) - 1)

#: what everybody may do in a new guild
USUAL = (
    Permissions.VIEW_CHANNEL
    | Permissions.SEND_MESSAGES
    | Permissions.SEND_MESSAGES_IN_THREADS
    | Permissions.ADD_REACTIONS
    | Permissions.EMBED_LINKS
    | Permissions.ATTACH_FILES
    | Permissions.READ_MESSAGE_HISTORY
    | Permissions.CREATE_PUBLIC_THREADS
    | Permissions.USE_EXTERNAL_EMOJIS
    | Permissions.USE_APPLICATION_COMMANDS
    | Permissions.USE_EXTERNAL_APPS
)

_NEEDS_SENDING = Permissions.EMBED_LINKS | Permissions.ATTACH_FILES | Permissions.MENTION_EVERYONE


def overwritten(
    base: Permissions,
    everyone: tuple[Permissions, Permissions] | None,
    roles: Iterable[tuple[Permissions, Permissions]],
    person: tuple[Permissions, Permissions] | None,
) -> Permissions:
    """Apply a channel's pairs of (allow, deny) in their order: everyone, all roles at once, the person."""
    if Permissions.ADMINISTRATOR in base:
        return EVERYTHING
    held = base
    if everyone is not None:
        held = held & ~everyone[1] | everyone[0]
    allow = deny = Permissions.NONE
    for allowed, denied in roles:
        allow |= allowed
        deny |= denied
    held = held & ~deny | allow
    if person is not None:
        held = held & ~person[1] | person[0]
    return held


def effective(held: Permissions, *, in_thread: bool) -> Permissions:
    """Take away what other missing permissions take with them."""
    if Permissions.VIEW_CHANNEL not in held:
        return Permissions.NONE
    sending = Permissions.SEND_MESSAGES_IN_THREADS if in_thread else Permissions.SEND_MESSAGES
    return held if sending in held else held & ~_NEEDS_SENDING
