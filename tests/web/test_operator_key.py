"""A key in the settings that a workspace has entered as its own: one account has one payer."""

from pathlib import Path

from structlog.testing import capture_logs

from bot.resources import Resources, open_resources
from bot.settings import Settings
from bot.store.admin.workspaces import AuditEntry
from bot.store.database.base import Transaction
from bot.store.database.connect import connect
from bot.store.database.named_sql import Query
from bot.store.operator.workspace_keys import NewKey, set_key
from tests.engine.settings import given_settings
from tests.media_workers import PlainPool


async def enter(resources: Resources, account: str) -> None:
    async def retire(tx: Transaction) -> None:
        await tx.run(Query("retire", "UPDATE account SET state = 'retired'"))

    database = resources.services.database
    await database.exclusively(retire)
    key = NewKey(
        workspace="chat:home",
        account=account,
        provider="luma",
        encrypted="sealed",
        masked="…",
        set_by="Boss",
        now=1,
    )
    audit = AuditEntry(actor="boss", workspace="chat:home", action="set", subject=account, now=1)
    await database.transact(set_key, key, audit=audit)


def opened(settings: Settings) -> object:
    return open_resources(settings, wrap=lambda provider: provider, open_store=connect, open_pool=PlainPool)


async def test_a_key_that_a_workspace_entered_is_not_the_operators_any_more(tmp_path: Path) -> None:
    settings = given_settings(
        tmp_path, provider="luma", luma_keys=("the-key-of-both",), luma_base_url="http://127.0.0.1:9"
    )
    async with opened(settings) as resources:  # type: ignore[attr-defined]
        (account,) = resources.services.providers
        await enter(resources, account)
    with capture_logs() as logs:
        async with opened(settings) as resources:  # type: ignore[attr-defined]
            assert {} == resources.services.providers
            (row,) = await resources.services.database.fetch(Query("look", "SELECT * FROM account"))
    assert ("chat:home", "ready") == (row["workspace"], row["state"])
    assert ["key_belongs_to_workspace"] == [one["event"] for one in logs if one["log_level"] == "error"]
    assert "the-key-of-both" not in str(logs)
