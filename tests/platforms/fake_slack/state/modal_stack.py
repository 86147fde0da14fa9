"""Opens, updates and closes the modals of a person."""

import secrets

from tests.platforms.fake_slack.rules.blocks import FileCheck
from tests.platforms.fake_slack.rules.refusals import Json, Refusal
from tests.platforms.fake_slack.rules.views import check_view
from tests.platforms.fake_slack.state.initial import initial_state
from tests.platforms.fake_slack.state.places import User
from tests.platforms.fake_slack.state.views import View
from tests.platforms.fake_slack.state.world import World
from tests.platforms.fake_slack.state.writing import numbered


def checked(told: Json, *, kind: str, shows: FileCheck) -> Json:
    """Return a view as the service keeps it; refuse what it would not open."""
    check_view(told, kind=kind, shows=shows)
    return {**told, "blocks": numbered(told["blocks"])}


def open_view(world: World, user: User, told: Json, *, previous: View | None) -> View:
    _check_external_id(world, told, None)
    view = View(
        id=world.new_id("V"), team=user.team, user=user, told=told, hash=_hash(world), previous=previous
    )
    view.typed = initial_state(view.blocks, {})
    world.views[view.id] = view
    world.changes.notify()
    return view


def change_view(world: World, view: View, told: Json) -> None:
    """Show something else in the same place; what was typed stays where block and action are the same."""
    _check_external_id(world, told, view)
    view.told = told
    view.typed = initial_state(view.blocks, view.typed)
    view.hash = _hash(world)
    view.updates += 1
    view.errors = {}
    world.changes.notify()


def close_view(world: World, view: View, *, all_of_them: bool = False) -> None:
    view.closed = True
    if all_of_them and view.previous is not None:
        close_view(world, view.previous, all_of_them=True)
    world.changes.notify()


def _check_external_id(world: World, told: Json, own: View | None) -> None:
    external_id = told.get("external_id")
    others = [each for each in world.views.values() if each is not own and not each.closed]
    if external_id and any(each.told.get("external_id") == external_id for each in others):
        raise Refusal("duplicate_external_id")


def _hash(world: World) -> str:
    return f"{world.clock.now_ms() // 1000}.{secrets.token_urlsafe(6)}"
