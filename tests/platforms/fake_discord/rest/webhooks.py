"""Requests with an interaction's token: edit the response and send follow-ups for 15 minutes."""

from tests.platforms.fake_discord.rest.access import require_unarchived
from tests.platforms.fake_discord.rest.callbacks import allowed_to_show
from tests.platforms.fake_discord.rest.routing import Call, Routes
from tests.platforms.fake_discord.rules.refusals import Refusal
from tests.platforms.fake_discord.state.interactions import Interaction
from tests.platforms.fake_discord.state.message_payloads import message_json
from tests.platforms.fake_discord.state.messages import Message, MessageFlags, MessageKind
from tests.platforms.fake_discord.state.payloads import Json
from tests.platforms.fake_discord.state.writing import delete, edit, post

routes = Routes()

_WEBHOOK = "/webhooks/{webhook_id}/{webhook_token}"
_ORIGINAL = _WEBHOOK + "/messages/@original"
_MESSAGE = _WEBHOOK + "/messages/{message_id}"


@routes.on("POST", _WEBHOOK, by_token_in_path=True)
def follow_up(call: Call) -> Json | None:
    """Post another answer; the first one after "thinking" takes its place, unless that was removed."""
    interaction = _interaction(call)
    draft = call.draft
    draft.check(file_limit=interaction.file_limit)
    if draft.is_empty:
        raise Refusal(50006)
    waiting = interaction.original
    if waiting is not None and waiting.loading and not waiting.deleted:
        edit(call.world, waiting, draft)
        return message_json(waiting, call.world)
    interaction.has_room()
    message = post(
        call.world,
        interaction.channel,
        call.world.bot,
        draft,
        kind=MessageKind.REPLY if waiting is not None else MessageKind.DEFAULT,
        interaction=interaction,
        replies_to=waiting,
        only_for=allowed_to_show(interaction, draft),
    )
    interaction.follow_ups.append(message)
    return message_json(message, call.world) if call.flag("wait") else None


@routes.on("GET", _ORIGINAL, by_token_in_path=True)
@routes.on("GET", _MESSAGE, by_token_in_path=True)
def show_answer(call: Call) -> Json:
    return message_json(_answer(call, _interaction(call)), call.world)


@routes.on("PATCH", _ORIGINAL, by_token_in_path=True)
@routes.on("PATCH", _MESSAGE, by_token_in_path=True)
def edit_answer(call: Call) -> Json:
    interaction = _interaction(call)
    message = _answer(call, interaction)
    require_unarchived(interaction.channel)
    draft = call.draft
    draft.check(file_limit=interaction.file_limit, new_layout=MessageFlags.COMPONENTS_V2 in message.flags)
    if message.loading and draft.is_empty:
        raise Refusal(50006)
    edit(call.world, message, draft)
    return message_json(message, call.world)


@routes.on("DELETE", _ORIGINAL, by_token_in_path=True)
@routes.on("DELETE", _MESSAGE, by_token_in_path=True)
def delete_answer(call: Call) -> None:
    delete(call.world, _answer(call, _interaction(call)))


def _interaction(call: Call) -> Interaction:
    if call.path["webhook_id"] != str(call.world.application_id):
        raise Refusal(10015)
    interaction = call.world.interaction(call.path["webhook_token"])
    interaction.may_follow_up(call.world.clock.now_ms())
    if interaction.channel.id not in call.world.channels:
        raise Refusal(10003)
    return interaction


def _answer(call: Call, interaction: Interaction) -> Message:
    return interaction.answer(call.path.get("message_id", "@original"))
