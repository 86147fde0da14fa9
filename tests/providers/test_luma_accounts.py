"""Keys, addresses and names of accounts at the Dream Machine API."""

import base64

import pytest
from pydantic import SecretStr

from bot.providers.luma import LumaProvider
from bot.security.tokens import account_id

KEY = SecretStr("luma-0123456789abcdef0123456789abcdef")


@pytest.mark.parametrize("key", ["", "two words", "line\nbreak", "ключ"])
def test_a_key_that_no_header_can_carry_is_refused_at_once(key: str) -> None:
    with pytest.raises(ValueError, match="API key"):
        LumaProvider(api_key=SecretStr(key), account="a1", base_url="http://127.0.0.1:1", limits={})


@pytest.mark.parametrize(
    "url", ["", "api.example", "ftp://api.example", "http://", "http://[::1", "http://u:p@api.example"]
)
def test_an_address_that_is_none_is_refused_at_once(url: str) -> None:
    with pytest.raises(ValueError, match="base URL"):
        LumaProvider(api_key=KEY, account="a1", base_url=url, limits={})


@pytest.mark.parametrize(
    ("base", "trusted"),
    [
        ("http://127.0.0.1:8123/dream-machine/v1", "http://127.0.0.1:8123"),
        ("http://127.0.0.1:8123/dream-machine/v1/", "http://127.0.0.1:8123"),
        ("http://127.0.0.1:8123/luma/dream-machine/v1", "http://127.0.0.1:8123/luma/"),
        ("http://127.0.0.1:8123/another/way", "http://127.0.0.1:8123"),
    ],
)
async def test_its_own_answers_may_lead_to_its_host_below_what_stands_before_the_api(
    base: str, trusted: str
) -> None:
    provider = LumaProvider(api_key=KEY, account="a1", base_url=base, limits={})
    assert trusted == provider.origin
    await provider.close()


def test_an_account_is_named_by_a_keyed_hash_that_hides_the_key() -> None:
    named = account_id(KEY, b"secret")
    assert named == account_id(KEY, b"secret")
    assert len({named, account_id(KEY, b"other"), account_id(SecretStr("luma-1"), b"secret")}) == 3
    assert len(base64.b32decode(named.upper())) == 10
