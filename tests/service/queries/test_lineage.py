"""Family trees of results, as far as their callers may see them."""

from collections.abc import Iterable

import pytest

from bot.domain.errors import JobNotFound
from bot.domain.identity import Caller
from bot.domain.jobs.actions import Action
from bot.domain.jobs.job import Job
from bot.domain.jobs.lineage import PlacedNode, Shown
from bot.service.replies import CardReply
from tests.engine.conftest import Open
from tests.engine.harness import Engine
from tests.engine.settings import ADA, BOB, EVE, person


async def count(bot: Engine, wanted: int) -> bool:
    """Whether so many results were made from others."""
    rows = await bot.rows("SELECT id FROM job WHERE parent IS NOT NULL AND state = 'completed'")
    return len(rows) == wanted


async def varied(bot: Engine, job: Job, *, by: Caller = ADA, private: bool = False) -> Job:
    invocation = bot.invocation(by, place=bot.place(by, private=private))
    reply = await bot.service.act(Action.VARIATION, job.id, invocation)
    assert isinstance(reply, CardReply)
    return await bot.ends(reply.view)


def tree(bot: Engine) -> dict[str, tuple[str | None, Shown]]:
    nodes, _ = bot.library.trees[-1]
    return {one.node.key: (one.node.parent, one.node.shown) for one in nodes}


def keys(nodes: Iterable[PlacedNode]) -> set[str]:
    return {one.node.key for one in nodes}


async def test_a_tree_has_ancestors_and_descendants_and_offers_each_of_them(any_engine: Open) -> None:
    async with any_engine() as bot:
        root = await bot.made("/imagine a fox")
        child = await varied(bot, root, by=BOB)
        sibling = await varied(bot, root)
        grandchild = await varied(bot, child)
        told = await bot.learn(f"/lineage {child.id}", by=EVE)
        assert {
            root.id: (None, Shown.FULL),
            child.id: (root.id, Shown.FULL),
            sibling.id: (root.id, Shown.FULL),
            grandchild.id: (child.id, Shown.FULL),
        } == tree(bot)
        assert {root.id, child.id, sibling.id, grandchild.id} == {view.jobs[0].id for view in told.views}
        assert all(Action.VARIATION in view.jobs[0].actions for view in told.views)
        assert told.file is not None
        assert "image/png" == told.file.mime
        assert "/imagine “a fox” led to" in told.file.alt
        _, pictures = bot.library.trees[-1]
        assert root.result == pictures[root.id]
        nodes, _ = bot.library.trees[-1]
        assert [child.id] == [one.node.key for one in nodes if one.node.asked]


async def test_what_the_caller_may_not_see_is_hidden_or_left_out(engine: Open) -> None:
    async with engine() as bot:
        secret = await bot.ends(await bot.ask("/imagine a secret", place=bot.place(private=True)))
        public = await varied(bot, secret, private=True)
        await bot.change("UPDATE job SET private = 0 WHERE id = :id", id=public.id)
        mine = await varied(bot, public, by=BOB)
        theirs = await varied(bot, public, private=True)
        gone = await varied(bot, public)
        last = await varied(bot, gone)
        await bot.delete(gone.id)
        told = await bot.learn(f"/lineage {mine.id}", by=BOB)
        assert {
            secret.id: (None, Shown.HIDDEN),
            public.id: (secret.id, Shown.FULL),
            mine.id: (public.id, Shown.FULL),
            gone.id: (public.id, Shown.DELETED),
            last.id: (gone.id, Shown.FULL),
        } == tree(bot)
        nodes, pictures = bot.library.trees[-1]
        hidden = next(one.node for one in nodes if one.node.key == secret.id)
        assert ((), "") == (hidden.lines, hidden.title)
        assert theirs.id not in keys(nodes)
        assert secret.id not in pictures
        assert told.file is not None
        assert "a hidden result led to" in told.file.alt
        assert secret.id not in {view.jobs[0].id for view in told.views}
        # Its maker sees all of it.
        await bot.learn(f"/lineage {mine.id}", by=ADA)
        assert {secret.id, theirs.id} <= set(tree(bot))
        assert Shown.FULL is tree(bot)[secret.id][1]
        with pytest.raises(JobNotFound):
            await bot.learn(f"/lineage {mine.id}", by=person("eve", workspace="chat:elsewhere"))


async def test_a_result_alone_and_a_tree_that_is_too_large_say_so(engine: Open) -> None:
    async with engine(times={"lane_window": 1}) as bot:
        root = await bot.made()
        alone = await bot.learn(f"/lineage {root.id}")
        assert (None, True) == (alone.file, "made from no other result" in alone.text)
        for _ in range(7):
            await bot.ask(f"/imagine foxes --image {root.id} --count 4")
        await bot.until(lambda: count(bot, 28))
        told = await bot.learn(f"/lineage {root.id}")
        assert 24 == len(tree(bot)) == len(told.views)
        assert "The tree is larger" in told.text
