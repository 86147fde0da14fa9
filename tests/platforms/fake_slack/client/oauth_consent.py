"""A person in a browser who installs the app: install page, consent, redirect."""

import re
from dataclasses import dataclass
from html import unescape
from http.cookies import SimpleCookie
from urllib.parse import parse_qs, urlencode, urlsplit

import aiohttp

from tests.platforms.fake_slack.client.person import Person
from tests.platforms.fake_slack.state.apps import Code
from tests.platforms.fake_slack.state.world import World

_AUTHORIZE = re.compile(r"https?://[^\s\"'<>]+/oauth/v2/authorize\?[^\s\"'<>]+")
_REDIRECTS = {301, 302, 303, 307}


class ConsentRefused(Exception):
    """The service's own page says what is wrong with the link that led to it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What somebody sees in the end."""

    status: int
    text: str
    #: the code that was given to the app, so that a test can use it again
    code: str | None


async def consent(
    world: World,
    session: aiohttp.ClientSession,
    person: Person,
    install_url: str,
    *,
    whole: bool = False,
    agrees: bool = True,
    keeps_cookies: bool = True,
    state: str | None = None,
) -> Page:
    """Follow the app's page to the service's, agree there, and return to the app."""
    async with session.get(install_url, allow_redirects=False) as page:
        text = await page.text()
        cookies = {morsel.key: morsel.value for morsel in page.cookies.values()}
        link = page.headers.get("Location") if page.status in _REDIRECTS else None
    found = _AUTHORIZE.search(unescape(link or text))
    if found is None:
        raise ConsentRefused(f"no link to the service on {install_url}: {text[:300]}")
    asked = {name: values[0] for name, values in parse_qs(urlsplit(found[0]).query).items()}
    told, code = _decide(world, person, asked, whole=whole, agrees=agrees)
    told["state"] = asked.get("state", "") if state is None else state
    back = world.app.manifest.here(_redirect_uri(world, asked))
    headers = _cookie_header(cookies) if keeps_cookies else {}
    async with session.get(f"{back}?{urlencode(told)}", headers=headers, allow_redirects=False) as page:
        return Page(status=page.status, text=await page.text(), code=code)


def _decide(
    world: World, person: Person, asked: dict[str, str], *, whole: bool, agrees: bool
) -> tuple[dict[str, str], str | None]:
    """Return what the browser carries back to the app."""
    app = world.app
    if asked.get("client_id") != app.client_id:
        raise ConsentRefused("Invalid client_id parameter")
    scopes = frozenset(asked.get("scope", "").split(",")) - {""}
    if not scopes <= app.manifest.scopes:
        raise ConsentRefused(f"Invalid permissions requested: {sorted(scopes - app.manifest.scopes)}")
    if whole and not app.manifest.for_organisations:
        raise ConsentRefused("The app is not for whole organisations")
    if not agrees:
        return {"error": "access_denied"}, None
    code = Code(
        installer=person.user,
        redirect_uri=_redirect_uri(world, asked),
        scopes=scopes,
        created_ms=world.clock.now_ms(),
        whole=whole,
    )
    world.codes[code.value] = code
    return {"code": code.value}, code.value


def _redirect_uri(world: World, asked: dict[str, str]) -> str:
    """Return where the browser goes back to: only where the manifest says."""
    known = world.app.manifest.redirect_urls
    named = asked.get("redirect_uri")
    if named is None and known:
        return known[0]
    here = {world.app.manifest.here(url) for url in known}
    if named is None or not any(named.startswith(url) for url in {*known, *here} if url):
        raise ConsentRefused(f"redirect_uri did not match any configured URIs: {named}")
    return named


def _cookie_header(cookies: dict[str, str]) -> dict[str, str]:
    # Sent by hand: the app marks them Secure, and a test's server has no certificate.
    jar = SimpleCookie(cookies)
    return {"Cookie": "; ".join(f"{name}={morsel.value}" for name, morsel in jar.items())} if jar else {}
