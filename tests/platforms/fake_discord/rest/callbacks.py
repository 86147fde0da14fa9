"""The first response to an interaction."""

from collections.abc import Callable

from tests.platforms.fake_discord.rest.routing import Call, Routes
from tests.platforms.fake_discord.rules.commands import check_choices
from tests.platforms.fake_discord.rules.components import check_modal
from tests.platforms.fake_discord.rules.drafts import Draft
from tests.platforms.fake_discord.rules.permissions import Permissions
from tests.platforms.fake_discord.rules.refusals import FormErrors, Refusal
from tests.platforms.fake_discord.state.interactions import Callback, Interaction, InteractionType
from tests.platforms.fake_discord.state.message_payloads import message_json
from tests.platforms.fake_discord.state.messages import Message, MessageFlags, MessageKind
from tests.platforms.fake_discord.state.payloads import Json
from tests.platforms.fake_discord.state.places import User
from tests.platforms.fake_discord.state.world import World
from tests.platforms.fake_discord.state.writing import edit, post

routes = Routes()

_CONTEXT_MENUS = (2, 3)


@routes.on("POST", "/interactions/{interaction_id}/{interaction_token}/callback", by_token_in_path=True)
def answer_interaction(call: Call) -> Json | None:
    interaction = _found(call)
    callback = _kind(call)
    interaction.may_acknowledge(call.world.clock.now_ms())
    if not interaction.fits(callback):
        choices = {"code": "BASE_TYPE_CHOICES", "message": "This response does not fit the interaction."}
        raise Refusal(50035, errors={"type": {"_errors": [choices]}})
    draft = Draft(body=call.body.get("data") or {}, uploads=call.uploads)
    _ANSWERS[callback](call.world, interaction, draft)
    interaction.callback = callback
    interaction.acknowledged_ms = call.world.clock.now_ms()
    call.world.changes.notify()
    return _answer(call, interaction) if call.flag("with_response") else None


def allowed_to_show(interaction: Interaction, draft: Draft) -> User | None:
    """Return the only one who may see the answer, or nothing when all may.

    Where people may not use apps of their own, what these answer is for their eyes alone.
    """
    if MessageFlags.EPHEMERAL in draft.flags:
        return interaction.user
    held = interaction.channel.allows(interaction.user)
    if interaction.by_user_install and Permissions.USE_EXTERNAL_APPS not in held:
        return interaction.user
    return None


def _message(world: World, interaction: Interaction, draft: Draft) -> None:
    draft.check(file_limit=interaction.file_limit)
    if draft.is_empty:
        raise Refusal(50006)
    interaction.original = _post(world, interaction, draft, loading=False)


def _deferred_message(world: World, interaction: Interaction, draft: Draft) -> None:
    interaction.original = _post(world, interaction, draft, loading=True)


def _deferred_update(_world: World, interaction: Interaction, _draft: Draft) -> None:
    interaction.original = interaction.source


def _update(world: World, interaction: Interaction, draft: Draft) -> None:
    assert interaction.source is not None
    source = interaction.source
    draft.check(file_limit=interaction.file_limit, new_layout=MessageFlags.COMPONENTS_V2 in source.flags)
    if source.deleted:
        raise Refusal(10008)
    edit(world, source, draft)
    interaction.original = source


def _offer(_world: World, interaction: Interaction, draft: Draft) -> None:
    errors = FormErrors()
    choices = draft.body.get("choices") or []
    check_choices(choices, errors, ("data", "choices"))
    errors.settle()
    interaction.choices = choices


def _open_form(_world: World, interaction: Interaction, draft: Draft) -> None:
    errors = FormErrors()
    check_modal(draft.body, errors)
    errors.settle()
    interaction.modal = draft.body


_ANSWERS: dict[Callback, Callable[[World, Interaction, Draft], None]] = {
    Callback.MESSAGE: _message,
    Callback.DEFERRED_MESSAGE: _deferred_message,
    Callback.DEFERRED_UPDATE: _deferred_update,
    Callback.UPDATE: _update,
    Callback.CHOICES: _offer,
    Callback.MODAL: _open_form,
}


def _found(call: Call) -> Interaction:
    found = call.world.interactions.get(int(call.path["interaction_id"]))
    if found is None or found.token != call.path["interaction_token"]:
        raise Refusal(10062)
    if found.channel.id not in call.world.channels:
        raise Refusal(10003)
    return found


def _kind(call: Call) -> Callback:
    try:
        return Callback(call.body["type"])
    except (KeyError, TypeError, ValueError):
        choices = {"code": "BASE_TYPE_CHOICES", "message": "Value must be one of {4, 5, 6, 7, 8, 9}."}
        raise Refusal(50035, errors={"type": {"_errors": [choices]}}) from None


def _post(world: World, interaction: Interaction, draft: Draft, *, loading: bool) -> Message:
    kind = MessageKind.DEFAULT
    if interaction.kind is InteractionType.COMMAND:
        menu = interaction.data.get("type") in _CONTEXT_MENUS
        kind = MessageKind.CONTEXT_MENU if menu else MessageKind.COMMAND
    elif interaction.source is not None:
        kind = MessageKind.REPLY
    return post(
        world,
        interaction.channel,
        world.bot,
        draft,
        kind=kind,
        interaction=interaction,
        replies_to=interaction.source if kind is MessageKind.REPLY else None,
        only_for=allowed_to_show(interaction, draft),
        loading=loading,
    )


def _answer(call: Call, interaction: Interaction) -> Json:
    answer: Json = {
        "interaction": {
            "id": str(interaction.id),
            "type": int(interaction.kind),
            "channel_id": str(interaction.channel.id),
        }
    }
    if interaction.channel.guild is not None:
        answer["interaction"]["guild_id"] = str(interaction.channel.guild.id)
    assert interaction.callback is not None
    message = interaction.original
    if message is not None:
        answer["interaction"] |= {
            "response_message_id": str(message.id),
            "response_message_loading": message.loading,
            "response_message_ephemeral": message.ephemeral,
        }
    if message is not None and interaction.callback in (Callback.MESSAGE, Callback.UPDATE):
        shown = message_json(message, call.world)
        answer["resource"] = {"type": int(interaction.callback), "message": shown}
    return answer
