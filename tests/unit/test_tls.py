"""Whom our clients believe over TLS."""

import ssl
from pathlib import Path

import certifi
import pytest

from bot.tls import UnreadableCertificates, _read, tls_context


@pytest.fixture(autouse=True)
def _unset(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SSL_CERT_FILE", "SSL_CERT_DIR"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """A file with one authority."""
    _, begin, rest = Path(certifi.where()).read_text("utf-8").partition("-----BEGIN CERTIFICATE-----")
    file = tmp_path / "own.pem"
    file.write_text(begin + rest.partition("# Issuer")[0])
    return file


def test_authorities_are_read_once_for_each_place_where_they_lie(
    monkeypatch: pytest.MonkeyPatch, own: Path
) -> None:
    world = tls_context()
    assert world is tls_context()
    monkeypatch.setenv("SSL_CERT_FILE", str(own))
    assert 1 == len(tls_context().get_ca_certs()) != len(world.get_ca_certs())
    monkeypatch.delenv("SSL_CERT_FILE")
    assert world is tls_context()


def test_a_system_without_authorities_gets_those_of_mozilla(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ssl, "create_default_context", lambda: ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))
    _read.cache_clear()
    try:
        assert 100 < len(tls_context().get_ca_certs())
    finally:
        _read.cache_clear()


@pytest.mark.parametrize("content", [None, "", "no certificate"])
def test_a_file_without_certificates_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, content: str | None
) -> None:
    file = tmp_path / "own.pem"
    if content is not None:
        file.write_text(content)
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    with pytest.raises(UnreadableCertificates, match=r"SSL_CERT_FILE: .*own.pem cannot be read.*PEM"):
        tls_context()


def test_a_folder_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path / "gone"))
    with pytest.raises(UnreadableCertificates, match=r"SSL_CERT_DIR: .*gone is not a folder"):
        tls_context()
