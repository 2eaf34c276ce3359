"""Defaults < xiong.toml < XIONG_* < flags; and what a fault looks like."""

import pytest

from xiong.config.load import load_settings
from xiong.config.secrets import Secret
from xiong.errors import ConfigurationError, ExitCode


@pytest.fixture
def toml(tmp_path):
    file = tmp_path / "xiong.toml"
    file.write_text("[service]\nreplicas = 3\nmax_replicas = 4\n[proxy]\nport = 8001\n")
    return file


def test_a_file_wins_over_the_defaults(toml):
    assert load_settings(toml).service.replicas == 3


def test_the_environment_wins_over_the_file(toml, monkeypatch):
    monkeypatch.setenv("XIONG_SERVICE__REPLICAS", "5")

    settings = load_settings(toml)

    assert (settings.service.replicas, settings.service.max_replicas) == (5, 4)


def test_a_flag_wins_over_the_environment(toml, monkeypatch):
    monkeypatch.setenv("XIONG_PROXY__PORT", "8002")

    assert load_settings(toml, {"proxy": {"port": 8003}}).proxy.port == 8003


def test_every_fault_is_told_at_once_with_its_path(tmp_path):
    file = tmp_path / "xiong.toml"
    file.write_text('typo = 1\n[proxy]\nport = "http"\n[deploy]\ndrain = 3\n')

    with pytest.raises(ConfigurationError) as caught:
        load_settings(file)

    assert caught.value.exit_code is ExitCode.USAGE
    assert all(path in caught.value.message for path in ("typo", "proxy.port", "deploy.drain"))


def test_a_wrong_value_is_not_repeated_since_it_may_be_a_secret(monkeypatch):
    monkeypatch.setenv("XIONG_MODEL__DAILY_TOKENS", "sk-secret")

    with pytest.raises(ConfigurationError) as caught:
        load_settings()

    assert "sk-secret" not in caught.value.message


@pytest.mark.parametrize(
    "url",
    [
        "runbooks",
        "javascript:alert(1)",
        "https://",
        "https:///",
        "https://x.example/?a",
        "https://x.example/$A",
    ],
)
def test_an_address_of_the_runbooks_that_no_link_could_use_is_refused(monkeypatch, url):
    monkeypatch.setenv("XIONG_MONITORING__RUNBOOKS_URL", url)

    with pytest.raises(ConfigurationError, match=r"monitoring\.runbooks_url: .*expected an address"):
        load_settings()


def test_broken_toml_is_told_with_its_place(tmp_path):
    file = tmp_path / "xiong.toml"
    file.write_text("[service\n")

    with pytest.raises(ConfigurationError, match=r"not valid TOML.*line 1"):
        load_settings(file)


def test_a_missing_file_is_an_error_only_when_it_was_named(tmp_path):
    with pytest.raises(ConfigurationError, match="no configuration file"):
        load_settings(tmp_path / "absent.toml")


def test_a_secret_never_prints():
    secret = Secret("hunter2")

    assert "hunter2" not in f"{secret} {secret!r} {secret:>20}"
    assert secret.reveal() == "hunter2"
