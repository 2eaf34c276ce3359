"""Values of a YAML file that know where they stand, so that an error can name the place.

Used by what reads PAGING_FILE: configuration, policy, rota and the channels' settings. Errors show
names that the file gives (contacts, channels, times); never addresses, hosts or secrets.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml


class ConfigurationError(ValueError):
    """The file cannot be used; the message names the place and what is expected there."""


class _Loader(yaml.SafeLoader):
    """Plain YAML 1.2 scalars: `20:00` is text (not the number 1200), `no` is text (not False)."""

    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012  # the library's own attribute

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise ConfigurationError(f"line {key.start_mark.line + 1}: a key must be text")
            if key.value in seen:
                # YAML would let the last one win in silence
                raise ConfigurationError(f"line {key.start_mark.line + 1}: '{key.value}' stands there twice")
            seen.add(key.value)
        return super().construct_mapping(node, deep)


_Loader.add_implicit_resolver("tag:yaml.org,2002:null", re.compile(r"^(?:~|null|)$"), ["~", "n", ""])
_Loader.add_implicit_resolver("tag:yaml.org,2002:int", re.compile(r"^(?:0|[1-9]\d*)$"), list("0123456789"))
_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float", re.compile(r"^(?:0|[1-9]\d*)\.\d+$"), list("0123456789")
)


@dataclass(frozen=True)
class Part:
    """One value of the file.

    Attributes:
        place: where it stands, as `policy.steps[1].notify`.
    """

    value: object = field(repr=False)
    place: str = ""

    def wrong(self, message: str) -> ConfigurationError:
        """Returns the error to raise about this value."""
        return ConfigurationError(f"{self.place}: {message}" if self.place else message)

    def entries(self) -> dict[str, Part]:
        """Returns the parts of a mapping whose keys are names that the file gives."""
        if not isinstance(self.value, dict) or not self.value:
            raise self.wrong("must be a mapping with at least one entry")
        for key in self.value:
            if not isinstance(key, str) or not key.strip():
                raise self.wrong("a name must be text; put it in quotes")
        return {key: Part(value, self._below(key)) for key, value in self.value.items()}

    def fields(self, required: Iterable[str], optional: Iterable[str] = ()) -> dict[str, Part]:
        """Returns the parts of a mapping whose keys are ours; an empty value counts as absent."""
        required, optional = tuple(required), tuple(optional)
        known = (*required, *optional)
        found = {key: part for key, part in self.entries().items() if part.value is not None}
        for key in self.value if isinstance(self.value, dict) else ():
            if key not in known:
                raise self.wrong(f"unknown key '{key}'; known are {', '.join(known)}")
        for key in required:
            if key not in found:
                raise self.wrong(f"'{key}' is missing")
        return found

    def items(self) -> list[Part]:
        """Returns the parts of a list."""
        if not isinstance(self.value, list) or not self.value:
            raise self.wrong("must be a list with at least one entry")
        return [Part(value, f"{self.place}[{number}]") for number, value in enumerate(self.value)]

    def text(self) -> str:
        """Returns the value, which must be one line of text."""
        if not isinstance(self.value, str):
            raise self.wrong("must be text; put it in quotes")
        if not self.value.strip() or not self.value.isprintable():
            raise self.wrong("must be one line of text")
        return self.value.strip()

    def texts(self) -> tuple[str, ...]:
        """Returns a list of texts, none of them twice."""
        found = tuple(item.text() for item in self.items())
        if len(set(found)) < len(found):
            raise self.wrong("names something twice")
        return found

    def one_of(self, *choices: str) -> str:
        """Returns the value, which must be one of these."""
        text = self.text()
        if text not in choices:
            raise self.wrong(f"must be one of {', '.join(choices)}")
        return text

    def whole(self, least: int, most: int) -> int:
        """Returns the value, a whole number between these."""
        if not isinstance(self.value, int) or not least <= self.value <= most:
            raise self.wrong(f"must be a whole number from {least} to {most}")
        return self.value

    def minutes(self, most: int) -> float:
        """Returns the value, a number of minutes, which may have a fraction."""
        if not isinstance(self.value, int | float) or not 0 < self.value <= most:
            raise self.wrong(f"must be a number of minutes, more than 0 and at most {most}")
        return float(self.value)

    def path(self) -> Path:
        """Returns the value as the path of a file; whether it is there is seen when it is used."""
        path = Path(self.text())
        if not path.is_absolute():
            raise self.wrong("must be an absolute path")
        return path

    def _below(self, key: str) -> str:
        return f"{self.place}.{key}" if self.place else key


def read_file(path: Path) -> Part:
    """Returns what stands in a YAML file."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigurationError(f"{path}: cannot be read: {error.strerror}") from error
    except UnicodeDecodeError:
        raise ConfigurationError(f"{path}: is not UTF-8") from None
    try:
        return Part(yaml.load(text, Loader=_Loader))  # noqa: S506 - a SafeLoader
    except yaml.MarkedYAMLError as error:
        # the library's own words quote the line, and an address may stand in it
        mark = error.problem_mark or error.context_mark
        place = f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
        raise ConfigurationError(f"{place}this is no YAML") from None
    except yaml.YAMLError:
        raise ConfigurationError("this is no YAML") from None
