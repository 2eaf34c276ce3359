"""docs/reference/cli.md from the typer application."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import typer

from deployment.docs.markdown import code, joined, notice, table
from xiong.cli.main import app

_INTRODUCTION = """\
Flags of the whole call stand before the verb, flags of a verb behind it: `xiong --json status`.
The result goes to stdout, progress and errors go to stderr.
A verb that changes something takes `--dry-run`; every verb takes `--timeout`.
What `--json` prints is described in [JSON output](json-output.md).
How a call ends is described in [exit codes](exit-codes.md)."""
_COMPLETION = {"install_completion", "show_completion", "help"}
_TYPES = {int: "whole number", float: "number", str: "text", Path: "path", bool: ""}


def page() -> str:
    """The whole page."""
    group: Any = typer.main.get_command(app)
    verbs = leaves(group)
    blocks: list[list[str]] = [
        [notice("src/xiong/cli")],
        ["# Command line"],
        _INTRODUCTION.splitlines(),
        ["## xiong"],
        [str(group.callback.__doc__).strip()],
        _options(group),
        ["## Verbs"],
        table(
            ("Verb", "Does"),
            (
                (f"[`{name}`](#xiong-{name.replace(' ', '-')})", verb.help.strip())
                for name, verb in verbs.items()
            ),
        ),
    ]
    for name, verb in verbs.items():
        blocks += [[f"## xiong {name}"], [verb.help], ["```text", _usage(name, verb), "```"], _options(verb)]
    return joined(blocks)


def leaves(group: Any, before: str = "") -> dict[str, Any]:
    """Every verb by its words; of a group each verb in it."""
    found: dict[str, Any] = {}
    for name, command in group.commands.items():
        words = f"{before}{name}"
        found |= leaves(command, f"{words} ") if hasattr(command, "commands") else {words: command}
    return found


def _usage(name: str, verb: Any) -> str:
    words = [p.name.upper() if p.required else f"[{p.name.upper()}]" for p in _arguments(verb)]
    return " ".join(["xiong", name, "[OPTIONS]", *words])


def _arguments(verb: Any) -> list[Any]:
    return [p for p in verb.params if p.param_type_name == "argument"]


def _options(verb: Any) -> list[str]:
    rows = [
        (code(_name(p)), _value(p), _default(p), p.help or "Print the version and end.")
        for p in sorted(verb.params, key=lambda p: p.param_type_name != "argument")
        if p.name not in _COMPLETION
    ]
    return table(("Name", "Value", "Default", "Meaning"), rows)


def _name(parameter: Any) -> str:
    is_argument = parameter.param_type_name == "argument"
    return str(parameter.name).upper() if is_argument else ", ".join(parameter.opts)


def _value(parameter: Any) -> str:
    if parameter.param_type_name == "option" and parameter.is_flag:
        return ""
    kind = str(parameter.metavar or "") or _TYPES[parameter.type_descriptor.annotation]
    least = getattr(parameter, "min", None)
    return f"{kind}, at least {least}" if least is not None else kind


def _default(parameter: Any) -> str:
    if parameter.required:
        return "required"
    is_flag = parameter.param_type_name == "option" and parameter.is_flag
    return "" if is_flag or parameter.default in {None, ""} else code(str(parameter.default))
