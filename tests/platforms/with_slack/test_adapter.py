"""The adapter is enabled by its tokens, and imports nothing before."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from adapters.slack import plugin
from adapters.slack.delivery.publisher import CardPublisher
from adapters.slack.oauth.installations import InstallationStore
from adapters.slack.services import open_services
from adapters.slack.settings import SlackSettings
from adapters.slack.web_api.files import SlackFiles
from bot.security.tokens import TokenSigner
from bot.service.plugin import AdapterContext
from bot.settings import Settings
from tests.platforms.with_discord.fake_library import FakeLibrary
from tests.platforms.with_slack.cards import NOW
from tests.platforms.with_slack.oauth.oauth_harness import open_adapter_data

_BOT, _APP, _SIGNING = "SLACK_BOT_TOKEN", "SLACK_APP_TOKEN", "SLACK_SIGNING_SECRET"
_OAUTH = {_SIGNING: "s", "SLACK_CLIENT_ID": "1.2", "SLACK_CLIENT_SECRET": "c"}
_NAMES = {_BOT, _APP, *_OAUTH}
_LOOK = """
import sys
from adapters.slack import plugin
from bot.settings import Settings
plugin.enabled(Settings())
print(*sorted({name.partition(".")[0] for name in sys.modules} & {"slack_sdk", "slack_bolt", "aiohttp"}))
"""


def _set(monkeypatch: pytest.MonkeyPatch, values: dict[str, str]) -> None:
    for name in _NAMES:
        monkeypatch.delenv(name, raising=False)
    for name, value in values.items():
        monkeypatch.setenv(name, value)


@pytest.mark.parametrize(
    ("values", "on"),
    [
        ({}, False),
        ({_BOT: "xoxb-1"}, False),
        ({_BOT: "", _APP: ""}, False),
        ({_BOT: "xoxb-1", _APP: "xapp-1"}, True),
        (_OAUTH, True),
    ],
)
def test_its_tokens_enable_it(monkeypatch: pytest.MonkeyPatch, values: dict[str, str], *, on: bool) -> None:
    _set(monkeypatch, values)
    assert on is plugin.enabled(Settings())


def test_the_sdk_is_not_imported_before_it_is_enabled() -> None:
    environment = {key: value for key, value in os.environ.items() if key not in _NAMES}
    ran = subprocess.run(
        [sys.executable, "-c", _LOOK], capture_output=True, text=True, check=True, env=environment
    )
    assert "" == ran.stdout.strip()


async def test_it_is_assembled_without_a_request(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with open_adapter_data(tmp_path) as adapter_data:
        context = AdapterContext(
            settings=Settings(),
            service=None,  # type: ignore[arg-type]
            adapter_data=adapter_data,
            library=FakeLibrary(tmp_path),  # type: ignore[arg-type]
            signer=TokenSigner(b"k" * 32),
            clock=lambda: NOW,
        )
        _set(monkeypatch, {_BOT: "xoxb-hidden", _APP: "xapp-hidden"})
        built = plugin.build(context)
        assert isinstance(built.publisher, CardPublisher)
        assert isinstance(built.files, SlackFiles)
        assert () == built.routes, "nobody could tell Slack's requests from anybody's"
        assert built.not_ready_reason() is None
        assert "hidden" not in repr(SlackSettings())
        _set(monkeypatch, _OAUTH)
        assert isinstance(open_services(context, SlackSettings()).tokens, InstallationStore)
        served = [getattr(route, "path", "") for route in plugin.build(context).routes]
        assert ["/slack/events", "/slack/install", "/slack/oauth_redirect"] == served
