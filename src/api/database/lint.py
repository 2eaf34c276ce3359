"""Refuses expand revisions that running code could not live with, or that would hold a table.

Called by `python -m api.migrate lint` and by the tests. Reads the file, runs nothing: looks at the
calls of alembic operations and at the SQL in text constants. Contract revisions may do what they
must; only the locking rules hold for them too.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass

from api.database.revisions import Revision

_TAKES_AWAY = {
    "drop_column": "drops a column that running code may read",
    "drop_table": "drops a table that running code may read",
    "rename_table": "renames a table that running code reads",
}
_SQL_RULES: tuple[tuple[str, str], ...] = (
    (r"\bdrop\s+(table|view|materialized\s+view|schema|type)\b", "drops what running code may read"),
    (r"\bdrop\s+column\b", "drops a column that running code may read"),
    (r"\brename\s+(to|column|constraint)\b|\brename\s+\w+\s+to\b", "renames what running code reads"),
    (r"\bset\s+not\s+null\b", "sets NOT NULL, which running code may break and which reads the whole table"),
    (r"\balter\s+(column\s+)?\S+\s+(set\s+data\s+)?type\b", "changes a type, which rewrites the table"),
    (r"\btruncate\b", "empties a table"),
    (r"\bdelete\s+from\b", "deletes rows"),
)
_ADD_COLUMN = re.compile(r"\badd\s+(?:column\s+)(?:if\s+not\s+exists\s+)?[^,;]*", re.IGNORECASE)
_INDEX = re.compile(
    r"\bcreate\s+(?:unique\s+)?index\s+(?P<concurrently>concurrently\s+)?"
    r"(?:if\s+not\s+exists\s+)?(?:\S+\s+)?on\s+(?:only\s+)?(?P<table>[\w.\"]+)",
    re.IGNORECASE,
)
_CREATED = re.compile(r"\bcreate\s+table\s+(?:if\s+not\s+exists\s+)?(?P<table>[\w.\"]+)", re.IGNORECASE)
_CONSTRAINT = re.compile(
    r"\badd\s+(?:constraint\s+\S+\s+)?(?:check|foreign\s+key)\b(?P<rest>[^;]*)", re.IGNORECASE
)
_VOLATILE = re.compile(
    r"\b(random|clock_timestamp|timeofday|gen_random_uuid|uuid_generate_v\d\w*|uuidv[47]|nextval)\s*\(",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Finding:
    """One unsafe operation."""

    revision: str
    line: int
    what: str

    def __str__(self) -> str:
        return f"{self.revision} line {self.line}: {self.what}"


def findings(revision: Revision) -> list[Finding]:
    """Returns what is unsafe in a revision, in the order of its lines."""
    tree = ast.parse(revision.path.read_text(encoding="utf-8"))
    new = _new_tables(tree)
    found: list[tuple[int, str]] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            found.extend((node.lineno, what) for what in _in_call(node, node.func.attr, revision, new))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            found.extend((node.lineno, what) for what in _in_sql(node.value, revision, new))
    return [Finding(revision.name, line, what) for line, what in sorted(set(found))]


def _new_tables(tree: ast.Module) -> set[str]:
    """The tables this revision makes itself: nobody uses them yet."""
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            if node.func.attr == "create_table":
                names.add(_text(node.args[0]) if node.args else "")
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            names.update(match["table"].strip('"').lower() for match in _CREATED.finditer(node.value))
    return names


def _in_call(node: ast.Call, name: str, revision: Revision, new: set[str]) -> Iterator[str]:
    options = {option.arg: option.value for option in node.keywords if option.arg}
    if name == "create_index":
        table = _text(node.args[1]) if len(node.args) > 1 else _text(options.get("table_name"))
        if table not in new and not _is_true(options.get("postgresql_concurrently")):
            yield "builds an index on a table in use without CONCURRENTLY"
        elif _is_true(options.get("postgresql_concurrently")) and revision.transactional:
            yield "CONCURRENTLY needs transactional = False"
        return
    if revision.phase == "contract":
        return
    if name in _TAKES_AWAY:
        yield _TAKES_AWAY[name]
    elif name == "alter_column":
        yield from _in_alter(options)
    elif name == "add_column":
        yield from _in_new_column(node)


def _in_alter(options: dict[str, ast.expr]) -> Iterator[str]:
    nullable = options.get("nullable")
    if isinstance(nullable, ast.Constant) and nullable.value is False:
        yield "sets NOT NULL, which running code may break and which reads the whole table"
    if "type_" in options:
        yield "changes a type, which rewrites the table"
    if "new_column_name" in options:
        yield "renames what running code reads"


def _in_new_column(node: ast.Call) -> Iterator[str]:
    columns = [argument for argument in node.args if isinstance(argument, ast.Call)]
    for column in columns:
        options = {option.arg: option.value for option in column.keywords if option.arg}
        nullable, default = options.get("nullable"), options.get("server_default")
        not_null = isinstance(nullable, ast.Constant) and nullable.value is False
        if not_null and default is None:
            yield "adds a NOT NULL column without a default, which running code cannot fill"
        if default is not None and _VOLATILE.search(ast.unparse(default)):
            yield "adds a column with a volatile default, which rewrites the table"


def _in_sql(sql: str, revision: Revision, new: set[str]) -> Iterator[str]:
    flat = " ".join(re.sub(r"--[^\n]*", " ", sql).split())
    for match in _INDEX.finditer(flat):
        if match["concurrently"]:
            if revision.transactional:
                yield "CONCURRENTLY needs transactional = False"
        elif match["table"].strip('"').lower() not in new:
            yield "builds an index on a table in use without CONCURRENTLY"
    if revision.phase == "contract" or not re.search(
        r"^\s*(alter|drop|truncate|delete|with|do)\b|;\s*\w", flat, re.IGNORECASE
    ):
        return
    for pattern, what in _SQL_RULES:
        if re.search(pattern, flat, re.IGNORECASE):
            yield what
    for column in _ADD_COLUMN.finditer(flat):
        clause = column[0]
        if re.search(r"\bnot\s+null\b", clause, re.IGNORECASE) and not re.search(
            r"\bdefault\b|\bgenerated\b", clause, re.IGNORECASE
        ):
            yield "adds a NOT NULL column without a default, which running code cannot fill"
        if re.search(r"\bdefault\b", clause, re.IGNORECASE) and _VOLATILE.search(clause):
            yield "adds a column with a volatile default, which rewrites the table"
    for constraint in _CONSTRAINT.finditer(flat):
        if not re.search(r"\bnot\s+valid\b", constraint["rest"], re.IGNORECASE):
            yield "adds a constraint that reads the whole table under a lock; add it NOT VALID"


def _text(node: ast.expr | None) -> str:
    return node.value.lower() if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def _is_true(node: ast.expr | None) -> bool:
    return isinstance(node, ast.Constant) and node.value is True
