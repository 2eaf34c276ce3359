"""`python -m deployment.monitoring [--check]`: writes the dashboards and the page of alerts.

`--check` writes nothing and says which are stale. `make docs` writes; tests/deployment/monitoring checks.
Exit code 0: every file is as the code says; 1: `--check` found one that is not; 2: wrong usage.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from deployment.monitoring import alerts_page
from deployment.monitoring.grafana import build, care, datastores, deployments, overview, slo

ROOT = Path(__file__).resolve().parents[2]
BOARDS = (overview.BOARD, slo.BOARD, care.BOARD, datastores.BOARD, deployments.BOARD)
_DASHBOARDS = "deployment/monitoring/grafana/dashboards"
FILES: dict[str, Callable[[], str]] = {
    **{f"{_DASHBOARDS}/{board.uid}.json": partial(build.text, board) for board in BOARDS},
    "docs/reference/alerts.md": partial(alerts_page.page, ROOT),
}


def stale() -> list[str]:
    """Returns the files that are not what the code says."""
    return [name for name, make in FILES.items() if _read(ROOT / name) != make()]


def main(arguments: Sequence[str]) -> int:
    """Runs the command; returns its exit code."""
    if arguments not in ([], ["--check"]):
        sys.stderr.write("usage: python -m deployment.monitoring [--check]\n")
        return 2
    for name in stale():
        if arguments:
            sys.stderr.write(f"{name} is out of date: run `make docs`\n")
        else:
            (ROOT / name).write_text(FILES[name](), encoding="utf-8")
            sys.stdout.write(f"wrote {name}\n")
    return 1 if arguments and stale() else 0


def _read(file: Path) -> str | None:
    return file.read_text(encoding="utf-8") if file.is_file() else None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
