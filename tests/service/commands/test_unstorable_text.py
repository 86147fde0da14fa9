"""Characters that a database cannot store are removed or refused, never a crash."""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

import pytest

from bot.domain.cards.card import CardView
from bot.domain.commands import Extend, Imagine, QuotasSet, Show, StudioPause, build
from bot.domain.errors import InvalidRequest, Refused
from bot.domain.generations.media import Reference
from bot.domain.identity import Caller, Place
from bot.domain.jobs.actions import Action, ActionInput
from bot.store.admin.workspaces import find_members
from tests.engine.conftest import Open
from tests.engine.harness import Engine
from tests.engine.settings import ADA

#: a lone half of a surrogate pair cannot be encoded, U+0000 cannot be stored by PostgreSQL
ODD = ("a\0b", "\0", "x\ud800y", "\udfff")

Use = Callable[[Engine, str, CardView], Awaitable[Any]]


def _named(name: str, **more: Any) -> Caller:
    values = {"workspace": ADA.workspace, "person": ADA.person, "member": ADA.member, "is_admin": True}
    return Caller(**{**values, "name": name, **more})


_USES: dict[str, Use] = {
    # only one job has these words so far
    "words of a job": lambda engine, odd, _: engine.service.execute(
        build(Show, {"job": f"fox{odd}"}), engine.invocation()
    ),
    "prompt": lambda engine, odd, _: engine.service.execute(
        build(Imagine, {"prompt": f"fox {odd}"}), engine.invocation()
    ),
    "name": lambda engine, odd, _: engine.ask(by=_named(f"Ada{odd}")),
    "member": lambda engine, odd, _: engine.ask(by=_named("Ada", member=f"{ADA.member}{odd}")),
    "person": lambda engine, odd, _: engine.ask(by=_named("Ada", person=f"{ADA.person}{odd}")),
    "workspace": lambda engine, odd, _: engine.ask(by=_named("Ada", workspace=f"{ADA.workspace}{odd}")),
    "channel": lambda engine, odd, _: engine.ask(place=engine.place(channel=f"c{odd}")),
    "thread": lambda engine, odd, _: engine.ask(place=engine.place(thread=f"t{odd}")),
    "reach": lambda engine, odd, _: engine.ask(place=engine.place(reply_token=f"r{odd}")),
    "key": lambda engine, odd, _: engine.ask(key=f"k{odd}"),
    "job": lambda engine, odd, _: engine.press(Action.AGAIN, f"j{odd}"),
    "press": lambda engine, odd, card: engine.press(Action.AGAIN, card.jobs[0].id, key=f"k{odd}"),
    "wording": lambda engine, odd, card: engine.press(
        Action.EDIT, card.jobs[0].id, action_input=ActionInput(prompt=f"fox {odd}")
    ),
    "question": lambda engine, odd, card: engine.service.answer_confirmation(
        f"{card.jobs[0].id}{odd}", ADA, question=f"q{odd}", confirmed=True
    ),
    "emoji": lambda engine, odd, card: engine.service.react(
        f"🔁{odd}", card.jobs[0].id, engine.invocation(key="r1")
    ),
    "reacted job": lambda engine, odd, _: engine.service.react(
        "🔁", f"j{odd}", engine.invocation(key=f"r{odd}")
    ),
    "taken away": lambda engine, odd, _: engine.service.unreact("⭐", f"j{odd}", engine.invocation(key=odd)),
    "named job": lambda engine, odd, _: engine.service.execute(
        build(Extend, {"job": f"fox{odd}"}), engine.invocation()
    ),
    "image": lambda engine, odd, _: engine.service.execute(
        build(Imagine, {"prompt": "fox", "image": (f"#abc{odd}",)}), engine.invocation()
    ),
    "file": lambda engine, odd, _: engine.ask(
        files=(Reference(url=f"https://chat.invalid/{odd.encode(errors='replace').decode()}", via="chat"),)
    ),
    "introduction": lambda engine, odd, _: engine.service.remember_member(_named(f"Ada{odd}")),
    "card": lambda engine, odd, _: engine.service.get_card(f"card{odd}", ADA),
    "message": lambda engine, odd, _: engine.service.card_by_message("chat", f"m{odd}"),
    "typed": lambda engine, odd, _: engine.service.autocomplete_option(
        Extend, "job", f"fox{odd}", engine.invocation()
    ),
    "line": lambda engine, odd, _: engine.service.autocomplete_line(
        f"/quotas set Ada{odd}", engine.invocation(_named("Ada"))
    ),
    "operator": lambda engine, odd, _: engine.operator.calls["quota_show"](subject=f"chat:w{odd}:u1"),
    "operator's block": lambda engine, odd, _: engine.operator.calls["workspaces_block"](
        subject=f"chat:w{odd}", blocked=True
    ),
    "operator's job": lambda engine, odd, _: engine.operator.calls["jobs_show"](job=f"j{odd}"),
    # what limits or pauses later commands comes last
    "quota member": lambda engine, odd, _: engine.service.execute(
        build(QuotasSet, {"member": f"Ada{odd}", "amount": "1"}),
        engine.invocation(_named("Ada")),
    ),
    "reason": lambda engine, odd, _: engine.service.execute(
        build(StudioPause, {"reason": f"why {odd}"}), engine.invocation(_named("Ada"))
    ),
}


async def test_odd_characters_are_accepted_or_refused_with_a_message(any_engine: Open) -> None:
    async with any_engine() as engine:
        card = await engine.ask()
        await engine.ends(card)
        for name, use in _USES.items():
            for odd in ODD:
                with suppress(Refused):
                    _must_be_storable(await use(engine, odd, card), name)


def _must_be_storable(answer: object, name: str) -> None:
    text = repr(answer)
    assert "\\x00" not in text, name
    assert "\\ud" not in text, name


async def test_a_name_keeps_everything_else(any_engine: Open) -> None:
    async with any_engine() as engine:
        await engine.service.remember_member(_named("A\0da 😀 \ud83d\ude00"))
        (known,) = await find_members(engine.services.database, ADA.workspace, ADA.member)
        assert "Ada 😀 😀" == known.name


@pytest.mark.parametrize("part", ["workspace", "person", "member"])
def test_an_id_is_never_taken_for_another(part: str) -> None:
    with pytest.raises(InvalidRequest):
        _named("Ada", **{part: f"{getattr(ADA, part)}\0"})


@pytest.mark.parametrize("part", ["adapter", "workspace", "channel", "thread", "message"])
def test_a_place_is_never_taken_for_another(part: str) -> None:
    values: dict[str, Any] = {"adapter": "chat", "workspace": "chat:w", "channel": "c1"}
    with pytest.raises(InvalidRequest):
        Place(**values | {part: "c1\0"})
