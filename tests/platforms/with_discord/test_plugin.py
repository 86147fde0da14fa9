"""The plugin is enabled by its token, and imports nothing before."""

import os
import subprocess
import sys
from importlib.metadata import entry_points
from pathlib import Path

import pytest
from pydantic import SecretStr

from adapters.chat.result_files import media_linker
from adapters.discord import plugin
from adapters.discord.delivery.publisher import CardPublisher
from adapters.discord.rest.attachment_urls import AttachmentResolver
from adapters.discord.settings import DiscordSettings
from bot.security.tokens import TokenSigner
from bot.service.plugin import AdapterContext
from bot.settings import Role, Settings
from tests.platforms.with_discord.cards import NOW, PICTURE
from tests.platforms.with_discord.fake_library import FakeLibrary

_LOOK = """
import sys
from adapters.chat.result_files import media_linker
from adapters.discord import plugin
from bot.settings import Settings
plugin.enabled(Settings())
print(*sorted({name.partition(".")[0] for name in sys.modules} & {"discord", "aiohttp"}))
"""


def _context(folder: Path, public_url: str | None = None, *, role: Role = Role.ALL) -> AdapterContext:
    return AdapterContext(
        settings=Settings(public_url=public_url, role=role),
        service=None,  # type: ignore[arg-type]
        adapter_data=None,  # type: ignore[arg-type]
        library=FakeLibrary(folder),  # type: ignore[arg-type]
        signer=TokenSigner(b"k" * 32),
        clock=lambda: NOW,
    )


def test_it_is_found_by_its_entry_point() -> None:
    found = {entry.name: entry.value for entry in entry_points(group="reverie.adapters")}
    assert "adapters.discord:plugin" == found["discord"]
    assert "discord" == plugin.name


@pytest.mark.parametrize(("token", "on"), [(None, False), ("", False), ("a.b.c", True)])
def test_the_token_turns_it_on(monkeypatch: pytest.MonkeyPatch, token: str | None, *, on: bool) -> None:
    monkeypatch.delenv("DISCORD_TOKEN", raising=False)
    if token is not None:
        monkeypatch.setenv("DISCORD_TOKEN", token)
    assert on is plugin.enabled(Settings())


def test_discord_py_is_imported_only_when_enabled() -> None:
    environment = {key: value for key, value in os.environ.items() if key != "DISCORD_TOKEN"}
    ran = subprocess.run(
        [sys.executable, "-c", _LOOK], capture_output=True, text=True, check=True, env=environment
    )
    assert "" == ran.stdout.strip()


def test_the_token_is_never_in_a_repr() -> None:
    assert "a.b.c" not in repr(DiscordSettings(token=SecretStr("a.b.c")))


def test_it_is_built_without_a_request(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISCORD_TOKEN", "a.b.c")
    built = plugin.build(_context(tmp_path))
    assert isinstance(built.publisher, CardPublisher)
    assert isinstance(built.files, AttachmentResolver)
    assert "not connected" in (built.not_ready_reason() or "")


def test_a_worker_has_no_receiver_and_is_ready(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISCORD_TOKEN", "a.b.c")
    built = plugin.build(_context(tmp_path, role=Role.WORKER))
    assert (None, None) == (built.receiver, built.not_ready_reason())


@pytest.mark.parametrize(("base", "public"), [("https://bot.example.org", True), (None, False)])
async def test_a_media_link_is_signed_for_weeks_and_needs_a_public_url(
    tmp_path: Path, base: str | None, *, public: bool
) -> None:
    context = _context(tmp_path, base)
    link = media_linker(context)(PICTURE)
    assert public is (link is not None)
    if link is not None:
        token = link.removeprefix("https://bot.example.org/media/").removesuffix("/view")
        assert PICTURE.file == context.signer.verify("media", token, now=NOW + 29 * 86_400_000)
