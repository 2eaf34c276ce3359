"""Every secret of a copy that can be known, so that what leaves can be searched for it."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote, urlsplit

import orjson
import yaml
from pydantic import BaseModel, SecretStr

from xiong.config.settings import Settings
from xiong.errors import ConfigurationError
from xiong.platforms.base import Platform

_SHORTEST = 4  # less is in every text
_LONG_WORD = 16


async def known(platform: Platform, settings: Settings) -> frozenset[str]:
    """The copy's own secrets, those in the settings, and those that the files named there hold.

    Raises:
        ConfigurationError: a file that may hold some cannot be read, so that nothing could be promised.
    """
    found = {secret.reveal() for secret in await platform.secrets()}
    found.update(_in_settings(settings))
    if settings.proxy.key is not None:
        found.update(_words(settings.proxy.key))
    if settings.paging.file is not None:
        found.update(_in_paging(settings.paging.file))
    if settings.notices.urls_file is not None:
        found.update(part for line in _words(settings.notices.urls_file) for part in _pieces(line))
    return frozenset(value for value in found if len(value) >= _SHORTEST)


def pattern(values: Iterable[str]) -> re.Pattern[str] | None:
    """Finds each of them, also as a URL, JSON or base64 writes it; None when there are none."""
    forms = {form for value in values for form in _forms(value)}
    if not forms:
        return None
    return re.compile("|".join(re.escape(form) for form in sorted(forms, key=len, reverse=True)))


def _forms(value: str) -> Iterator[str]:
    yield value
    yield quote(value, safe="")
    yield orjson.dumps(value).decode()[1:-1]
    yield base64.b64encode(value.encode()).decode().rstrip("=")


def _in_settings(section: BaseModel) -> Iterator[str]:
    for name in type(section).model_fields:
        value = getattr(section, name)
        if isinstance(value, BaseModel):
            yield from _in_settings(value)
        elif isinstance(value, SecretStr):
            yield from _pieces(value.get_secret_value())


def _pieces(value: str) -> Iterator[str]:
    """A secret, and of an address the password and the long words in it, each a token for somebody."""
    yield value
    yield from (word for word in re.split(r"[/@:?&=#]", value) if len(word) >= _LONG_WORD)
    try:
        password = urlsplit(value).password
    except ValueError:
        return
    if password:
        yield password
        yield unquote(password)


def _in_paging(file: Path) -> Iterator[str]:
    """Addresses of people on call, and what the files hold that channels read."""
    try:
        document = yaml.safe_load(file.read_text())
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ConfigurationError(
            f"{file} cannot be read, so that its secrets cannot be searched for: {type(error).__name__}",
            hint=f"python -m api.pager check '{file}'",
        ) from error
    if not isinstance(document, dict):
        return
    for path, value in _leaves(document):
        if value.startswith("file:"):
            yield from (p for line in _words(Path(value.removeprefix("file:"))) for p in _pieces(line))
        elif path[-1].endswith("_file") and path[-1] != "ca_file":
            yield from _words(Path(value))
        elif path[0] == "contacts":
            yield from _pieces(value)


def _leaves(value: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], str]]:
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _leaves(item, (*path, str(key)))
    elif isinstance(value, list):
        for item in value:
            yield from _leaves(item, path)
    elif isinstance(value, str):
        yield path, value


def _words(file: Path) -> list[str]:
    """The lines of a secret file; one that is missing holds no secret."""
    try:
        return [line.strip() for line in file.read_text().splitlines()]
    except FileNotFoundError:
        return []
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(
            f"{file} cannot be read, so that its secrets cannot be searched for: {type(error).__name__}",
            hint=f"ls -l '{file}'",
        ) from error
