"""Applies the app's response to a submitted modal."""

from tests.platforms.fake_slack.methods.chat import shows
from tests.platforms.fake_slack.rules.refusals import Json, Refusal
from tests.platforms.fake_slack.state.deliveries import Trigger
from tests.platforms.fake_slack.state.modal_stack import change_view, checked, close_view, open_view
from tests.platforms.fake_slack.state.views import View
from tests.platforms.fake_slack.state.world import World


def follow(world: World, view: View, trigger: Trigger, answer: Json) -> None:
    """Do with a submitted form what the app says."""
    wanted = answer.get("response_action")
    if wanted == "errors":
        _show_errors(view, answer.get("errors") or {})
    elif wanted in ("update", "push"):
        told = checked(answer["view"], kind="modal", shows=shows(world, view.team.bot))
        if wanted == "update":
            change_view(world, view, told)
        else:
            trigger.opened = open_view(world, view.user, told, previous=view)
    elif wanted == "clear":
        close_view(world, view, all_of_them=True)
    elif wanted is None and not answer:
        close_view(world, view)
    else:
        raise Refusal("invalid_response_action")


def _show_errors(view: View, errors: dict[str, str]) -> None:
    inputs = {block["block_id"] for block in view.blocks if block["type"] == "input"}
    if not errors or not errors.keys() <= inputs:
        raise Refusal("invalid_errors", messages=[f"[ERROR] no such block: {sorted(errors.keys() - inputs)}"])
    view.errors = errors
