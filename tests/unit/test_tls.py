"""Whom our clients believe over TLS."""

import ssl
from collections.abc import Callable
from pathlib import Path

import certifi
import pytest

import adapters.chat.tls
import bot.tls


@pytest.mark.parametrize("tls_context", [bot.tls.tls_context, adapters.chat.tls.tls_context])
def test_authorities_are_read_once_for_each_place_where_they_lie(
    tls_context: Callable[[], ssl.SSLContext], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("SSL_CERT_FILE", "SSL_CERT_DIR"):
        monkeypatch.delenv(name, raising=False)
    world = tls_context()
    assert world is tls_context()

    _, begin, rest = Path(certifi.where()).read_text("utf-8").partition("-----BEGIN CERTIFICATE-----")
    own = tmp_path / "own.pem"
    own.write_text(begin + rest.partition("# Issuer")[0])
    monkeypatch.setenv("SSL_CERT_FILE", str(own))
    assert 1 == len(tls_context().get_ca_certs()) != len(world.get_ca_certs())

    monkeypatch.delenv("SSL_CERT_FILE")
    assert world is tls_context()
