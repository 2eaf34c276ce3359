"""`python -m deployment.docs [--check]`: writes the generated pages, or says which are out of date.

`make docs` writes; tests/repo checks. Exit code 0: every page is as the code says; 1: `--check` found one
that is not; 2: wrong usage.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from deployment.docs.pages import PAGES

ROOT = Path(__file__).resolve().parents[2]
_USAGE = "usage: python -m deployment.docs [--check]"


def stale(root: Path) -> list[str]:
    """The pages whose file is not what the code says."""
    return [name for name, make in PAGES.items() if _read(root / name) != make()]


def write(root: Path) -> list[str]:
    """Writes the stale pages; returns their names."""
    names = stale(root)
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(PAGES[name](), encoding="utf-8")
    return names


def main(arguments: Sequence[str]) -> int:
    """Runs the command; returns its exit code."""
    if arguments not in ([], ["--check"]):
        sys.stderr.write(f"{_USAGE}\n")
        return 2
    if arguments:
        names = stale(ROOT)
        for name in names:
            sys.stderr.write(f"{name} is out of date: run `make docs`\n")
        return 1 if names else 0
    for name in write(ROOT):
        sys.stdout.write(f"wrote {name}\n")
    return 0


def _read(file: Path) -> str | None:
    return file.read_text(encoding="utf-8") if file.is_file() else None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
