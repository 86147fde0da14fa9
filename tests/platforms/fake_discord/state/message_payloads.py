"""Messages as JSON, with and without the message content intent."""

from typing import Any

from tests.platforms.fake_discord.state.clock import iso
from tests.platforms.fake_discord.state.events import Event, Intents
from tests.platforms.fake_discord.state.files import PROXY_HOST
from tests.platforms.fake_discord.state.interactions import Interaction, InteractionType
from tests.platforms.fake_discord.state.messages import Attachment, Message
from tests.platforms.fake_discord.state.payloads import Json, member_json, user_json
from tests.platforms.fake_discord.state.world import World


def attachment_json(attachment: Attachment, world: World) -> Json:
    answer: Json = {
        "id": str(attachment.id),
        "filename": attachment.filename,
        "size": len(attachment.content),
        "url": world.files.address(attachment),
        "proxy_url": world.files.address(attachment, host=PROXY_HOST),
        "content_type": attachment.content_type,
    }
    if attachment.width is not None and attachment.height is not None:
        answer |= {"width": attachment.width, "height": attachment.height}
    if attachment.description is not None:
        answer["description"] = attachment.description
    if attachment.ephemeral:
        answer["ephemeral"] = True
    return answer


def message_json(message: Message, world: World) -> Json:
    """Return the whole message."""
    answer: Json = {
        "id": str(message.id),
        "channel_id": str(message.channel.id),
        "type": int(message.kind),
        "author": user_json(message.author),
        "content": message.content,
        "timestamp": iso(message.created_ms),
        "edited_timestamp": None if message.edited_ms is None else iso(message.edited_ms),
        "tts": False,
        "pinned": False,
        "mention_everyone": "everyone" in message.pings,
        "mentions": [user_json(user) for user in message.mentioned],
        "mention_roles": [],
        "attachments": [attachment_json(each, world) for each in message.attachments],
        "embeds": [_embed_json(embed, message, world) for embed in message.embeds],
        "components": message.components,
        "flags": int(message.flags),
    }
    if message.nonce is not None:
        answer["nonce"] = message.nonce
    if message.reactions:
        answer["reactions"] = [_reaction_json(message, emoji, world) for emoji in message.reactions]
    if message.interaction is not None:
        answer |= {
            "application_id": str(world.application_id),
            "webhook_id": str(world.application_id),
            "interaction_metadata": _metadata_json(message.interaction, message),
        }
    elif message.author is world.bot:
        answer["application_id"] = str(world.application_id)
    if message.replies_to is not None:
        answer["message_reference"] = {
            "type": 0,
            "message_id": str(message.replies_to.id),
            "channel_id": str(message.replies_to.channel.id),
        }
    return answer


def readable_json(message: Message, world: World) -> Json:
    """Return the message as the app may read it over REST."""
    whole = message_json(message, world)
    if Intents.MESSAGE_CONTENT in world.allowed_intents or _is_ours(message, world):
        return whole
    return {**whole, "content": "", "embeds": [], "attachments": [], "components": []}


def message_event(name: str, message: Message, world: World) -> Event:
    guild = message.channel.guild
    whole = message_json(message, world)
    hidden = {**whole, "content": "", "embeds": [], "attachments": [], "components": []}
    if guild is not None:
        more: Json = {"guild_id": str(guild.id)}
        member = guild.members.get(message.author.id)
        if member is not None:
            more["member"] = member_json(member, with_user=False)
        whole, hidden = whole | more, hidden | more
    return Event(
        name=name,
        data=whole,
        guild_id=None if guild is None else guild.id,
        without_content=None if _is_ours(message, world) else hidden,
    )


def emoji_json(emoji: str) -> Json:
    """Return a plain emoji, or one of a guild's own written as `name:id`."""
    name, _, number = emoji.partition(":")
    return {"id": number or None, "name": name}


def _is_ours(message: Message, world: World) -> bool:
    return message.author is world.bot or message.channel.guild is None or world.bot in message.mentioned


def _embed_json(embed: Json, message: Message, world: World) -> Json:
    answer = {key: value for key, value in embed.items() if value is not None} | {"type": "rich"}
    for slot in ("image", "thumbnail", "video"):
        if slot in answer:
            answer[slot] = _shown(answer[slot], message, world)
    return answer


def _shown(media: Json, message: Message, world: World) -> Json:
    name = str(media["url"]).removeprefix("attachment://")
    attachment = message.embedded.get(name)
    if attachment is None:
        return {"url": media["url"]}
    answer: Json = {
        "url": world.files.address(attachment),
        "proxy_url": world.files.address(attachment, host=PROXY_HOST),
    }
    if attachment.width is not None and attachment.height is not None:
        answer |= {"width": attachment.width, "height": attachment.height}
    return answer


def _reaction_json(message: Message, emoji: str, world: World) -> Json:
    people = message.reactions[emoji]
    return {
        "emoji": emoji_json(emoji),
        "count": len(people),
        "count_details": {"burst": 0, "normal": len(people)},
        "burst_colors": [],
        "me_burst": False,
        "me": world.bot in people,
    }


def _metadata_json(interaction: Interaction, message: Message) -> Json:
    answer: Json = {
        "id": str(interaction.id),
        "type": int(interaction.kind),
        "user": user_json(interaction.user),
        "authorizing_integration_owners": owners_json(interaction),
    }
    if interaction.original is not None and interaction.original is not message:
        answer["original_response_message_id"] = str(interaction.original.id)
    if interaction.kind is InteractionType.COMPONENT and interaction.source is not None:
        answer["interacted_message_id"] = str(interaction.source.id)
    if interaction.kind is InteractionType.MODAL and interaction.opened_by is not None:
        answer["triggering_interaction_metadata"] = _metadata_json(interaction.opened_by, message)
    return answer


def owners_json(interaction: Interaction) -> dict[str, Any]:
    """Name who installed the app: the guild under 0, the person under 1."""
    guild = interaction.channel.guild
    if interaction.by_user_install:
        return {"1": str(interaction.user.id)}
    return {"0": "0" if guild is None else str(guild.id)}
