"""Installing the app over real sockets, from our page to a working token."""

from pathlib import Path

from adapters.slack.oauth.flow import OAuthStateStore
from bot.security.tokens import TokenSigner
from tests.platforms.fake_slack import Page
from tests.platforms.with_slack.oauth.oauth_harness import SIGNER, Served, open_app


async def test_the_app_is_installed_after_consent(tmp_path: Path) -> None:
    async with open_app(tmp_path) as served:
        team = served.slack.team("Film <club>", installed=False)
        ada = served.slack.user(team, "ada", admin=True)
        page = await served.slack.install(ada, served.install_url)
        assert 200 == page.status
        assert "Reverie is installed in Film &lt;club&gt;" in page.text
        assert f"reverie quota set slack:{team.id} 20" in page.text
        assert served.slack.bot_token(team) == await served.installations.token(team.id)
        await ada.slash("/imagine", "a fox").acknowledged()
        await ada.slash("/imagine", "a fox").acknowledged()
        assert [(team.id, served.slack.bot_token(team))] * 2 == served.heard
        # Once for the installation, and once for both commands.
        assert 2 == len(served.slack.requests("auth.test"))


async def test_a_state_of_another_browser_is_refused(tmp_path: Path) -> None:
    async with open_app(tmp_path) as served:
        ada = served.slack.user(served.slack.team("Film club", installed=False), "ada")

        async def walk(**how: bool | str) -> Page:
            return await served.slack.install(ada, served.install_url, **how)

        assert "did not allow it" in (await walk(agrees=False)).text
        assert "blocks cookies" in (await walk(keeps_cookies=False)).text
        assert 400 == (await walk(state="guessed")).status
        assert [] == served.slack.requests("oauth.v2.access")
        assert await served.installations.token(ada.user.team.id) is None


async def test_a_state_is_valid_once_for_ten_minutes(tmp_path: Path) -> None:
    async with open_app(tmp_path) as served, served.client() as browser:
        begun = await browser.get("/slack/install")
        cookie = begun.headers["set-cookie"].partition(";")[0]
        back = f"/slack/oauth_redirect?code=unknown&state={cookie.partition('=')[2]}"
        first = await browser.get(back, headers={"Cookie": cookie})
        assert "does not accept this code" in first.text
        second = await browser.get(back, headers={"Cookie": cookie})
        assert (401, True) == (second.status_code, "opened twice" in second.text)

        begun = await browser.get("/slack/install")
        cookie = begun.headers["set-cookie"].partition(";")[0]
        await browser.get("/slack/install")
        served.slack.clock.advance(601)
        back = f"/slack/oauth_redirect?code=unknown&state={cookie.partition('=')[2]}"
        late = await browser.get(back, headers={"Cookie": cookie})
        assert (401, True) == (late.status_code, "longer than ten minutes" in late.text)


async def test_opening_the_install_page_stores_nothing(tmp_path: Path) -> None:
    async with open_app(tmp_path) as served, served.client() as browser:
        for _ in range(3):
            assert 200 == (await browser.get("/slack/install")).status_code
        assert [] == await served.adapter_data.latest("")


async def test_states_are_valid_on_every_replica_unless_forged(tmp_path: Path) -> None:
    async with open_app(tmp_path) as served:
        clock = served.slack.clock.now_ms
        state = await OAuthStateStore(SIGNER, clock).async_issue()
        assert not await OAuthStateStore(TokenSigner(b"other" * 8), clock).async_consume(state)
        assert not await OAuthStateStore(SIGNER, clock).async_consume(
            SIGNER.sign("media", "a", expires_at=2**60)
        )
        for odd in ("", ".", "..", "a.b", "\0", "\ud800", f"{state}x", state.upper(), "9" * 9_000):
            assert not await OAuthStateStore(SIGNER, clock).async_consume(odd)
        other = OAuthStateStore(SIGNER, clock)
        assert [True, False] == [await other.async_consume(state) for _ in range(2)]


async def test_an_outage_during_installation_is_reported(tmp_path: Path) -> None:
    async with open_app(tmp_path) as served:
        ada = served.slack.user(served.slack.team("Film club", installed=False), "ada")
        served.slack.fault("oauth.v2.access", status=503)
        page = await served.slack.install(ada, served.install_url)
        assert (503, True) == (page.status, "temporarily unavailable" in page.text)
        assert 200 == (await served.slack.install(ada, served.install_url)).status


async def test_the_pages_load_nothing_external(tmp_path: Path) -> None:
    async with open_app(tmp_path) as served, served.client() as browser:
        for path in ("/slack/install", "/slack/oauth_redirect?error=%3Cscript%3E"):
            page = await browser.get(path)
            policy = page.headers["content-security-policy"]
            assert policy.startswith("default-src 'none'; style-src 'sha256-")
            assert "frame-ancestors 'none'" in policy
            assert "no-referrer" == page.headers["referrer-policy"]
            assert "<script" not in page.text


async def test_an_uninstalled_app_is_removed_unless_it_was_reinstalled(tmp_path: Path) -> None:
    async with open_app(tmp_path) as served:
        team = served.slack.team("Film club", installed=False)
        ada = served.slack.user(team, "ada")
        await served.slack.install(ada, served.install_url)
        served.slack.uninstall(team)
        await _gone(served, team.id)
        (told,) = [one for one in served.slack.deliveries if one.name == "app_uninstalled"]

        served.slack.clock.advance(5)
        await served.slack.install(ada, served.install_url)
        again = served.slack.repeat(told)
        await served.slack.until(lambda: again.acknowledged_ms is not None)
        assert served.slack.bot_token(team) == await served.installations.token(team.id)


async def test_revoked_tokens_are_removed(tmp_path: Path) -> None:
    async with open_app(tmp_path) as served:
        team = served.slack.team("Film club", installed=False)
        await served.slack.install(served.slack.user(team, "ada"), served.install_url)
        served.slack.revoke_tokens(team)
        await _gone(served, team.id)
        assert [] == await served.adapter_data.latest("bot/")


async def _gone(served: Served, team: str) -> None:
    await served.slack.until(lambda: all(one.acknowledged_ms for one in served.slack.deliveries))
    assert await served.installations.token(team) is None
    assert [] == await served.adapter_data.latest(f"person/{team}/")


async def test_an_organisation_installs_the_app_in_all_of_its_workspaces(tmp_path: Path) -> None:
    async with open_app(tmp_path) as served:
        whole = served.slack.enterprise("Film")
        team, other = (served.slack.team(name, installed=False, enterprise=whole) for name in ("One", "Two"))
        ada, bob = served.slack.user(team, "ada", admin=True), served.slack.user(other, "bob")
        page = await served.slack.install(ada, served.install_url, whole=True)
        assert "Reverie is installed in Film" in page.text
        token = served.slack.bot_token(whole)
        for person in (ada, bob):
            await person.slash("/imagine", "a fox").acknowledged()
        assert [(team.id, token), (other.id, token)] == served.heard
        assert token == await served.installations.token(other.id), "what names no organisation finds it"
        served.slack.uninstall(whole)
        await _gone(served, other.id)
        assert [] == await served.adapter_data.latest("bot/")
