"""The TLS context of all clients."""

import os
import ssl
from functools import cache
from pathlib import Path

from bot.domain.errors import ReverieError


class UnreadableCertificates(ReverieError):
    """SSL_CERT_FILE or SSL_CERT_DIR names something without certificates."""

    def __init__(self, problem: str, remedy: str) -> None:
        super().__init__(f"{problem}: {remedy}")
        self.problem = problem
        self.remedy = remedy


def tls_context() -> ssl.SSLContext:
    """Trusts the authorities of the operating system, or those in SSL_CERT_FILE and SSL_CERT_DIR.

    Where the operating system has none, as beside Python's own installer for macOS, those of Mozilla.
    Reading them takes about 40 ms, in which the event loop stands still, so all clients share the result.
    Raises UnreadableCertificates.
    """
    return _read(os.environ.get("SSL_CERT_FILE", ""), os.environ.get("SSL_CERT_DIR", ""))


@cache
def _read(file: str, folder: str) -> ssl.SSLContext:
    if folder and not Path(folder).is_dir():
        raise UnreadableCertificates(f"SSL_CERT_DIR: {folder} is not a folder", "name one, or unset it")
    if not (file or folder):
        context = ssl.create_default_context()
        if not context.cert_store_stats()["x509_ca"]:
            import certifi  # noqa: PLC0415 - most systems have authorities of their own

            context.load_verify_locations(certifi.where())
        return context
    try:
        return ssl.create_default_context(cafile=file or None, capath=folder or None)
    except OSError as error:
        # What OpenSSL says of a file without certificates has a code, and a place in its source.
        reason = "no certificates in it" if isinstance(error, ssl.SSLError) else error.strerror
        raise UnreadableCertificates(
            f"SSL_CERT_FILE: {file} cannot be read ({reason})",
            "name a file of certificates in PEM format, or unset it",
        ) from error
