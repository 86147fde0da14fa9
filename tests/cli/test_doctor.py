"""What the doctor finds, and that every complaint comes with its remedy."""

import asyncio
import os
import shlex
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import pytest
from pydantic import SecretStr

from bot.cli.doctor.examine import examine, sandbox_finding
from bot.service.plugin import Diagnosis, Severity
from bot.settings import Settings, Switch
from tests.cli.store import fill, settings
from tests.domain.people import NOW
from tests.providers.scripted_api import reply, scripted

#: each run of the doctor starts one
pytestmark = pytest.mark.usefixtures("warm_servers")


def _wrong(findings: Sequence[Diagnosis]) -> list[Diagnosis]:
    wrong = [finding for finding in findings if not finding.ok]
    assert all(finding.remedy for finding in wrong)
    return wrong


async def _only(where: Settings) -> Diagnosis:
    (finding,) = _wrong(await examine(where))
    return finding


async def test_a_fresh_folder_has_no_errors(tmp_path: Path) -> None:
    findings = await examine(settings(tmp_path))
    assert [] == _wrong(findings)
    told = [finding.what for finding in findings]
    assert "database: does not exist yet; reverie run creates it" in told
    assert "providers: simulator" in told
    assert "adapters: playground" in told
    assert (
        "the simulator needs no key; for the real API set LUMAAI_API_KEY: "
        "https://lumalabs.ai/dream-machine/api/keys, "
        "billed at https://lumalabs.ai/dream-machine/api/billing/overview"
    ) in told


async def test_a_fresh_database_elsewhere_is_well_too(tmp_path: Path) -> None:
    assert [] == _wrong(await examine(settings(tmp_path, database_url=f"sqlite:///{tmp_path}/other.db")))


async def test_a_stopped_account_is_reported_with_its_reason(tmp_path: Path) -> None:
    await fill(settings(tmp_path), now=NOW)
    finding = await _only(settings(tmp_path))
    assert "account simulator-a does not accept jobs: no credit" == finding.what
    told = [finding.what for finding in await examine(settings(tmp_path))]
    assert "1 generations without a job, paid by the operator ($0.018)" in told


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        ("UPDATE meter SET used = used + 1", "1 meters and 0 counters of waiting jobs are wrong"),
        ("UPDATE workspace SET waiting = waiting + 1", "0 meters and 1 counters of waiting jobs are wrong"),
    ],
)
async def test_wrong_meters_and_counters_are_reported(tmp_path: Path, damage: str, told: str) -> None:
    where = settings(tmp_path)
    await fill(where, now=NOW)
    with closing(sqlite3.connect(where.data_dir / "reverie.db")) as db, db:
        db.execute(damage)
        db.execute("UPDATE account SET state = 'ready'")
    assert told == (await _only(where)).what


async def test_jobs_in_flight_on_an_account_without_a_key_are_about(tmp_path: Path) -> None:
    where = settings(tmp_path)
    await fill(where, now=NOW)
    with closing(sqlite3.connect(where.data_dir / "reverie.db")) as db, db:
        db.execute("UPDATE account SET state = 'retired'")
        db.execute(
            "UPDATE job SET state = 'submitted', account = 'simulator-a', remote_id = 'r-3'"
            " WHERE state = 'queued'"
        )
        db.execute("DELETE FROM queue_depth")
        db.execute("UPDATE workspace SET waiting = waiting - 1")
    finding = await _only(where)
    assert "has 1 jobs in flight but no key" in finding.what
    assert "LUMAAI_API_KEY" in finding.remedy


async def test_a_database_that_is_none_is_about(tmp_path: Path) -> None:
    where = settings(tmp_path)
    where.data_dir.mkdir()
    (where.data_dir / "reverie.db").write_text(
        "not a database, but long enough to look like a page of one" * 100
    )
    assert "REVERIE_DATABASE_URL" in (await _only(where)).remedy


async def test_a_missing_key_is_about(tmp_path: Path) -> None:
    found = _wrong(await examine(settings(tmp_path, provider=("luma-agents",))))
    (finding,) = [finding for finding in found if "LUMA_AGENTS_API_KEY" in finding.what]
    assert "REVERIE_PROVIDER names luma-agents, but LUMA_AGENTS_API_KEY is not set" == finding.what


async def test_luma_without_a_key_is_for_workspaces_with_their_own(tmp_path: Path) -> None:
    found = await examine(settings(tmp_path, provider=("luma",)))
    (finding,) = [finding for finding in found if "no shared account" in finding.what]
    assert "only workspaces with a key of their own (/studio key) can generate" in finding.what
    assert Severity.WARNING is finding.level
    assert "LUMAAI_API_KEY" in finding.remedy


@pytest.mark.parametrize(
    ("key", "base", "told"),
    [
        ("lu ma", "https://api.example.org", "LUMAAI_API_KEY has a blank"),
        ("luma-“1”", "https://api.example.org", "LUMAAI_API_KEY has a character that no token has"),
        ("luma-1", "api.example.org", "LUMAAI_BASE_URL cannot be used"),
    ],
)
async def test_a_malformed_key_or_url_is_reported_by_its_setting(
    tmp_path: Path, key: str, base: str, told: str
) -> None:
    where = settings(tmp_path, luma_keys=(SecretStr(key),), luma_base_url=base)
    assert any(finding.what.startswith(told) for finding in _wrong(await examine(where)))


async def test_an_api_that_cannot_be_reached_is_about(tmp_path: Path) -> None:
    where = settings(
        tmp_path,
        luma_keys=(SecretStr("luma-1"),),
        luma_base_url="http://127.0.0.1:9/dream-machine/v1",
        playground=Switch.ON,
        playground_password=SecretStr("open sesame"),
    )
    finding = await _only(where)
    assert finding.what.startswith("luma cannot be reached")
    assert "LUMAAI_BASE_URL" in finding.remedy
    assert "luma-1" not in str(await examine(where))


async def test_no_chat_at_all_is_about(tmp_path: Path) -> None:
    assert "adapters: none" == (await _only(settings(tmp_path, playground=Switch.OFF))).what


async def test_a_playground_without_its_password_is_about(tmp_path: Path) -> None:
    finding = await _only(settings(tmp_path, playground=Switch.ON))
    assert "REVERIE_PLAYGROUND_PASSWORD" in finding.remedy


async def test_a_rates_file_that_is_wrong_is_about(tmp_path: Path) -> None:
    (tmp_path / "rates.toml").write_text("dated = 2025-05-01")
    finding = await _only(settings(tmp_path, rates_file=tmp_path / "rates.toml"))
    assert finding.what.startswith("REVERIE_RATES_FILE cannot be used")


async def test_a_host_that_is_none_is_about(tmp_path: Path) -> None:
    finding = await _only(settings(tmp_path, http_host="no.such.host.invalid"))
    assert "REVERIE_HTTP_HOST" in finding.remedy


async def test_certificates_that_cannot_be_read_hide_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "gone.pem"))
    keys = (SecretStr("luma-test-key"),)
    findings = await examine(settings(tmp_path, luma_keys=keys, http_host="no.such.host.invalid"))
    certificates, host, *_ = _wrong(findings)
    assert certificates.what.startswith("SSL_CERT_FILE: ")
    assert "PEM" in certificates.remedy
    assert "REVERIE_HTTP_HOST" in host.remedy
    assert any(finding.what.startswith("database") for finding in findings)


async def test_a_folder_that_cannot_be_is_about(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file")
    finding, *_ = _wrong(await examine(settings(tmp_path)))
    assert "REVERIE_DATA_DIR" in finding.remedy


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
async def test_a_folder_that_cannot_be_written_is_about(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir(mode=0o500)
    finding, *_ = _wrong(await examine(settings(tmp_path)))
    assert "cannot be written" in finding.what


async def test_a_folder_that_cannot_be_entered_does_not_end_the_other_checks(tmp_path: Path) -> None:
    # A name that is too long keeps everybody out, root as well.
    findings = await examine(settings(tmp_path / ("long" * 100)))
    told = [one.what for one in _wrong(findings)]
    assert "cannot be written" in told[0]
    assert [True] == ["The secret in" in one for one in told if "secret" in one]
    assert told[-1].startswith("database: ")
    assert "adapters: playground" in [one.what for one in findings]


async def test_an_address_that_names_no_database_does_not_end_the_other_checks(tmp_path: Path) -> None:
    findings = await examine(settings(tmp_path, database_url="sqlite://data/reverie.db"))
    (wrong,) = _wrong(findings)
    assert wrong.what.startswith("database: An SQLite database is named sqlite:///relative/path")
    assert findings[-1] is not wrong


def _about(findings: Sequence[Diagnosis], words: str) -> Diagnosis:
    (finding,) = [one for one in findings if words in one.what]
    return finding


async def test_a_misspelt_setting_is_a_warning_with_the_nearest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REVERIE_PUBLIC_URI", "https://bot.example.org")
    findings = await examine(settings(tmp_path))
    assert [] == _wrong(findings)
    finding = _about(findings, "REVERIE_PUBLIC_URI is set, but no setting has this name")
    assert (Severity.WARNING, "did you mean REVERIE_PUBLIC_URL?") == (finding.level, finding.remedy)


async def test_a_malformed_token_is_reported_by_its_setting_without_affecting_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DISCORD_TOKEN", "hidden words")
    findings = await examine(settings(tmp_path))
    (wrong,) = _wrong(findings)
    assert "discord cannot be used" == wrong.what
    assert wrong.remedy.startswith("DISCORD_TOKEN has a blank")
    assert "adapters: playground" in [finding.what for finding in findings]
    assert "hidden" not in str(findings)


async def test_a_secret_key_with_what_may_be_an_accident_is_a_warning(tmp_path: Path) -> None:
    findings = await examine(
        settings(tmp_path, secret_key=SecretStr("a hidden key of more than 32 characters\n"))
    )
    assert Severity.WARNING is _about(findings, "REVERIE_SECRET_KEY begins or ends").level
    assert "hidden" not in str(findings)


async def test_a_short_secret_is_a_fault_and_one_of_several_is_about(tmp_path: Path) -> None:
    short = settings(tmp_path, secret_key=SecretStr("hunter2"))
    finding = await _only(short)
    assert "REVERIE_SECRET_KEY holds fewer than 32 characters" == finding.what
    assert "new,old" in finding.remedy
    rotated = settings(tmp_path, secret_key=SecretStr("n" * 64 + ",hunter2"))
    finding = _about(await examine(rotated), "one of several secrets in REVERIE_SECRET_KEY")
    assert (Severity.WARNING, True) == (finding.level, "reverie db reseal" in finding.remedy)
    whole = settings(tmp_path, secret_key=SecretStr("n" * 64 + "," + "o" * 64))
    assert not [finding for finding in await examine(whole) if "one of several" in finding.what]


async def test_doctor_creates_no_secret(tmp_path: Path) -> None:
    assert _about(await examine(settings(tmp_path)), "secret: does not exist yet")
    assert not (tmp_path / "data" / "secret").exists()


async def test_a_password_that_can_be_guessed_is_about(tmp_path: Path) -> None:
    for password, told in (("seven77", True), ("eight888", False)):
        where = settings(tmp_path, playground=Switch.AUTO, playground_password=SecretStr(password))
        assert told == any("which can be guessed" in finding.what for finding in await examine(where))


async def test_files_that_others_can_read_are_reported_with_the_command_that_fixes_it(tmp_path: Path) -> None:
    where = settings(tmp_path, database_url=f"sqlite:///{tmp_path}/else where.db")
    (tmp_path / "data").mkdir(mode=0o700)
    assert not [finding for finding in await examine(where) if "other users" in finding.what]
    for path in (tmp_path / "data" / "secret", tmp_path / "else where.db"):
        path.write_text("s" * 32)
        path.chmod(0o640)
    finding = _about(await examine(where), "other users of this machine have access to")
    assert f"{tmp_path}/data/secret and 1 more" in finding.what
    assert Severity.WARNING is finding.level
    command = await asyncio.create_subprocess_exec(*shlex.split(finding.remedy))
    assert 0 == await command.wait()
    assert not [finding for finding in await examine(where) if "other users" in finding.what]


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("http://bot.example.org", True),
        ("https://bot.example.org", False),
        ("http://127.0.0.1:8080", False),
        (None, False),
    ],
)
async def test_a_public_url_without_https_is_about(tmp_path: Path, url: str | None, told: bool) -> None:
    found = await examine(settings(tmp_path, public_url=url))
    assert told == any("is not https" in finding.what for finding in found)


def test_missing_confinement_is_reported_with_its_effect() -> None:
    assert Severity.OK is sandbox_finding(()).level
    lacking = {name: sandbox_finding(name.split()) for name in ("landlock", "seccomp", "seccomp landlock")}
    assert {Severity.WARNING} == {finding.level for finding in lacking.values()}
    assert all("Landlock and seccomp" in finding.remedy for finding in lacking.values())
    told = {name: finding.what for name, finding in lacking.items()}
    assert "read whatever" in told["landlock"]
    assert "network" not in told["landlock"]
    assert "use the network" in told["seccomp"]
    assert "use the network and read whatever" in told["seccomp landlock"]


async def test_the_sandbox_is_checked(tmp_path: Path) -> None:
    told = [finding.what for finding in await examine(settings(tmp_path))]
    assert 1 == sum("sandboxed" in what for what in told)


@pytest.mark.parametrize(
    ("provider", "fields", "key_setting"),
    [
        ("luma", ("luma_keys", "luma_base_url"), "LUMAAI_API_KEY"),
        ("luma-agents", ("luma_agents_keys", "luma_agents_base_url"), "LUMA_AGENTS_API_KEY"),
        ("appypie", ("appypie_keys", "appypie_base_url"), "APPYPIE_SUBSCRIPTION_KEY"),
    ],
)
async def test_each_key_is_checked_alone_without_a_create(
    tmp_path: Path, provider: str, fields: tuple[str, str], key_setting: str
) -> None:
    keys, base_url = fields
    works = {"luma": {"credit_balance": 12.5}, "luma-agents": {"data": []}}
    not_found = {"task_status": "failed", "task_status_msg": "task not found"}
    answers = reply(401, {"error": "revoked"}), reply(200, works.get(provider, not_found))
    async with scripted(*answers) as api:
        where = settings(
            tmp_path,
            **{keys: (SecretStr("key-one"), SecretStr("key-two")), base_url: api.url},
            playground=Switch.ON,
            playground_password=SecretStr("open sesame"),
        )
        findings = await examine(where)
        assert not [one for one in api.received if one.target.endswith(("generations", "FromImage"))]
    (fault,) = _wrong(findings)
    assert "revoked" in fault.what
    assert key_setting in fault.remedy
    assert 1 == len([one for one in findings if one.what.startswith("account") and "works" in one.what])


async def test_a_model_without_a_price_is_about_and_names_the_file(tmp_path: Path) -> None:
    rates = tmp_path / "rates.toml"
    rates.write_text("dated = 2026-01-01\n[image]\nphoton-1 = 7300\nphoton-flash-1 = 1\n[video]\nray-2 = 1\n")
    findings = await examine(settings(tmp_path, rates_file=rates))
    (finding,) = [one for one in findings if "has no price" in one.what]
    assert finding.what.startswith("ray-flash-2")
    assert "REVERIE_RATES_FILE" in finding.remedy


async def test_what_a_model_has_no_price_for_is_told_too(tmp_path: Path) -> None:
    """Its other jobs have one."""
    rates = tmp_path / "rates.toml"
    rates.write_text(
        "dated = 2026-01-01\n[image]\n[video]\n[picture]\nuni-1 = { each = 1, reference = 1 }\n"
        "uni-1-max = { each = 1, reference = 1 }\n[clip.'ray-3.2']\n5s = { 720p = 1 }\n"
        "[reframed]\n'ray-3.2' = 1\n"
    )
    where = settings(
        tmp_path, provider=("luma-agents",), luma_agents_keys=(SecretStr("key"),), rates_file=rates
    )
    async with scripted(reply(200, {"data": []})) as api:
        findings = await examine(where.model_copy(update={"luma_agents_base_url": api.url}))
    (finding,) = [one for one in findings if "has no price" in one.what]
    assert "ray-3.2 has no price for changed videos, so that it cannot modify videos" == finding.what


@pytest.mark.parametrize(
    ("status", "level", "told"),
    [
        (204, Severity.OK, "alerts go to the webhook at 127.0.0.1"),
        (400, Severity.OK, "alerts go to the webhook at 127.0.0.1"),
        (404, Severity.FAULT, "the webhook answers 404: it does not exist any more"),
        (503, Severity.WARNING, "the webhook answers 503"),
        (None, Severity.FAULT, "the webhook cannot be reached"),
    ],
)
async def test_the_webhook_of_alerts_is_tried_without_a_message(
    tmp_path: Path, status: int | None, level: Severity, told: str
) -> None:
    async with scripted(*(() if status is None else (reply(status),))) as api:
        where = settings(tmp_path, alert_webhook=SecretStr(f"{api.url}/hidden"))
        findings = await examine(where)
        assert [{}] == [one.document for one in api.received]
    (finding,) = [one for one in findings if one.what.startswith("alerts")]
    assert (level, True) == (finding.level, told in finding.what)
    assert not any("hidden" in f"{one.what}{one.remedy}" for one in findings)


async def test_nobody_to_tell_is_reported_where_money_is_spent(tmp_path: Path) -> None:
    def about(findings: Sequence[Diagnosis]) -> int:
        return len([one for one in findings if one.what == "nobody is told when something goes wrong"])

    paid = {"provider": ("luma",)}
    assert [0, 1, 0] == [
        about(await examine(settings(tmp_path, **changes)))
        for changes in ({}, paid, paid | {"operators": ("discord:1",)})
    ]
