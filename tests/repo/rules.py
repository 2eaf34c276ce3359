"""Rules about code as functions over text: each returns what is wrong, in words; empty when nothing is.

`test_code.py` runs them over the repository, `test_rules.py` over fragments that are wrong on purpose.
Words that a rule forbids are written here in two halves, so that this file keeps its own rules.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

LONGEST = 300
_BANNED = {"manager", "managers", "helper", "helpers", "util", "utils", "common"}
_UNFINISHED = re.compile(r"\b(?:TO" + r"DO|FIX" + r"ME)\b|Not" + "ImplementedError")
_NUMBERED = re.compile(r"\b(?:issue|ticket)s?\s+#?\d+|(?<![\w&])PR #\d+", re.IGNORECASE)
_REGISTRIES = (
    ("py" + "pi", "org"),
    ("python" + "hosted", "org"),
    ("npm" + "js", "org"),
    ("npm" + "js", "com"),
    ("proxy.go" + "lang", "org"),
    ("crates", "io"),
    ("ana" + "conda", "org"),
)
_HOSTS = re.compile("|".join(rf"\b{re.escape(name)}\.{top}\b" for name, top in _REGISTRIES))
_MACHINE = re.compile(r"(?<![\w./<>-])/(?:wor" + r"k|roo" + r"t|home/\w+)/")
_NOT_RUN = re.compile(
    r"^(?:pytest|unittest)\.(?:mark\.)?(?:skip|skipif|skipIf|skipUnless|xfail|importorskip)\b"
)


def too_long(text: str) -> list[str]:
    lines = len(text.splitlines())
    return [f"{lines} lines, at most {LONGEST}"] if lines > LONGEST else []


def without_docstring(text: str) -> list[str]:
    """An empty file (a mere package mark) needs none."""
    tree = ast.parse(text)
    return [] if not tree.body or ast.get_docstring(tree) else ["no module docstring"]


def unfinished(text: str) -> list[str]:
    found = [m[0] for m in _UNFINISHED.finditer(text)] + [m[0] for m in _NUMBERED.finditer(text)]
    return [f"holds {word!r}" for word in found]


def places(text: str) -> list[str]:
    """Addresses of package registries and paths of one machine."""
    return [f"names {m[0]!r}" for pattern in (_HOSTS, _MACHINE) for m in pattern.finditer(text)]


def sleeps(text: str) -> list[str]:
    found = []
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Attribute) and ast.unparse(node) == "time.sleep":
            found.append(f"line {node.lineno}: time.sleep")
        if (
            isinstance(node, ast.ImportFrom)
            and node.module == "time"
            and "sleep" in {a.name for a in node.names}
        ):
            found.append(f"line {node.lineno}: sleep of time")
    return found


def not_run(text: str) -> list[str]:
    """Marks and calls that leave a test out."""
    nodes = [n for n in ast.walk(ast.parse(text)) if isinstance(n, ast.Attribute)]
    return [f"line {n.lineno}: {ast.unparse(n)}" for n in nodes if _NOT_RUN.match(ast.unparse(n))]


def vague_names(text: str) -> list[str]:
    return [f"line {line}: {name}" for name, line in _defined(ast.parse(text)) if vague(name)]


def vague(name: str) -> bool:
    """Whether an identifier or a file name has a word in it that says nothing."""
    words = re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", name)
    return not _BANNED.isdisjoint(word.lower() for word in words)


def unnamed_sentence(text: str) -> list[str]:
    """Test functions whose name is no sentence: fewer than three words."""
    names = [n for n, _ in _defined(ast.parse(text)) if n.startswith("test_")]
    return [name for name in names if len(name.split("_")) < 4]


def _defined(tree: ast.Module) -> Iterator[tuple[str, int]]:
    """The names that a module gives to things, and where."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name, node.lineno
        elif isinstance(node, ast.arg):
            yield node.arg, node.lineno
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id, node.lineno
        elif isinstance(node, ast.alias) and node.asname:
            yield node.asname, node.lineno
