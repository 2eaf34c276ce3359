"""The commands that pages show, and whether the command line knows them. Used by the tests in this folder."""

from __future__ import annotations

import contextlib
import io
import re
import shlex
from collections.abc import Iterator
from typing import Any

import typer

from repo import tree
from xiong.cli.main import app

_ENDS = {"&&", "||", "|", ">", ";", "&"}


def shown(page: str, program: str) -> list[list[str]]:
    """The calls of `program` in the shell blocks and the inline code of a page, as words."""
    lines = [
        line
        for language, block in tree.fences(page)
        if language == "sh"
        for line in block.replace("\\\n", " ").splitlines()
    ]
    inline = [code for code in tree.inline_code(page) if code.startswith(f"{program} ")]
    calls = (_call(line, program) for line in (*lines, *inline))
    return [call for call in calls if call]


def fault(words: list[str]) -> str | None:
    """Why `xiong` would refuse these words, or None; nothing is run.

    A verb in capitals stands for any verb, and a verb alone is a name and no call.
    """
    named = [word for word in words[1:] if not word.startswith("-")][:1]
    if (named and named[0].isupper()) or " ".join(words[1:]) in _verbs():
        return None
    group = typer.main.get_command(app)
    for command in (group, *below(group)):
        command.callback = lambda *_, **__: None
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            group.main(words[1:], prog_name="xiong", standalone_mode=False)
    except Exception as error:
        return str(getattr(error, "message", "") or error)
    return None


def leaves(group: Any = None, before: str = "") -> dict[str, Any]:
    """Every verb by its words; of a group each verb in it."""
    found = {}
    for name, command in (group or typer.main.get_command(app)).commands.items():
        words = f"{before}{name}"
        found |= leaves(command, f"{words} ") if hasattr(command, "commands") else {words: command}
    return found


def below(group: Any) -> Iterator[Any]:
    """The commands of a group and of the groups in it."""
    for command in getattr(group, "commands", {}).values():
        yield command
        yield from below(command)


def _verbs() -> set[str]:
    return {*typer.main.get_command(app).commands, *leaves()}


def _call(line: str, program: str) -> list[str]:
    """The words of a call; settings of the environment before it and what follows it are left out."""
    try:
        words = shlex.split(line, comments=True)
    except ValueError:
        return []
    while words and re.fullmatch(r"[A-Z][A-Z0-9_]*=.*", words[0]):
        words.pop(0)
    if not words or words[0] != program:
        return []
    end = next((i for i, word in enumerate(words) if word in _ENDS), len(words))
    return words[:end]
