"""The TLS context of connections to chat platforms."""

import os
import ssl
from functools import cache


def tls_context() -> ssl.SSLContext:
    """Trusts the authorities of the operating system, or those that SSL_CERT_FILE or SSL_CERT_DIR names.

    Reading them takes about 40 ms, in which the event loop stands still, so all clients share the result.
    """
    return _read(os.environ.get("SSL_CERT_FILE"), os.environ.get("SSL_CERT_DIR"))


@cache
def _read(*_named: str | None) -> ssl.SSLContext:
    return ssl.create_default_context()
