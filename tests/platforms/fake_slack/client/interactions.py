"""Creates interaction payloads as Slack sends them, and handles their responses."""

from collections.abc import Callable

from tests.platforms.fake_slack.client.form_responses import follow
from tests.platforms.fake_slack.client.invocations import Invocation
from tests.platforms.fake_slack.rules.elements import OPTIONS, check_options
from tests.platforms.fake_slack.rules.refusals import FormErrors, Json, Refusal
from tests.platforms.fake_slack.state.deliveries import Delivery, DeliveryKind, ResponseUrl
from tests.platforms.fake_slack.state.initial import initial_state
from tests.platforms.fake_slack.state.messages import Message
from tests.platforms.fake_slack.state.modal_stack import close_view
from tests.platforms.fake_slack.state.payloads import (
    actor_json,
    enterprise_json,
    message_json,
    state_json,
    team_json,
    view_json,
)
from tests.platforms.fake_slack.state.places import Channel, Kind, Team, User
from tests.platforms.fake_slack.state.views import View
from tests.platforms.fake_slack.state.world import World
from tests.platforms.fake_slack.transport.endpoints import respond_at


def common(world: World, user: User, kind: str, team: Team | None = None) -> Json:
    """Return what every interaction but a command begins with; to an organisation's app no team is named.

    `team` is where it happens, which in a channel that organisations share need not be the person's own.
    """
    team = team or user.team
    enterprise = enterprise_json(team)
    return {
        "type": kind,
        "token": world.app.verification_token,
        "api_app_id": world.app.id,
        "team": None if enterprise["is_enterprise_install"] else team_json(team),
        "user": actor_json(user),
        "action_ts": world.stamps.take(),
        **enterprise,
    }


def place_json(channel: Channel) -> Json:
    return {"id": channel.id, "name": "directmessage" if channel.kind is Kind.DIRECT else channel.name}


def message_place(world: World, message: Message) -> Json:
    """Return the parts that tell of the message in which something was used."""
    container: Json = {
        "type": "message",
        "message_ts": message.ts,
        "channel_id": message.channel.id,
        "is_ephemeral": message.ephemeral,
    }
    if message.thread_ts is not None:
        container["thread_ts"] = message.thread_ts
    told: Json = {"container": container, "channel": place_json(message.channel)}
    # What only one person sees is not kept, and so it is not told.
    if not message.ephemeral:
        told["message"] = message_json(message, world, with_metadata=True)
    return told


def view_place(world: World, view: View) -> Json:
    """Return the parts that tell of the form in which something was used."""
    return {"container": {"type": "view", "view_id": view.id}, "view": view_json(view, world)}


def ask_command(world: World, user: User, channel: Channel, command: str, text: str) -> Invocation:
    manifest = world.app.manifest
    trigger = world.new_trigger(user)
    response_url = ResponseUrl(channel=channel, user=user, created_ms=world.clock.now_ms())
    enterprise = enterprise_json(user.team)
    payload: Json = {
        "token": world.app.verification_token,
        "team_id": user.team.id,
        "team_domain": user.team.domain,
        "channel_id": channel.id,
        "channel_name": place_json(channel)["name"],
        "user_id": user.id,
        "user_name": user.name,
        "command": command,
        "text": text,
        "api_app_id": world.app.id,
        "is_enterprise_install": "true" if enterprise["is_enterprise_install"] else "false",
        "response_url": world.add(response_url),
        "trigger_id": trigger.id,
    }
    if user.team.enterprise is not None:
        payload |= {"enterprise_id": user.team.enterprise.id, "enterprise_name": user.team.enterprise.name}

    def settle(answer: Json) -> None:
        if answer.get("text") or answer.get("blocks"):
            message = respond_at(world, response_url, answer)
            assert message is not None
            response_url.responses.append(message)

    delivery = _deliver(
        world,
        DeliveryKind.COMMAND,
        command,
        payload,
        manifest.here(manifest.commands[command].get("url")),
        settle=settle,
    )
    return Invocation(world, delivery, trigger=trigger, response_url=response_url)


def ask_action(world: World, user: User, where: Message | View, action: Json) -> Invocation:
    """Tell of something used in a message or a form."""
    if isinstance(where, Message):
        trigger = world.new_trigger(user)
        response_url = ResponseUrl(
            channel=where.channel, user=user, created_ms=world.clock.now_ms(), source=where
        )
        seen = initial_state(where.blocks, where.chosen.get(user.id, {}))
        more = message_place(world, where) | {
            "state": {"values": state_json(seen)},
            "response_url": world.add(response_url),
        }
    else:
        form = where.id if where.told["type"] == "modal" else None
        trigger = world.new_trigger(user, view_id=form)
        response_url, more = None, view_place(world, where)
    team = where.channel.team if isinstance(where, Message) else where.team
    payload = (
        common(world, user, "block_actions", team) | more | {"trigger_id": trigger.id, "actions": [action]}
    )
    del payload["action_ts"]
    delivery = _interactive(world, f"block_actions {action['action_id']}", payload)
    source = where if isinstance(where, View) else None
    return Invocation(world, delivery, trigger=trigger, response_url=response_url, source=source)


def ask_shortcut(world: World, user: User, shortcut: Json, message: Message | None) -> Invocation:
    trigger = world.new_trigger(user)
    kind = "shortcut" if message is None else "message_action"
    payload = common(world, user, kind, None if message is None else message.channel.team) | {
        "callback_id": shortcut["callback_id"],
        "trigger_id": trigger.id,
    }
    response_url = None
    if message is not None:
        response_url = ResponseUrl(channel=message.channel, user=user, created_ms=world.clock.now_ms())
        payload |= {
            "channel": place_json(message.channel),
            "message_ts": message.ts,
            "message": message_json(message, world, with_metadata=True),
            "response_url": world.add(response_url),
        }
    delivery = _interactive(world, f"{kind} {shortcut['callback_id']}", payload)
    return Invocation(world, delivery, trigger=trigger, response_url=response_url)


def ask_options(world: World, user: User, where: Message | View, named: Json, typed: str) -> Invocation:
    """Tell of somebody typing into a list that the app fills."""
    place = message_place(world, where) if isinstance(where, Message) else view_place(world, where)
    payload = common(world, user, "block_suggestion") | place | {**named, "value": typed}

    def settle(answer: Json) -> None:
        groups = answer.get("option_groups")
        options = [each for group in groups or [] for each in group["options"]] or answer.get("options")
        if options is None and groups is None:
            raise Refusal("no_options")
        errors = FormErrors()
        check_options(options or [], "/options", errors, most=OPTIONS, least=0)
        errors.settle("invalid_options")
        if isinstance(where, View):
            where.looked_up[named["action_id"]] = list(options or [])

    url = world.app.manifest.options_url
    name = f"block_suggestion {named['action_id']}"
    delivery = _deliver(world, DeliveryKind.INTERACTIVE, name, payload, url, settle=settle)
    return Invocation(world, delivery)


def ask_submission(world: World, view: View) -> Invocation:
    trigger = world.new_trigger(view.user, view_id=view.id)
    payload = common(world, view.user, "view_submission", view.team) | {
        "trigger_id": trigger.id,
        "view": view_json(view, world),
        "response_urls": [],
    }
    del payload["action_ts"]

    def settle(answer: Json) -> None:
        follow(world, view, trigger, answer)

    delivery = _deliver(
        world,
        DeliveryKind.INTERACTIVE,
        f"view_submission {view.told.get('callback_id', '')}",
        payload,
        world.app.manifest.interactivity_url,
        settle=settle,
    )
    return Invocation(world, delivery, trigger=trigger, source=view)


def ask_closing(world: World, view: View, *, cleared: bool) -> Invocation | None:
    """Close a form, and tell of it where the app wishes to know."""
    close_view(world, view, all_of_them=cleared)
    if not view.told.get("notify_on_close"):
        return None
    payload = common(world, view.user, "view_closed") | {
        "view": view_json(view, world),
        "is_cleared": cleared,
    }
    del payload["action_ts"]
    return Invocation(world, _interactive(world, "view_closed", payload), source=view)


def _interactive(world: World, name: str, payload: Json) -> Delivery:
    """Tell of what takes no answer but that it was heard."""
    url = world.app.manifest.interactivity_url
    return _deliver(world, DeliveryKind.INTERACTIVE, name, payload, url, settle=None)


def _deliver(
    world: World,
    kind: DeliveryKind,
    name: str,
    payload: Json,
    url: str | None,
    *,
    settle: Callable[[Json], None] | None,
) -> Delivery:
    return world.deliver(
        Delivery(
            kind=kind,
            name=name,
            payload=payload,
            created_ms=world.clock.now_ms(),
            url=url,
            settle=settle or (lambda _: None),
            takes_answer=settle is not None,
        )
    )
