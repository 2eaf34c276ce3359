"""Which schema revisions this code ships, read without running them.

Used by `schema` in every replica (so no migration library is loaded there), by `migrator` and `lint`.
A revision is a file in `migrations/versions/`; files apply in the order of their names, and each says
`revision = "..."` and `phase = "expand" | "contract"` at its top level.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Phase = Literal["expand", "contract"]
VERSIONS = Path(__file__).parent / "migrations" / "versions"


class RevisionError(ValueError):
    """A revision file does not say what it must."""


@dataclass(frozen=True)
class Revision:
    """One shipped revision.

    Attributes:
        name: the id recorded in `schema_revisions`.
        phase: expand may run before a roll, contract only when no old replica is left.
        transactional: False for statements that refuse a transaction, as CREATE INDEX CONCURRENTLY.
        path: its file.
    """

    name: str
    phase: Phase
    transactional: bool
    path: Path


def shipped(folder: Path = VERSIONS) -> tuple[Revision, ...]:
    """Returns all revisions in the order they apply."""
    found = tuple(_read(path) for path in sorted(folder.glob("*.py")) if path.name != "__init__.py")
    names = [revision.name for revision in found]
    if len(set(names)) != len(names):
        raise RevisionError("two files carry the same revision")
    return found


def _read(path: Path) -> Revision:
    values = dict(_constants(ast.parse(path.read_text(encoding="utf-8"), str(path))))
    name, phase = values.get("revision"), values.get("phase")
    if not isinstance(name, str) or not name:
        raise RevisionError(f"{path.name}: revision is not a text")
    if phase not in ("expand", "contract"):
        raise RevisionError(f"{path.name}: phase is neither expand nor contract")
    return Revision(name, phase, values.get("transactional", True) is not False, path)


def _constants(tree: ast.Module) -> list[tuple[str, object]]:
    pairs: list[tuple[str, object]] = []
    for node in tree.body:
        target: ast.expr | None = None
        if isinstance(node, ast.Assign) and len(node.targets) == 1:
            target = node.targets[0]
        elif isinstance(node, ast.AnnAssign):
            target = node.target
        value = getattr(node, "value", None)
        if isinstance(target, ast.Name) and isinstance(value, ast.Constant):
            pairs.append((target.id, value.value))
    return pairs
