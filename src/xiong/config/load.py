"""Reads the settings: defaults < xiong.toml < XIONG_* < flags. Called once by the command line."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_settings import BaseSettings, EnvSettingsSource, SettingsConfigDict

from xiong.config.settings import Settings
from xiong.errors import ConfigurationError

DEFAULT_FILE = Path("xiong.toml")


class _Environment(BaseSettings, Settings):
    """Lets pydantic-settings map XIONG_SECTION__NAME onto the settings' fields."""

    model_config = SettingsConfigDict(
        env_prefix="XIONG_", env_nested_delimiter="__", extra="ignore", frozen=True
    )


def load_settings(file: Path | None = None, flags: dict[str, Any] | None = None) -> Settings:
    """The settings that hold now.

    Args:
        file: the TOML file; None is `xiong.toml` if there is one.
        flags: nested values from the command line, which win.

    Raises:
        ConfigurationError: every fault at once, each with its path; values are not shown.
    """
    if file is not None and not file.is_file():
        raise ConfigurationError(f"no configuration file {file}", hint="xiong init")
    path = file or DEFAULT_FILE
    try:
        written = tomllib.loads(path.read_text()) if path.is_file() else {}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigurationError(
            f"{path} is not valid TOML: {error}", hint="see xiong.example.toml"
        ) from error
    merged = _merged(_merged(written, EnvSettingsSource(_Environment)()), flags or {})
    try:
        return Settings.model_validate(merged)
    except ValidationError as error:
        faults = "\n".join(f"  {'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        raise ConfigurationError(
            f"the settings from {path}, XIONG_* and flags are not usable:\n{faults}",
            hint="see xiong.example.toml",
        ) from error


def _merged(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    both = dict(below)
    for name, value in above.items():
        nested = isinstance(value, dict) and isinstance(both.get(name), dict)
        both[name] = _merged(both[name], value) if nested else value
    return both
