"""Which requests are allowed, and which settings decide it."""

from http import HTTPStatus
from typing import Any

import pytest
from pydantic import SecretStr, ValidationError
from starlette.requests import Request

from adapters.playground import plugin
from adapters.playground.access.origin_guard import AccessPolicy, examine
from bot.settings import Settings, Switch, describe_error

EVERYWHERE = "0.0.0.0"  # noqa: S104 - what containers listen on
OPEN = AccessPolicy.of(Settings(playground=Switch.AUTO, public_url=None))
SHARED = AccessPolicy.of(Settings(playground=Switch.ON, public_url="https://bot.example.org"))


def denied(
    policy: AccessPolicy,
    method: str,
    *headers: tuple[str, str],
    peer: str | None = "127.0.0.1",
    version: str = "1.1",
    is_page: bool = False,
) -> HTTPStatus | None:
    denial = examine(policy, asked(method, *headers, peer=peer, version=version), is_page=is_page)
    return denial.status if denial else None


def asked(
    method: str, *headers: tuple[str, str], peer: str | None = "127.0.0.1", version: str = "1.1"
) -> Request:
    scope = {
        "type": "http",
        "method": method,
        "http_version": version,
        "client": None if peer is None else (peer, 54321),
        "headers": [(name.lower().encode(), value.encode()) for name, value in headers],
    }
    return Request(scope)


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "127.0.0.1:8080", "localhost:1", "LOCALHOST", "[::1]", "[::1]:8080"]
)
def test_loopback_names_are_answered(host: str) -> None:
    assert denied(OPEN, "GET", ("Host", host)) is None


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "127.0.0.1.evil.example",
        "localhost.evil.example",
        "evil@127.0.0.1",
        "127.0.0.1@evil.example",
        "127.0.0.1/evil",
        "127.0.0.1:port",
        "127.0.0.2",
        "0.0.0.1",
        "[::1",
        "192.168.1.5:8080",
        "bot.example.org",
        "",
    ],
)
def test_other_names_are_not(host: str) -> None:
    assert denied(OPEN, "GET", ("Host", host)) == HTTPStatus.MISDIRECTED_REQUEST


def test_a_request_names_one_host() -> None:
    assert denied(OPEN, "GET") == HTTPStatus.MISDIRECTED_REQUEST
    both = (("Host", "127.0.0.1"), ("Host", "evil.example"))
    assert denied(OPEN, "GET", *both) == HTTPStatus.MISDIRECTED_REQUEST


@pytest.mark.parametrize(
    "header",
    [
        "X-Forwarded-For",
        "X-Forwarded-Host",
        "X-Forwarded-Proto",
        "Forwarded",
        "Via",
        "CF-Connecting-IP",
        "cf-ray",
        "X-Real-IP",
        "X-Original-Host",
        "X-Forwarded",
        "True-Client-IP",
        "X-Client-IP",
        "X-Cluster-Client-IP",
        "Fastly-Client-IP",
        "Fly-Client-IP",
        "X-Envoy-External-Address",
        "X-Amzn-Trace-Id",
        "CDN-Loop",
        "ngrok-trace-id",
        "Tailscale-User-Login",
        "Proxy-Connection",
    ],
)
def test_a_tunnel_to_loopback_is_refused(header: str) -> None:
    assert denied(OPEN, "GET", ("Host", "127.0.0.1"), (header, "203.0.113.9")) == HTTPStatus.FORBIDDEN
    assert denied(SHARED, "GET", ("Host", "127.0.0.1"), (header, "203.0.113.9")) is None


@pytest.mark.parametrize("version", ["0.9", "1.0"])
def test_the_http_version_of_proxies_is_refused(version: str) -> None:
    """Nginx uses HTTP/1.0 towards its upstream, without a header of its own."""
    assert denied(OPEN, "GET", ("Host", "127.0.0.1"), version=version) == HTTPStatus.FORBIDDEN
    assert denied(SHARED, "GET", ("Host", "127.0.0.1"), version=version) is None


@pytest.mark.parametrize("peer", ["127.0.0.1", "127.8.9.10", "::1", "::ffff:127.0.0.1"])
def test_requests_of_this_machine_are_allowed(peer: str) -> None:
    assert denied(OPEN, "GET", ("Host", "127.0.0.1"), peer=peer) is None


@pytest.mark.parametrize(
    "peer", ["192.168.1.5", "172.17.0.1", "203.0.113.9", "::ffff:10.0.0.1", "fe80::1", "", "localhost", None]
)
def test_another_machine_is_refused_under_any_name(peer: str | None) -> None:
    assert denied(OPEN, "GET", ("Host", "127.0.0.1"), peer=peer) == HTTPStatus.FORBIDDEN
    assert denied(SHARED, "GET", ("Host", "127.0.0.1"), peer=peer) is None


def test_with_a_password_addresses_are_accepted_and_unknown_names_are_not() -> None:
    """The owner of a name can rebind it to this machine; nobody can rebind an address."""
    lan = AccessPolicy.of(Settings(playground=Switch.AUTO, http_host=EVERYWHERE))
    for host in ("192.168.1.5:8080", "[fd00::5]:8080", "localhost:8080"):
        assert denied(lan, "GET", ("Host", host), peer="192.168.1.7") is None
    for host in ("evil.example", "192.168.1.5.evil.example", ""):
        assert denied(lan, "GET", ("Host", host), peer="192.168.1.7") == HTTPStatus.MISDIRECTED_REQUEST


@pytest.mark.parametrize(
    ("needs_password", "settings"),
    [
        (False, {}),
        (False, {"http_host": "localhost"}),
        (False, {"http_host": "::1"}),
        (False, {"http_host": "127.0.0.2"}),
        (False, {"public_url": "http://127.0.0.1:8080"}),
        (False, {"playground_password": SecretStr(" ")}),
        (True, {"playground_password": SecretStr("open sesame")}),
        (True, {"http_host": EVERYWHERE}),
        (True, {"http_host": "::"}),
        (True, {"http_host": ""}),
        (True, {"http_host": "192.168.1.5"}),
        (True, {"http_host": "bot.example.org"}),
        (True, {"playground": "on", "playground_password": SecretStr("open sesame")}),
    ],
)
def test_a_password_is_needed_wherever_others_can_reach_it(
    needs_password: bool, settings: dict[str, Any]
) -> None:
    assert AccessPolicy.of(Settings(**settings)).needs_password == needs_password


def test_a_shared_playground_accepts_its_public_name() -> None:
    assert denied(SHARED, "GET", ("Host", "bot.example.org")) is None
    assert denied(SHARED, "GET", ("Host", "Bot.Example.org:443")) is None
    assert denied(SHARED, "GET", ("Host", "evil.example")) == HTTPStatus.MISDIRECTED_REQUEST


@pytest.mark.parametrize(
    ("policy", "host", "origin", "status"),
    [
        (OPEN, "127.0.0.1:8080", "http://127.0.0.1:8080", None),
        (OPEN, "localhost:8080", "http://LOCALHOST:8080", None),
        (OPEN, "127.0.0.1:8080", "http://127.0.0.1:9090", HTTPStatus.FORBIDDEN),
        (OPEN, "127.0.0.1:8080", "http://localhost:8080", HTTPStatus.FORBIDDEN),
        (OPEN, "127.0.0.1:8080", "https://evil.example", HTTPStatus.FORBIDDEN),
        (OPEN, "127.0.0.1:8080", "null", HTTPStatus.FORBIDDEN),
        (OPEN, "127.0.0.1:8080", "", HTTPStatus.FORBIDDEN),
        (OPEN, "127.0.0.1:8080", None, HTTPStatus.FORBIDDEN),
        (SHARED, "bot.example.org", "https://bot.example.org", None),
        (SHARED, "127.0.0.1:8080", "https://bot.example.org", None),
        (SHARED, "bot.example.org", "https://evil.example", HTTPStatus.FORBIDDEN),
    ],
)
def test_posts_must_come_from_the_own_page(
    policy: AccessPolicy, host: str, origin: str | None, status: HTTPStatus | None
) -> None:
    headers = [("Host", host), ("Content-Type", "application/json; charset=utf-8")]
    if origin is not None:
        headers.append(("Origin", origin))
    assert denied(policy, "POST", *headers) == status


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""]
)
def test_posts_that_a_form_elsewhere_could_send_are_refused(kind: str) -> None:
    headers = (("Host", "127.0.0.1"), ("Origin", "http://127.0.0.1"), ("Content-Type", kind))
    assert denied(OPEN, "POST", *headers) == HTTPStatus.UNSUPPORTED_MEDIA_TYPE


@pytest.mark.parametrize(
    ("enabled", "settings"),
    [
        (True, {}),
        (False, {"public_url": "https://bot.example.org"}),
        (True, {"public_url": "http://127.0.0.1:8080"}),
        (True, {"public_url": "http://localhost:9000/"}),
        (False, {"public_url": "http://127.0.0.1.example.org"}),
        (True, {"http_host": EVERYWHERE}),
        (False, {"http_host": EVERYWHERE, "luma_keys": (SecretStr("a key"),)}),
        (False, {"luma_keys": (SecretStr("a key"),)}),
        (False, {"provider": ("simulator", "luma")}),
        (False, {"playground": "off"}),
        (True, {"playground": "on", "playground_password": SecretStr("open sesame")}),
        (
            True,
            {
                "playground": "on",
                "playground_password": SecretStr("open sesame"),
                "luma_keys": (SecretStr("a key"),),
                "public_url": "https://bot.example.org",
            },
        ),
    ],
)
def test_without_a_password_it_opens_only_with_the_simulator(enabled: bool, settings: dict[str, Any]) -> None:
    assert plugin.enabled(Settings(**settings)) == enabled


FETCH = ("Sec-Fetch-Mode", "cors"), ("Sec-Fetch-Dest", "empty")
LINK = ("Sec-Fetch-Mode", "navigate"), ("Sec-Fetch-Dest", "document")
FRAME = ("Sec-Fetch-Mode", "navigate"), ("Sec-Fetch-Dest", "iframe")


@pytest.mark.parametrize(
    ("headers", "page", "read"),
    [
        ((), True, True),
        ((("Sec-Fetch-Site", "none"), *LINK), True, True),
        ((("Sec-Fetch-Site", "same-origin"), *FETCH), True, True),
        ((("Sec-Fetch-Site", "cross-site"), *LINK), True, False),
        ((("Sec-Fetch-Site", "same-site"), *LINK), True, False),
        ((("Sec-Fetch-Site", "cross-site"), *FRAME), False, False),
        ((("Sec-Fetch-Site", "cross-site"), *FETCH), False, False),
        # Another port of this machine is the same site, and another program.
        ((("Sec-Fetch-Site", "same-site"), *FETCH), False, False),
        ((("Sec-Fetch-Site", "cross-site"), ("Sec-Fetch-Mode", "no-cors")), False, False),
        ((("Origin", "https://evil.example"),), False, False),
        ((("Origin", "null"),), False, False),
        ((("Origin", "http://127.0.0.1"),), True, True),
    ],
)
@pytest.mark.parametrize("policy", [OPEN, SHARED])
def test_other_sites_read_nothing_and_may_link_to_pages(
    policy: AccessPolicy, headers: tuple[tuple[str, str], ...], page: bool, read: bool
) -> None:
    host = ("Host", "127.0.0.1")
    assert page == (denied(policy, "GET", host, *headers, is_page=True) is None)
    assert read == (denied(policy, "GET", host, *headers) is None)


@pytest.mark.parametrize(
    ("settings", "method", "headers"),
    [
        ({"public_url": "https://bot.example.org"}, "GET", [("Host", "reverie:8080")]),
        ({}, "GET", [("Host", "reverie:8080")]),
        # nginx sends the address of its upstream.
        ({}, "POST", [("Host", "127.0.0.1:8080"), ("Origin", "https://bot.example.org")]),
    ],
)
def test_a_proxy_that_changes_the_host_gets_the_remedy(
    settings: dict[str, Any], method: str, headers: list[tuple[str, str]]
) -> None:
    policy = AccessPolicy.of(Settings(playground=Switch.ON, **settings))
    denial = examine(policy, asked(method, *headers, ("Content-Type", "application/json")))
    assert denial is not None
    assert "reverse proxy" in denial.reason
    assert "proxy_set_header Host $host" in denial.reason
    assert "REVERIE_PUBLIC_URL" in denial.reason or "https://bot.example.org" in denial.reason


def test_with_a_public_url_a_proxy_that_names_its_upstream_works() -> None:
    headers = (("Host", "127.0.0.1:8080"), ("Content-Type", "application/json"))
    assert denied(SHARED, "GET", *headers) is None
    assert denied(SHARED, "POST", *headers, ("Origin", "https://bot.example.org")) is None


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("https://bot.example.org/reverie", "it has a path, /reverie"),
        ("https://bot.example.org/a/b/", "root of a host name"),
        ("https://bot.example.org/?a=1", "more than scheme, host and port"),
        ("https://bot.example.org#top", "more than scheme, host and port"),
        ("https://me:secret@bot.example.org", "more than scheme"),  # pragma: allowlist secret
        ("https://bot.example.org:port", "port"),
        ("https://bot.example.org:99999", "port"),
        ("https://", "write it like"),
        ("bot.example.org", "write it like"),
    ],
)
def test_a_public_url_that_would_work_in_part_only_is_refused_at_the_start(url: str, words: str) -> None:
    with pytest.raises(ValidationError) as caught:
        Settings(public_url=url)
    told = describe_error(caught.value)
    assert told.startswith("REVERIE_PUBLIC_URL: ")
    assert words in told
    assert "https://bot.example.org" in told
    assert "secret" not in told


def test_a_public_url_is_an_origin() -> None:
    assert "https://bot.example.org:8443" == Settings(public_url=" https://bot.example.org:8443/ ").public_url


@pytest.mark.parametrize("password", [None, SecretStr(""), SecretStr("  ")])
def test_on_without_a_password_names_the_remedy(password: SecretStr | None) -> None:
    with pytest.raises(ValueError, match="set REVERIE_PLAYGROUND_PASSWORD"):
        plugin.enabled(Settings(playground=Switch.ON, playground_password=password))


@pytest.mark.parametrize("password", ["short", "1234567"])
def test_on_with_a_short_password_names_the_setting(password: str) -> None:
    with pytest.raises(ValueError, match=r"^REVERIE_PLAYGROUND_PASSWORD has \d characters.* at least 8"):
        plugin.enabled(Settings(playground=Switch.ON, playground_password=SecretStr(password)))
    assert plugin.enabled(Settings(playground=Switch.ON, playground_password=SecretStr(password + "123")))
