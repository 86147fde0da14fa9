"""Which addresses of a proxy are taken: those that every client can use."""

import pytest
from pydantic import ValidationError

from bot.settings import Settings, describe_error


@pytest.mark.parametrize("name", ["HTTPS_PROXY", "https_proxy"])
@pytest.mark.parametrize(
    "url",
    [
        "proxy.example:3128",
        "127.0.0.1:3128",
        "socks5://proxy.example:1080",
        "http://",
        "http://user:p@ss@proxy.example:3128",
        "http://user:p/ss@proxy.example:3128",
        "http://user:1/2@proxy.example",
        "http://user:p#ss@proxy.example:3128",
        "http://proxy.example:port",
        "http://proxy example:3128",
    ],
)
def test_a_proxy_that_no_client_can_use_is_refused_without_showing_it(
    name: str, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, url)
    with pytest.raises(ValidationError) as caught:
        Settings()
    told = describe_error(caught.value)
    assert told.startswith("HTTPS_PROXY: write it like http://proxy.example.org:3128")
    assert "ss@" not in told


@pytest.mark.parametrize(
    "url",
    [
        "http://proxy.example:3128",
        "https://proxy.example",
        "http://user:p%40ss@10.0.0.1:3128/",  # pragma: allowlist secret
        "http://[fd00::1]:3128",
        " http://proxy.example:3128\n",
    ],
)
def test_a_proxy_may_have_a_password(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", url)
    assert url.strip() == Settings().https_proxy
