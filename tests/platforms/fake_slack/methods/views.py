"""Modals and Home tabs, opened with a valid trigger."""

from tests.platforms.fake_slack.methods.chat import shows
from tests.platforms.fake_slack.methods.routing import Call, Methods, Tier
from tests.platforms.fake_slack.rules.refusals import Json, Refusal
from tests.platforms.fake_slack.state.deliveries import Trigger
from tests.platforms.fake_slack.state.modal_stack import change_view, checked, open_view
from tests.platforms.fake_slack.state.payloads import view_json
from tests.platforms.fake_slack.state.views import STACK, View

methods = Methods()


@methods.on("views.open", Tier.FOUR)
def open_form(call: Call) -> Json:
    told = _told(call, "modal")
    trigger = _trigger(call)
    view = open_view(call.world, trigger.user, told, previous=None)
    _spend(trigger, view)
    return {"view": view_json(view, call.world)}


@methods.on("views.push", Tier.FOUR)
def push_form(call: Call) -> Json:
    told = _told(call, "modal")
    trigger = _trigger(call)
    if trigger.view_id is None:
        raise Refusal("invalid_trigger_id")
    below = call.world.view(trigger.view_id)
    if below.depth >= STACK:
        raise Refusal("push_limit_reached")
    view = open_view(call.world, trigger.user, told, previous=below)
    _spend(trigger, view)
    return {"view": view_json(view, call.world)}


@methods.on("views.update", Tier.FOUR)
def update_form(call: Call) -> Json:
    view = _named(call)
    told = _told(call, str(view.told["type"]))
    _check_hash(call, view)
    change_view(call.world, view, told)
    return {"view": view_json(view, call.world)}


@methods.on("views.publish", Tier.FOUR)
def publish_home(call: Call) -> Json:
    world = call.world
    if not world.app.manifest.has_home:
        raise Refusal("not_enabled")
    told = _told(call, "home")
    user = world.users.get(call.text("user_id"))
    if user is None or not call.installation.covers(user.team):
        raise Refusal("invalid_arguments", messages=["[ERROR] invalid `user_id`"])
    home = world.homes.get(user.id)
    if home is None:
        home = world.homes[user.id] = open_view(world, user, told, previous=None)
    else:
        _check_hash(call, home)
        change_view(world, home, told)
    return {"view": view_json(home, world)}


def _told(call: Call, kind: str) -> Json:
    told = call.structure("view", "invalid_arguments")
    if not isinstance(told, dict):
        raise Refusal("invalid_arguments", messages=["[ERROR] missing required field: view"])
    return checked(told, kind=kind, shows=shows(call.world, call.bot))


def _trigger(call: Call) -> Trigger:
    """Find a trigger that is fresh and has opened nothing yet."""
    found = call.world.triggers.get(call.text("trigger_id"))
    if found is None or not call.installation.covers(found.team):
        raise Refusal("invalid_trigger_id")
    if found.used:
        raise Refusal("exchanged_trigger_id")
    if found.is_over(call.world.clock.now_ms()):
        raise Refusal("expired_trigger_id")
    return found


def _spend(trigger: Trigger, view: View) -> None:
    trigger.used = True
    trigger.opened = view


def _named(call: Call) -> View:
    external_id = call.option("external_id")
    if external_id is None:
        view = call.world.view(call.text("view_id"))
    else:
        mine = [each for each in call.world.views.values() if each.told.get("external_id") == external_id]
        view = next((each for each in mine if not each.closed), None) or call.world.view("")
    if not call.installation.covers(view.team):
        raise Refusal("not_found")
    return view


def _check_hash(call: Call, view: View) -> None:
    if call.option("hash") not in (None, view.hash):
        raise Refusal("hash_conflict")
