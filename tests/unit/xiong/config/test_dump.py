"""Settings written for the tool's own processes are read again as they were."""

from pathlib import Path

from xiong.config.dump import to_toml
from xiong.config.load import load_settings
from xiong.config.settings import Settings

WRITTEN = {
    "state": '/srv/熊 "copy"',
    "service": {"replicas": 3, "source": "/srv/source"},
    "model": {"api_key": "secret \\ key", "embeddings": True},
    "deploy": {"gate_error_share": 0.05},
    "proxy": {"port": 0, "certificate": "/c.pem", "key": "/k.pem", "host": "a.example.invalid"},
}


def test_what_was_written_is_read_again(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    settings = Settings.model_validate(WRITTEN)
    file = tmp_path / "settings.toml"
    file.write_text(to_toml(settings), encoding="utf-8")

    assert load_settings(file) == settings


def test_a_default_stays_a_default(tmp_path):
    text = to_toml(Settings.model_validate(WRITTEN))

    assert "ready_seconds" not in text
    assert "[cache]" not in text
    assert "authority" not in text


def test_a_relative_path_is_written_whole(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    text = to_toml(Settings.model_validate({"state": ".xiong", "paging": {"file": "paging.yaml"}}))

    assert f'state = "{tmp_path}/.xiong"' in text
    assert f'file = "{tmp_path}/paging.yaml"' in text
    assert Path(tmp_path).is_absolute()
