"""The commands that pages show, and whether the command line knows them. Used by the tests in this folder."""

from __future__ import annotations

import contextlib
import io
import re
import shlex

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
    if (named and named[0].isupper()) or (named == words[1:] and named[0] in _verbs()):
        return None
    group = typer.main.get_command(app)
    for command in (group, *group.commands.values()):
        command.callback = lambda *_, **__: None
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            group.main(words[1:], prog_name="xiong", standalone_mode=False)
    except Exception as error:
        return str(getattr(error, "message", "") or error)
    return None


def _verbs() -> set[str]:
    return set(typer.main.get_command(app).commands)


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
