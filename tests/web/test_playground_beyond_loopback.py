"""The whole bot without a key in a container: it listens everywhere, and still lets nobody in unasked."""

import re
from pathlib import Path

from adapters.playground import plugin
from bot.bootstrap import App
from tests.engine.settings import given_settings
from tests.web.running_app import served

EVERYWHERE = "0.0.0.0"  # noqa: S104 - what containers listen on


async def test_the_operator_is_told_where_it_is_and_the_password_that_opens_it(tmp_path: Path) -> None:
    app = App(given_settings(tmp_path, http_host=EVERYWHERE, http_port=0), plugins=[plugin])
    async with served(app) as http:
        (notice,) = app.notices
        assert f"{app.address}/" in notice
        assert app.address.startswith("http://127.0.0.1:")
        password = re.search(r"password: ([a-z2-7-]+)$", notice, re.MULTILINE)
        assert password is not None
        assert (await http.get("/")).headers["location"] == "/playground/login"
        answer = await http.post(
            "/playground/login", json={"password": password[1]}, headers={"Origin": app.address}
        )
        assert answer.is_success
        assert "Reverie" in (await http.get("/")).text


async def test_on_loopback_it_is_open_also_with_a_public_url_of_this_machine(tmp_path: Path) -> None:
    for at, public_url in enumerate((None, "http://127.0.0.1:8080")):
        app = App(given_settings(tmp_path / str(at), http_port=0, public_url=public_url), plugins=[plugin])
        async with served(app) as http:
            assert [f"The playground is open: {app.address}/"] == app.notices
            assert (await http.get("/")).status_code == 200
            assert (await http.get("/", headers={"X-Forwarded-For": "203.0.113.9"})).status_code == 403
            assert (await http.get("/", headers={"Host": "rebound.example"})).status_code == 421
