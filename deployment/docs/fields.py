"""The settings as a flat list, for the two files that are made from them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo

from xiong.config.settings import Settings

_WORDS = {
    tuple[str, ...]: "list of text",
    int: "whole number",
    float: "number",
    str: "text",
    bool: "true or false",
    Path: "path",
    SecretStr: "secret",
}


@dataclass(frozen=True)
class Setting:
    """One setting.

    Attributes:
        section: its table in the file; empty for the top level.
        name: within the section.
        kind: its type and bounds, in words.
        default: as TOML; None when it is unset by default.
        description: what it is for.
    """

    section: str
    name: str
    kind: str
    default: str | None
    description: str

    @property
    def path(self) -> str:
        """As error messages name it."""
        return f"{self.section}.{self.name}" if self.section else self.name

    @property
    def variable(self) -> str:
        """The environment variable that sets it."""
        return f"XIONG_{self.path.replace('.', '__').upper()}"


def sections() -> dict[str, str]:
    """Each section and what it is about; the top level is the empty name."""
    found = {"": str(Settings.__doc__)}
    for name, field in Settings.model_fields.items():
        if _is_section(field):
            found[name] = str(_type(field).__doc__)
    return found


def settings() -> Iterator[Setting]:
    """All settings, top level first, in the order of the code."""
    for name, field in Settings.model_fields.items():
        if not _is_section(field):
            yield _setting("", name, field)
    for section, field in Settings.model_fields.items():
        if _is_section(field):
            for name, inner in _type(field).model_fields.items():
                yield _setting(section, name, inner)


def _is_section(field: FieldInfo) -> bool:
    kind = _type(field)
    return isinstance(kind, type) and issubclass(kind, BaseModel)


def _type(field: FieldInfo) -> Any:
    """The annotated type without the None of an optional one."""
    annotation = field.annotation
    if get_origin(annotation) in {Union, UnionType}:
        (annotation,) = (a for a in get_args(annotation) if a is not type(None))
    return annotation


def _setting(section: str, name: str, field: FieldInfo) -> Setting:
    if not field.description:
        raise ValueError(f"the setting {section}.{name} has no description")
    return Setting(section, name, _kind(field), _toml(field.default), field.description)


def _kind(field: FieldInfo) -> str:
    kind = _type(field)
    if get_origin(kind) is Literal:
        return "one of " + ", ".join(map(str, get_args(kind)))
    least = next((m.ge for m in field.metadata if hasattr(m, "ge")), None)
    above = next((m.gt for m in field.metadata if hasattr(m, "gt")), None)
    most = next((m.le for m in field.metadata if hasattr(m, "le")), None)
    bounds = [f"at least {least}"] if least is not None else []
    bounds += [f"above {above}"] if above is not None else []
    bounds += [f"at most {most}"] if most is not None else []
    return ", ".join([_WORDS[kind], *bounds])


def _toml(value: Any) -> str | None:
    if value is None:
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int) and value >= 10_000:
        return f"{value:_}"
    return json.dumps(str(value) if isinstance(value, Path) else value, ensure_ascii=False)
