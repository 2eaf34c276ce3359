"""Settings: where values come from, and that secrets stay secret."""

from __future__ import annotations

from pathlib import Path

import pytest

from api.settings import Secret, Settings, SettingsError

MINIMAL = {"DATABASE_URL": "postgresql://u:pw@h/db"}


def test_a_file_wins_over_the_plain_name(tmp_path: Path) -> None:
    path = tmp_path / "url"
    path.write_text("  postgresql://from-file/db \n")
    settings = Settings.from_environment({**MINIMAL, "DATABASE_URL_FILE": str(path)})
    assert settings.database_url.reveal() == "postgresql://from-file/db"


def test_secrets_print_as_redacted() -> None:
    settings = Settings.from_environment(
        {**MINIMAL, "REDIS_URL": "redis://:hush@h", "OPENAI_API_KEY": "hush", "SECRET_KEY": "hush"}
    )
    for text in (repr(settings), str(settings.secret_key), f"{settings.redis_url}"):
        assert "hush" not in text
        assert "pw" not in text
    assert "[REDACTED]" in repr(settings)
    assert Secret("a") == Secret("a") != Secret("b")
    assert not Secret("")


def test_the_list_of_tokens_keeps_its_path(tmp_path: Path) -> None:
    path = tmp_path / "tokens"
    settings = Settings.from_environment({**MINIMAL, "API_TOKENS_FILE": str(path), "API_TOKENS": "[1]"})
    assert settings.api_tokens_file == path
    assert settings.api_tokens.reveal() == "[]"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "eighty"),
        ("ENVIRONMENT", "prod"),
        ("LOG_LEVEL", "LOUD"),
        ("DATABASE_URL_FILE", "/nowhere/at/all"),
        ("DATABASE_URL", ""),
    ],
)
def test_an_unusable_value_is_named_and_not_shown(name: str, value: str) -> None:
    with pytest.raises(SettingsError) as caught:
        Settings.from_environment({**MINIMAL, name: value})
    assert name.removesuffix("_FILE") in str(caught.value)
    assert "eighty" not in str(caught.value)


def test_defaults_need_nothing_but_a_database() -> None:
    settings = Settings.from_environment(MINIMAL)
    assert (settings.release_id, settings.environment, settings.rate_limit) == (
        "dev",
        "development",
        "30/minute",
    )
    assert not settings.openai_api_key
