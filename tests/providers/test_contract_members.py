"""Every provider that the settings can name passes the contract."""

from pathlib import Path

import pytest
from pydantic import SecretStr

from bot.providers.accounts import CAPABILITIES, create_provider
from tests.engine.settings import given_settings
from tests.providers.contract import APIS, KEY


@pytest.mark.parametrize("name", CAPABILITIES)
async def test_its_class_takes_part_in_the_contract(name: str, tmp_path: Path) -> None:
    """The simulator is the Dream Machine API under another name."""
    provider = create_provider(
        given_settings(tmp_path), name, SecretStr(KEY), b"naming", simulator_url="http://127.0.0.1:1/v1"
    )
    tested = [api.open("http://127.0.0.1:1", 1) for api in APIS]
    try:
        assert type(provider) in [type(one) for one in tested]
        assert (name, CAPABILITIES[name]) == (provider.name, provider.capabilities)
    finally:
        for one in (provider, *tested):
            await one.close()
