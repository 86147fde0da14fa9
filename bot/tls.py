"""Whom our clients believe over TLS."""

import os
import ssl
from functools import cache

import httpx


def tls_context() -> ssl.SSLContext:
    """The authorities of the world, or those that SSL_CERT_FILE or SSL_CERT_DIR names.

    Reading them takes longer than most of what a client is opened for, so all clients of a process share
    what was read.
    """
    return _read(os.environ.get("SSL_CERT_FILE"), os.environ.get("SSL_CERT_DIR"))


@cache
def _read(*_named: str | None) -> ssl.SSLContext:
    return httpx.create_ssl_context()
