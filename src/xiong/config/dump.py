"""Settings as a TOML file that `load_settings` reads again, for the processes that the tool starts of itself.

Only what was set stands there, so that a default stays a default. Called by the local platform.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
from pydantic import SecretStr

from xiong.config.settings import Settings


def to_toml(settings: Settings) -> str:
    """The text; paths are absolute, and secrets are in clear: the file is for its owner alone."""
    top: list[str] = []
    sections: list[str] = []
    for name, value in settings.model_dump(exclude_unset=True).items():
        if isinstance(value, dict):
            sections += ["", f"[{name}]", *_lines(value)]
        else:
            top += _lines({name: value})
    return "\n".join([*top, *sections, ""])


def _lines(values: dict[str, Any]) -> list[str]:
    return [f"{name} = {toml_word(_absolute(value))}" for name, value in values.items() if value is not None]


def _absolute(value: Any) -> Any:
    return value.absolute() if isinstance(value, Path) else value


def toml_word(value: Any) -> str:
    """A value as TOML writes it: JSON's texts, numbers and lists are TOML's too."""
    plain = value.get_secret_value() if isinstance(value, SecretStr) else value
    return orjson.dumps(str(plain) if isinstance(plain, Path) else plain).decode()
