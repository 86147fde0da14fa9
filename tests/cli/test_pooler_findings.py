"""What the doctor says about a connection pooler before PostgreSQL."""

from pathlib import Path

from bot.cli.doctor.examine import examine
from bot.settings import Settings
from tests.cli.store import settings
from tests.store.database.fake_pooler import FakePooler


async def _told(where: Settings) -> str:
    told = [f"{finding.what} · {finding.remedy}" for finding in await examine(where)]
    return "\n".join(one for one in told if "DATABASE_DIRECT_URL" in one or "database: connected" in one)


async def test_a_pooler_is_reported_with_its_effect(tmp_path: Path, postgres_url: str) -> None:
    assert "" == await _told(settings(tmp_path, database_url=postgres_url))
    async with FakePooler(postgres_url).listening(tmp_path) as url:
        told = await _told(settings(tmp_path, database_url=url))
        assert "every second · set REVERIE_DATABASE_DIRECT_URL to PostgreSQL itself" in told
        direct = settings(tmp_path, database_url=url, database_direct_url=postgres_url)
        assert "database: connected through a connection pooler · " == await _told(direct)
        wrong = settings(tmp_path, database_url=url, database_direct_url=url)
        assert "is a pooler too · set it to PostgreSQL itself" in await _told(wrong)
