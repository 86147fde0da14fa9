"""Defaults of members, channels and workspaces: precedence, what is passed over, price, rules and audit."""

from typing import Any

import orjson
import pytest

from bot.domain.commands import Imagine, build
from bot.domain.errors import InvalidRequest, NotAllowed, StoreError
from bot.domain.generations.models import ImageModel
from bot.domain.generations.requests import ImageRequest, VideoRequest
from bot.domain.jobs.actions import Action
from bot.domain.money.pricing import show_money
from bot.domain.workspace.defaults import YOURS, DefaultLevel, OptionDefaults
from bot.service.replies import CardReply, PrivateReply
from bot.store.database.base import Database
from bot.store.database.named_sql import Query
from tests.engine.conftest import Open
from tests.engine.harness import Engine
from tests.engine.settings import ADA, BOB, BOSS
from tests.service.commands.providers import a_usual_and_a_plain_account


async def asked_for(bot: Engine, text: str, **more: object) -> ImageRequest:
    request = (await bot.job(await bot.ask(text, **more))).request
    assert isinstance(request, ImageRequest)
    return request


def values_of(reply: PrivateReply) -> dict[str, str]:
    return dict(reply.fields)


async def test_typed_comes_before_own_before_channel_before_workspace(any_engine: Open) -> None:
    async with any_engine(start=None) as bot:
        await bot.learn("/studio defaults --aspect_ratio 1:1 --count 3 --image_model photon-flash-1", by=BOSS)
        await bot.learn("/studio defaults --channel c1|art --aspect_ratio 3:4 --count 2", by=BOSS)
        told = await bot.learn("/settings --aspect_ratio 9:16")
        assert "Settings saved" == told.title
        assert {
            "Model for pictures": "photon-flash-1 · this workspace",
            "Model for videos": "ray-flash-2 · built in",
            "Aspect ratio": "9:16 · yours",
            "Pictures of one command": "2 · #art",
        }.items() <= values_of(told).items()
        card = await bot.ask("/imagine a fox")
        request = (await bot.job(card)).request
        assert isinstance(request, ImageRequest)
        assert ("photon-flash-1", "9:16") == (request.model, request.aspect_ratio)
        assert 2 == len(card.jobs)
        typed = await asked_for(bot, "/imagine a fox --ar 16:9 --model photon-1 --count 1")
        assert ("photon-1", "16:9") == (typed.model, typed.aspect_ratio)
        # Somebody else, and another channel.
        assert "3:4" == (await asked_for(bot, "/imagine a fox", by=BOB)).aspect_ratio
        elsewhere = bot.place(BOB, channel="c2")
        assert "1:1" == (await asked_for(bot, "/imagine a fox", by=BOB, place=elsewhere)).aspect_ratio
        assert 3 == len((await bot.ask("/imagine a fox", by=BOB, place=elsewhere)).jobs)


async def test_a_price_is_that_of_the_filled_command_and_buttons_keep_to_theirs(engine: Open) -> None:
    async with engine() as bot:
        job = await bot.made()
        before = (await bot.quote("/imagine a fox")).price.total
        await bot.learn("/settings --count 4 --duration 9s --resolution 1080p")
        assert 4 * before == (await bot.quote("/imagine a fox")).price.total
        film = await bot.quote("/animate a fox")
        assert (
            film.price.total
            == (await bot.quote("/animate a fox --duration 9s --res 1080p", by=BOB)).price.total
        )
        # The button said its price before anybody knew who would press it.
        pressed = await bot.press(Action.ANIMATE, job.id)
        request = (await bot.job(pressed.view)).request
        assert isinstance(request, VideoRequest)
        assert ("5s", "720p") == (request.duration, request.resolution)


async def test_the_quota_and_an_explanation_follow_the_members_defaults(engine: Open) -> None:
    async with engine(start=None) as bot:
        assert "photon-1 ≈$" in (await bot.learn("/quota", by=BOB)).text
        await bot.learn("/settings --image_model photon-flash-1 --count 3", by=BOB)
        assert "photon-flash-1 ≈$" in (await bot.learn("/quota", by=BOB)).text
        await bot.learn("/rules prices --confirm 0.01", by=BOSS)
        price = (await bot.quote("/imagine a fox", by=BOB)).price.total
        told = await bot.learn('/rules explain "/imagine a fox" --member bob', by=BOSS)
        assert f"costs {show_money(price)}" in values_of(told)["Held"]


async def test_what_cannot_be_used_is_passed_over_and_never_refused(engine: Open) -> None:
    async with engine(start=None, providers=a_usual_and_a_plain_account()) as bot:
        await bot.learn("/studio defaults --image_model photon-flash-1 --aspect_ratio 3:2", by=BOSS)
        await bot.learn("/settings --image_model uni-1")
        assert "uni-1" == (await asked_for(bot, "/imagine a fox")).model
        # uni-1 modifies no pictures, and no photon model makes 3:2.
        modified = await asked_for(bot, "/imagine a fox --modify https://a.example/a.png")
        assert ("photon-flash-1", "16:9") == (modified.model, modified.aspect_ratio)
        await bot.learn("/rules deny --model uni-1", by=BOSS)
        assert "photon-flash-1" == (await asked_for(bot, "/imagine a fox")).model
        with pytest.raises(NotAllowed, match="deny uni-1"):
            await bot.ask("/imagine a fox --model uni-1")
        # With everything denied nothing is left to fall back to.
        await bot.learn("/rules deny --command imagine", by=BOSS)
        with pytest.raises(NotAllowed, match="deny /imagine"):
            await bot.ask("/imagine a fox")


def test_whatever_is_wrong_with_a_command_it_stays_private() -> None:
    mine = OptionDefaults(private=True, count=2, image_model=ImageModel.PHOTON_FLASH_1)
    command = build(Imagine, {"prompt": "a fox"})
    filled = command.with_defaults((DefaultLevel(origin=YOURS, values=mine),), lambda _: False)
    assert (True, 2, "photon-1") == (filled.private, filled.count, filled.model)


async def test_beside_a_picture_the_aspect_ratio_follows_the_picture(engine: Open) -> None:
    async with engine() as bot:
        await bot.made("/imagine a fox --ar 9:16")
        await bot.learn("/settings --aspect_ratio 1:1 --duration 9s")
        card = await bot.ask("/animate a fox", replied=(await bot.rows("SELECT id FROM job"))[0]["id"])
        request = (await bot.job(card)).request
        assert isinstance(request, VideoRequest)
        assert "1:1" != request.aspect_ratio
        assert "9s" == request.duration


async def test_results_are_private_by_default_unless_the_command_says_otherwise(engine: Open) -> None:
    async with engine(start=None) as bot:
        await bot.learn("/settings --private on")
        assert (await bot.ask("/imagine a fox")).private
        assert not (await bot.ask("/imagine a fox --private=no")).private
        assert not (await bot.ask("/imagine a fox", by=BOB)).private
        for values, expected in (({}, True), ({"private": False}, False)):
            command = build(Imagine, {"prompt": "a fox", **values})
            assert expected is await bot.service.is_private(command, ADA, bot.place())


async def test_what_a_member_makes_by_buttons_and_reactions_is_as_private_as_by_commands(
    engine: Open,
) -> None:
    async with engine() as bot:
        source = await bot.made("/imagine a fox --private=no")
        await bot.learn("/settings --private on")
        assert (await bot.press(Action.AGAIN, source.id)).view.private
        reacted = await bot.service.react("🔁", source.id, bot.invocation())
        assert isinstance(reacted, CardReply)
        assert reacted.view.private
        assert await bot.service.is_private(None, ADA, bot.place()) is True
        # Others have their own settings.
        assert not (await bot.press(Action.AGAIN, source.id, by=BOB)).view.private
        # What several have voted for is for all of them.
        await bot.learn("/rules reactions 🔥 again --votes 2", by=BOSS)
        await bot.service.react("🔥", source.id, bot.invocation(BOB))
        voted = await bot.service.react("🔥", source.id, bot.invocation())
        assert isinstance(voted, CardReply)
        assert not voted.view.private


class _HasNoDefaults:
    """A database that cannot read what members have set."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def __getattr__(self, name: str) -> Any:
        return getattr(self._database, name)

    async def one(self, query: Query, **values: Any) -> Any:
        if query.name == "defaults.of_member":
            raise StoreError("the store is away")
        return await self._database.one(query, **values)


async def test_what_cannot_be_read_in_time_is_told_to_nobody_else(engine: Open) -> None:
    async with engine(start=None, wrap_store=_HasNoDefaults) as bot:
        command = build(Imagine, {"prompt": "a fox"})
        assert await bot.service.is_private(command, ADA, bot.place()) is None
        # What they say themselves needs no look.
        said = build(Imagine, {"prompt": "a fox", "private": False})
        assert await bot.service.is_private(said, ADA, bot.place()) is False


async def test_defaults_are_put_back_one_by_one_or_all_together(engine: Open) -> None:
    async with engine(start=None) as bot:
        await bot.learn("/settings --count 2 --aspect_ratio 9:16 --private on")
        told = values_of(await bot.learn("/settings --reset count"))
        assert ("1 · built in", "9:16 · yours") == (told["Pictures of one command"], told["Aspect ratio"])
        told = values_of(await bot.learn("/settings --reset all --count 3"))
        assert ("3 · yours", "16:9 · built in") == (told["Pictures of one command"], told["Aspect ratio"])
        with pytest.raises(InvalidRequest, match="count is set and put back"):
            await bot.learn("/settings --reset count --count 2")
        with pytest.raises(InvalidRequest, match="uni-1 is not available here right now; choose photon-1"):
            await bot.learn("/settings --image_model uni-1")


async def test_an_unreadable_default_holds_nobody_back(engine: Open) -> None:
    async with engine(start=None) as bot:
        await bot.learn("/settings --count 2")
        await bot.change('UPDATE member SET defaults = \'{"count": "many"}\'')
        assert 1 == len((await bot.ask()).jobs)


async def test_only_admins_set_a_workspaces_defaults_and_the_audit_has_what_changed(any_engine: Open) -> None:
    async with any_engine(start=None) as bot:
        with pytest.raises(NotAllowed, match="Only an admin"):
            await bot.learn("/studio defaults --count 2")
        await bot.learn("/studio defaults --count 2", by=BOSS)
        told = await bot.learn("/studio defaults --channel here --private on", by=BOSS)
        assert (("Private", "yes"),) == told.fields
        shown = values_of(await bot.learn("/studio defaults", by=BOSS))
        assert "Pictures of one command 2 · set by Boss" == shown["this workspace"]
        assert "Nothing is set any more." in (await bot.learn("/studio defaults --reset all", by=BOSS)).text
        rows = await bot.rows("SELECT detail FROM audit WHERE action = 'studio defaults' ORDER BY id")
        changes = [orjson.loads(row["detail"]) for row in rows]
        assert 2 == changes[0]["after"]["defaults"][0]["values"]["count"]
        assert 2 == changes[2]["before"]["defaults"][0]["values"]["count"]
        assert [] == changes[2]["after"]["defaults"]
