"""A bot goes on from a restored backup: its secret opens what was sealed, and its media are shown."""

import asyncio
from pathlib import Path

from bot.cli.backup import backup, restore
from bot.resources import secrets_of
from bot.security.tokens import TokenSigner
from bot.services import clock_ms
from tests.engine.settings import given_settings
from tests.web.running_app import RunningApp


async def test_a_bot_goes_on_from_a_backup_that_was_made_while_another_ran(tmp_path: Path) -> None:
    old, new, archive = tmp_path / "old", tmp_path / "new", tmp_path / "b.tar"
    first = RunningApp(old)
    async with first.running():
        view = await first.ended(await first.say("/imagine a fox", key="one"))
        assert first.adapter_data is not None
        await first.adapter_data.put("token", "xoxb-of-a-team")
        made = await asyncio.to_thread(backup, given_settings(old), archive, media=True)
        await first.ended(await first.say("/imagine after the backup", key="two"))
    assert made.written.media >= 1
    await asyncio.to_thread(restore, given_settings(new), archive)
    secrets = secrets_of(given_settings(new))
    assert secrets_of(given_settings(old)) == secrets
    (job,) = view.jobs
    assert job.media is not None
    link = TokenSigner(*secrets).sign("media", job.media.file, expires_at=clock_ms() + 600_000)
    second = RunningApp(new)
    async with second.running() as http:
        assert second.adapter_data is not None
        assert "xoxb-of-a-team" == await second.adapter_data.get("token")
        shown = await http.get(f"/media/{link}")
        assert (200, job.media.size) == (shown.status_code, len(shown.content))
        # It goes on: a new job builds on the restored one, and is paid by the same account.
        await second.ended(await second.say(f"/reframe {job.id} --aspect_ratio 1:1", key="three"))
