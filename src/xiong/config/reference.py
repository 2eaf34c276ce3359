"""A settings file for people: every setting with its words and default in comments, what was chosen in force.

Called by `xiong init`. `xiong.example.toml` shows the same settings with all defaults in force.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping
from types import UnionType
from typing import Any, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from xiong.config.dump import toml_word
from xiong.config.settings import Settings

_HEAD = """\
# Settings of this copy of XiongiChat. A line without # is in force; the others show the default.
# Order: defaults < this file < XIONG_SECTION__NAME in the environment < flags."""
_WIDTH = 100


def reference(chosen: Mapping[str, Any]) -> str:
    """The text of the file.

    Args:
        chosen: {name: value} of the top level, {section: {name: value}} below it.
    """
    blocks = [_HEAD, *_entries(Settings, chosen)]
    for name, field in Settings.model_fields.items():
        section = _section(field)
        if section is not None:
            # An empty table changes nothing, so it may stand there without a setting in force.
            blocks.append(f"[{name}]\n{_comment(str(section.__doc__))}")
            blocks += _entries(section, chosen.get(name, {}))
    return "\n\n".join(blocks) + "\n"


def _entries(model: type[BaseModel], chosen: Mapping[str, Any]) -> Iterator[str]:
    for name, field in model.model_fields.items():
        if _section(field) is None:
            yield f"{_comment(field.description or '')}\n{_line(name, field, chosen)}"


def _line(name: str, field: FieldInfo, chosen: Mapping[str, Any]) -> str:
    if name in chosen:
        return f"{name} = {toml_word(chosen[name])}"
    default = field.get_default(call_default_factory=True, validated_data={})
    return f"# {name} =" if default is None else f"# {name} = {toml_word(default)}"


def _section(field: FieldInfo) -> type[BaseModel] | None:
    annotation = field.annotation
    if get_origin(annotation) in {Union, UnionType}:
        annotation = next(a for a in get_args(annotation) if a is not type(None))
    return annotation if isinstance(annotation, type) and issubclass(annotation, BaseModel) else None


def _comment(text: str) -> str:
    return textwrap.fill(text, _WIDTH, initial_indent="# ", subsequent_indent="# ")
