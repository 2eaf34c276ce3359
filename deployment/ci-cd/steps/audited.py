"""Reads a report of pip-audit (JSON) and tells what it found; called by `audit.sh`.

Exit code 0: everything was looked up and nothing is known; 1: something is; 4: not everything was looked up.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

CLEAN, VULNERABLE, NOT_LOOKED_UP = 0, 1, 4


def judged(report: dict[str, Any]) -> tuple[int, list[str]]:
    """The exit code, and lines for people."""
    packages = report.get("dependencies", [])
    known = [(p, v) for p in packages for v in p.get("vulns", [])]
    if known:
        fixed = [", ".join(v.get("fix_versions", [])) or "no version yet" for _, v in known]
        lines = [f"{p['name']} {p['version']}: {v['id']}" for p, v in known]
        return VULNERABLE, [f"{line}, fixed in {fix}" for line, fix in zip(lines, fixed, strict=True)]
    skipped = [p["name"] for p in packages if "skip_reason" in p]
    if skipped or not packages:
        return NOT_LOOKED_UP, []
    return CLEAN, [f"{len(packages)} packages, no known vulnerability"]


def main(file: Path) -> int:
    """Judges a file; an empty one is a report that could not be made."""
    text = file.read_text(encoding="utf-8")
    code, lines = judged(json.loads(text) if text.strip() else {})
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    return code


if __name__ == "__main__":
    raise SystemExit(main(Path(sys.argv[1])))
