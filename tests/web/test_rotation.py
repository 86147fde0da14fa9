"""A secret is replaced: accounts keep their names, and what the old one sealed and signed stays good."""

from pathlib import Path

import pytest
from pydantic import SecretStr
from structlog.testing import capture_logs

from bot.cli.store_access import reseal
from bot.resources import naming_key_of, providers_of, secrets_of
from bot.security.tokens import TokenSigner, account_id
from bot.services import clock_ms
from bot.settings import Settings
from bot.store.database.connect import connect
from bot.store.database.named_sql import Query
from bot.store.operator.accounts import AccountState, list_accounts
from tests.engine.settings import given_settings
from tests.web.running_app import RunningApp

OLD, NEW, NEWEST = "the secret of an installation of version 7", "n" * 64, "z" * 64
NAMED_BY_OLD = f"simulator-{account_id(SecretStr('simulator'), OLD.encode())}"


async def account_states(settings: Settings) -> dict[str, AccountState]:
    async with connect(settings.database, read_only=True) as database:
        return {row.id: row.state for row in await list_accounts(database)}


async def shown_by_the_doctor(settings: Settings) -> list[str]:
    async with connect(settings.database, read_only=True) as database:
        key = await naming_key_of(settings, secrets_of(settings), database)
    found = providers_of(settings, key)
    for provider in found:
        await provider.close()
    return [provider.account for provider in found]


async def run_once(folder: Path, secret: str) -> Settings:
    app = RunningApp(folder, secret_key=secret)
    async with app.running():
        pass
    return given_settings(folder, secret_key=secret)


async def test_accounts_keep_their_names_through_every_rotation(tmp_path: Path) -> None:
    for secret in (OLD, f"{NEW},{OLD}", NEW, f"{NEWEST},{NEW}", NEWEST):
        settings = await run_once(tmp_path, secret)
        if "," in secret:
            await reseal(settings)
        assert {NAMED_BY_OLD: AccountState.READY} == await account_states(settings)
        assert [NAMED_BY_OLD] == await shown_by_the_doctor(settings)


@pytest.mark.parametrize("secret", [OLD, f"{NEW},{OLD}", f"{NEWEST},{NEW},{OLD}"])
async def test_accounts_that_an_earlier_version_named_keep_their_names(tmp_path: Path, secret: str) -> None:
    """It kept no key for them; its secret may be replaced at the moment of the upgrade."""
    settings = await run_once(tmp_path, OLD)
    async with connect(settings.database) as database:
        await database.exclusively(lambda tx: tx.run(Query("forget", "DELETE FROM adapter_data")))
    settings = await run_once(tmp_path, secret)
    assert {NAMED_BY_OLD: AccountState.READY} == await account_states(settings)


async def test_a_secret_that_is_missing_for_a_while_changes_nothing_for_good(tmp_path: Path) -> None:
    await run_once(tmp_path, OLD)
    with capture_logs() as logs:
        await run_once(tmp_path, NEW)
    assert [entry for entry in logs if entry["event"] == "account_names_unreadable"]
    settings = await run_once(tmp_path, f"{NEW},{OLD}")
    assert AccountState.READY is (await account_states(settings))[NAMED_BY_OLD]


async def test_links_made_before_a_rotation_open_after_it(tmp_path: Path) -> None:
    before = RunningApp(tmp_path, secret_key=OLD)
    async with before.running():
        view = await before.ended(await before.say("/imagine a fox"))
    (job,) = view.jobs
    assert job.media is not None
    link = TokenSigner(OLD.encode()).sign("media", job.media.file, expires_at=clock_ms() + 600_000)
    for secret, status in ((f"{NEW},{OLD}", 200), (NEW, 404)):
        async with RunningApp(tmp_path, secret_key=secret).running() as http:
            assert status == (await http.get(f"/media/{link}")).status_code
