"""What the image and its deployment promise, read from their files: no container engine is needed."""

import json
import re
import subprocess
import sys
import threading
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
import yaml

from tests.frame.dockerfile import ROOT, read_stages

BUILD, RUNTIME = read_stages()
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "deploy/compose.yaml").read_text())
SERVICES: dict[str, Any] = COMPOSE["services"]


def told(name: str) -> str:
    """Read the text of the runtime stage's only instruction of this name."""
    (text,) = [instruction.text for instruction in RUNTIME if instruction.name == name]
    return text


def environment() -> dict[str, str]:
    return dict(word.split("=", 1) for i in RUNTIME if i.name == "ENV" for word in i.words)


def test_both_stages_stand_on_one_pinned_slim_python() -> None:
    bases = {stage[0].words[0] for stage in (BUILD, RUNTIME)}
    assert len(bases) == 1
    assert re.fullmatch(r"python:3\.\d+-slim-[a-z]+", bases.pop())


def test_nothing_is_fetched_past_the_locks() -> None:
    """ADD can fetch URLs, and an install without a lock takes whatever is newest."""
    assert not [i for stage in (BUILD, RUNTIME) for i in stage if i.name == "ADD"]
    commands = [c for i in BUILD if i.name == "RUN" for c in i.text.split("&&") if " install " in c]
    assert commands
    assert [c for c in commands if "--requirement" not in c and "--no-index" not in c] == []


def test_only_the_virtual_environment_reaches_the_runtime() -> None:
    assert told("COPY") == "--from=build /venv /venv"


def test_it_runs_as_a_fixed_stranger_that_owns_only_its_data() -> None:
    assert told("USER") == "10001:10001"
    assert "useradd --uid 10001" in told("RUN")
    assert told("VOLUME") == "/data"
    assert environment()["REVERIE_DATA_DIR"] == "/data"
    assert environment()["PYTHONDONTWRITEBYTECODE"] == "1"


def test_signals_reach_the_bot_itself() -> None:
    """A shell form would put a shell in between, which passes no signal on."""
    assert json.loads(told("ENTRYPOINT")) == ["reverie"]
    assert json.loads(told("CMD")) == ["run"]
    assert told("STOPSIGNAL") == "SIGTERM"


def test_it_can_be_reached_from_outside_of_its_network() -> None:
    assert environment()["REVERIE_HTTP_HOST"] == "0.0.0.0"  # noqa: S104 (the container's own network)
    assert told("EXPOSE") == "8080"


def test_labels_say_what_the_project_says() -> None:
    labels = dict(word.split("=", 1) for i in RUNTIME if i.name == "LABEL" for word in i.words)
    assert PROJECT["description"] == labels["org.opencontainers.image.description"]
    assert PROJECT["license"] == labels["org.opencontainers.image.licenses"]


@contextmanager
def answering(status: int) -> Iterator[int]:
    class Health(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status if self.path == "/healthz" else 404)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Health) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server.server_port
        finally:
            server.shutdown()
            thread.join()


def healthcheck(port: int) -> int:
    python, *arguments = json.loads(told("HEALTHCHECK").partition(" CMD ")[2])
    assert python == "python"
    # A proxy in the environment must not be asked for the way to ourselves.
    context = {"REVERIE_HTTP_PORT": str(port), "http_proxy": "http://127.0.0.1:9"}
    asked = subprocess.run([sys.executable, *arguments], env=context, capture_output=True, check=False)
    return asked.returncode


@pytest.mark.parametrize(("status", "healthy"), [(200, True), (503, False)])
def test_the_health_check_believes_the_bots_own_answer(status: int, healthy: bool) -> None:
    with answering(status) as port:
        assert healthy == (healthcheck(port) == 0)


def test_the_health_check_fails_where_nobody_answers() -> None:
    with answering(200) as port:
        pass
    assert healthcheck(port) != 0


@pytest.mark.parametrize("name", SERVICES)
def test_every_service_is_confined(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True
    assert "/tmp" in service["tmpfs"]  # noqa: S108 (the container's own)
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["restart"] == "unless-stopped"
    assert re.search(r":\d[\w.-]*$", service["image"]), "an image without a version is whatever is newest"


def test_the_bot_keeps_its_data_in_a_named_volume_and_listens_for_this_machine_only() -> None:
    bot = SERVICES["reverie"]
    assert bot["volumes"] == ["data:/data"]
    assert bot["ports"] == ["127.0.0.1:8080:8080"]
    assert bot["env_file"] == [{"path": ".env", "required": False}]
    assert f"reverie-bot:{PROJECT['version']}" == bot["image"]
    assert set(COMPOSE["volumes"]) == {"data", "postgres"}


def test_postgresql_is_a_profile_that_the_bot_waits_for() -> None:
    assert "profiles" not in SERVICES["reverie"]
    assert SERVICES["postgres"]["profiles"] == ["postgres"]
    assert SERVICES["postgres"]["healthcheck"]["test"][:2] == ["CMD", "pg_isready"]
    assert "ports" not in SERVICES["postgres"]
    assert SERVICES["reverie"]["depends_on"] == {
        "postgres": {"condition": "service_healthy", "required": False}
    }
