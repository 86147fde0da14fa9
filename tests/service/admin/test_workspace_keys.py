"""A workspace's own API key: who may manage it, and what is stored of it."""

import pytest

from bot.domain.errors import (
    AccountProblem,
    InvalidRequest,
    NotAllowed,
    NotSent,
    RateLimited,
)
from bot.domain.identity import Caller
from bot.domain.money.pricing import MICROUSD
from bot.domain.workspace.workspace_keys import masked
from bot.security.encryption import FieldCipher
from bot.service.operator.resealing import reseal_all
from tests.engine.harness import SECRET, Engine
from tests.engine.settings import ADA, BOSS, person
from tests.service.keyed import AWAY_BOSS, KEY, OTHER, Keyed, enter, stored


async def whole_store(bot: Engine) -> str:
    """Every text that the store holds."""
    tables = ("workspace_key", "account", "audit", "job", "card", "job_event", "adapter_data")
    return str([await bot.rows(f"SELECT * FROM {table}") for table in tables])  # noqa: S608 - our names


async def refuses(bot: Engine, key: str, words: str, *, by: Caller = BOSS) -> None:
    with pytest.raises((InvalidRequest, NotAllowed), match=words) as refused:
        await enter(bot, key, by=by)
    assert key not in str(refused.value)
    assert [] == await stored(bot)


async def test_nothing_of_a_key_is_readable(any_keyed: Keyed, capsys: pytest.CaptureFixture[str]) -> None:
    async with any_keyed.open() as bot:
        replies = [await enter(bot), await bot.learn("/studio key", by=BOSS)]
        await bot.made()
        async with bot.http() as http:
            pages = [(await http.get(path)).text for path in ("/readyz", "/metrics")]
        overview = await bot.operator.overview()
        for text in (await whole_store(bot), str(replies), str(overview), *pages, capsys.readouterr().out):
            assert KEY not in text
        assert "luma-…3f9a" in str(replies[1].fields)
        assert "Boss" in str(replies[1].fields)
        (account,) = [one for one in overview["accounts"] if one["workspace"]]
        assert "chat:home" == account["workspace"]
        assert 'workspace="chat:home"' in pages[1]


async def test_a_key_is_audited_masked(any_keyed: Keyed) -> None:
    async with any_keyed.open() as bot:
        await enter(bot, budget=None)
        await enter(bot, OTHER, budget=None)
        await bot.learn("/studio key remove", by=BOSS)
        rows = await bot.rows("SELECT actor, action, detail FROM audit ORDER BY id")
        assert ["studio key set", "studio key set", "studio key remove"] == [row["action"] for row in rows]
        assert ["luma-…3f9a", "luma-…a001", "luma-…a001"] == [
            detail for row in rows for detail in [masked(KEY), masked(OTHER)] if detail in row["detail"]
        ]
        assert {"chat:home:boss"} == {row["actor"] for row in rows}


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (AccountProblem("Invalid API key"), "does not accept this key: Invalid API key"),
        (AccountProblem("The account has no credit left"), "no credit left"),
        (AccountProblem(f"the key {KEY} was revoked"), "revoked"),
        (RateLimited("Too many requests"), "could not be checked"),
        (NotSent("No connection"), "could not be checked"),
    ],
    ids=["wrong", "empty", "revoked", "rate-limited", "unreachable"],
)
async def test_a_key_that_cannot_be_used_is_not_stored(keyed: Keyed, error: Exception, words: str) -> None:
    async with keyed.open(start=None) as bot:
        keyed.accounts.of(KEY).check_error = error
        await refuses(bot, KEY, words)
        assert not await bot.rows("SELECT * FROM account WHERE workspace IS NOT NULL")


async def test_only_admins_manage_the_key(keyed: Keyed) -> None:
    async with keyed.open(start=None) as bot:
        await refuses(bot, KEY, "Only an admin", by=ADA)
        for action in ("show", "set", "remove"):
            with pytest.raises(NotAllowed, match="Only an admin"):
                await bot.say(f"/studio key {action}")


async def test_an_admin_who_lost_the_role_cannot_submit_the_form(any_keyed: Keyed) -> None:
    async with any_keyed.open(start=None) as bot:
        assert (await bot.learn("/studio key set", by=BOSS)).asks_for_key
        await refuses(bot, KEY, "Only an admin", by=person("boss"))


async def test_direct_messages_have_no_key(keyed: Keyed) -> None:
    async with keyed.open(start=None) as bot:
        await refuses(bot, KEY, "Direct messages", by=person("boss", workspace="chat:@dm", admin=True))


async def test_the_operators_key_and_another_workspaces_are_refused(keyed: Keyed) -> None:
    """One account has one payer, and its limits are counted once."""
    async with keyed.open(start=None) as bot:
        keyed.accounts.of(OTHER).account = "one"
        await refuses(bot, OTHER, "already in use with this bot")
        await enter(bot)
        with pytest.raises(InvalidRequest, match="already in use with this bot"):
            await enter(bot, by=AWAY_BOSS)
        assert ["chat:home"] == [row["workspace"] for row in await stored(bot)]


async def test_a_key_is_bound_to_its_workspace_and_resealed(any_keyed: Keyed) -> None:
    async with any_keyed.open(start=None) as bot:
        await enter(bot)
        counts = await reseal_all(bot.services.database, FieldCipher(b"another secret of the tests", SECRET))
        assert 1 == counts["resealed"]
        await enter(bot, OTHER, by=AWAY_BOSS)
        assert "luma-…a001" in str((await bot.learn("/studio key", by=AWAY_BOSS)).fields)
        await bot.change(
            "UPDATE workspace_key SET value = (SELECT away.value FROM workspace_key AS away "
            "WHERE away.workspace = 'chat:away') WHERE workspace = 'chat:home'"
        )
        reply = await bot.learn("/studio key", by=BOSS)
        assert "set again" in str(reply.fields)


async def test_the_credit_is_shown(any_keyed: Keyed) -> None:
    async with any_keyed.open(start=None) as bot:
        any_keyed.accounts.of(KEY).credit = 7 * MICROUSD
        assert "$7.00 left" in str((await enter(bot)).fields)
        assert "$7.00 left" in str((await bot.learn("/studio key", by=BOSS)).fields)
