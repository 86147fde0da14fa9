"""The TLS context of all clients."""

import os
import ssl
from functools import cache

import httpx


def tls_context() -> ssl.SSLContext:
    """A client context with the public certificate authorities, or those in SSL_CERT_FILE or SSL_CERT_DIR.

    Loading them takes longer than a typical request, so all clients of a process share one context.
    """
    return _read(os.environ.get("SSL_CERT_FILE"), os.environ.get("SSL_CERT_DIR"))


@cache
def _read(*_named: str | None) -> ssl.SSLContext:
    return httpx.create_ssl_context()
