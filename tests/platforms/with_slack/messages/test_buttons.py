"""Buttons carry everything they need, so that they keep working."""

from pathlib import Path
from typing import Any

from adapters.chat.controls import CardControl, Verb
from adapters.slack.messages.buttons import BlockAction, control_rows, jobs_in_message, variation_row
from adapters.slack.messages.cards import UploadedMedia, render_card
from adapters.slack.messages.strings import ENGLISH
from bot.domain.cards.card import CardView, JobPhase
from bot.domain.jobs.actions import Action, ActionPrices
from bot.domain.money.pricing import Price
from tests.platforms.with_slack.cards import card_view, identity, job_view
from tests.platforms.with_slack.delivery.publisher_harness import open_publisher


def _elements(view: CardView) -> list[dict[str, Any]]:
    return [element for row in control_rows(view, ENGLISH) for element in row["elements"]]


def _verbs(view: CardView) -> list[Verb]:
    return [pressed.verb for one in _elements(view) if (pressed := BlockAction.parse(one)) is not None]


def test_a_button_names_its_verb_job_and_card() -> None:
    view = card_view()
    read = BlockAction.parse(_elements(view)[0])
    assert BlockAction(verb=Action.VARIATION, job=view.jobs[0].id, card=view.card) == read


def test_a_queued_job_can_be_cancelled_and_a_derived_job_links_its_source() -> None:
    view = card_view(job_view(1, JobPhase.WAITING, parent=identity(9)))
    assert [CardControl.CANCEL, CardControl.ORIGIN, CardControl.DETAILS] == _verbs(view)
    origin = BlockAction.parse(_elements(view)[1])
    assert origin is not None
    assert identity(9) == origin.job


def test_variations_are_directly_under_the_results_and_show_what_they_cost() -> None:
    prices = ActionPrices(by_action={Action.VARIATION: Price(each=20_500, estimate=True)})
    view = card_view(*(job_view(number, prices=prices) for number in range(1, 5)))
    pictures = {job.id: f"F{number}" for number, job in enumerate(view.jobs, 1)}
    blocks = render_card(view, media=UploadedMedia(pictures=pictures)).blocks
    kinds = [block["type"] for block in blocks]
    row = blocks[len(kinds) - kinds[::-1].index("image")]
    assert [f"🔁 Variation {number} · ≈$0.021" for number in range(1, 5)] == [
        one["text"]["text"] for one in row["elements"]
    ]
    assert 4 == len({one["action_id"] for one in row["elements"]}), "unique within a block"
    pressed = BlockAction.parse(row["elements"][2])
    assert pressed is not None
    assert (view.jobs[2].id, 20_500) == (pressed.job, pressed.price)


def test_foreign_and_unknown_actions_are_not_parsed() -> None:
    good = {"action_id": "rv:again", "value": f"{identity(1)}:{identity(2)}"}
    assert BlockAction.parse(good) is not None
    for wrong in (
        {"action_id": "rv:fly"},
        {"action_id": "again"},
        {"value": "x"},
        {"value": f"{identity(1)}:"},
    ):
        assert BlockAction.parse({**good, **wrong}) is None


def test_delete_is_confirmed_by_the_core() -> None:
    [delete] = [one for one in _elements(card_view()) if one["action_id"] == "rv:delete"]
    assert "danger" == delete["style"]
    assert "confirm" not in delete, "the answer asks"


def test_no_row_has_more_than_five_buttons() -> None:
    view = card_view(job_view(1, actions=tuple(Action)))
    assert [5, 5, 3] == [len(row["elements"]) for row in control_rows(view, ENGLISH)]


def test_a_selection_applies_to_the_button_pressed_with_it() -> None:
    view = card_view(job_view(1), job_view(2))
    select, first = _elements(view)[:2]
    state = {"b1": {"rv:pick": {"type": "static_select", "selected_option": select["options"][1]}}}
    pressed = BlockAction.parse(first, state)
    assert pressed is not None
    assert (Action.AGAIN, view.jobs[1].id) == (pressed.verb, pressed.job)
    [variations] = variation_row(view)
    own = BlockAction.parse(variations["elements"][0], state)
    assert own is not None
    assert (Action.VARIATION, view.jobs[0].id) == (own.verb, own.job), "whatever is selected"
    # The state of another message is ignored.
    other = {"b1": {"rv:pick": {"selected_option": {"value": f"{identity(3)}:{identity(4)}"}}}}
    assert BlockAction.parse(first) == BlockAction.parse(first, other)


def test_the_jobs_of_a_message_are_parsed_from_its_blocks() -> None:
    view = card_view(job_view(1), job_view(2, JobPhase.GONE), job_view(3))
    assert [identity(1), identity(3)] == [
        pressed.job for pressed in jobs_in_message(render_card(view).blocks)
    ]
    assert [identity(1)] == [pressed.job for pressed in jobs_in_message(render_card(card_view()).blocks)]
    assert [] == jobs_in_message([{"type": "section"}, {"type": "actions", "elements": [{"type": "button"}]}])


async def test_each_person_has_their_own_selection(tmp_path: Path) -> None:
    async with open_publisher(tmp_path) as harness:
        bob = harness.fake.user(harness.team, "bob")
        view = harness.view(job_view(1), job_view(2))
        await harness.publisher.show(view, harness.place())
        [message] = harness.messages()
        with harness.fake.holding():
            select = next(part for part in message.parts if part.get("options"))
            second = select["options"][1]["value"]
            harness.ada.choose(message, "rv:pick", second)
            meant = []
            for person in (harness.ada, bob):
                payload = person.press(message, "rv:again").delivery.payload
                meant.append(BlockAction.parse(payload["actions"][0], payload["state"]["values"]))
    assert [view.jobs[1].id, view.jobs[0].id] == [pressed.job for pressed in meant if pressed is not None]
