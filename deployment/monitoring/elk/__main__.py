"""`python -m deployment.monitoring.elk [--check]`: writes what follows from other files.

That is Logstash's filter, from the redaction's rule table and the log fields of the service, and Kibana's
objects. `--check` writes nothing and says what is stale; tests/deployment/logging checks. Exit code 0: every
file is as its source; 1: `--check` found one that is not; 2: wrong usage.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from deployment.monitoring.elk import filtering, saved_objects

HERE = Path(__file__).resolve().parent


def files() -> dict[Path, str]:
    """Each made file with its text."""
    return {
        HERE / "logstash" / "intake.conf": filtering.pipeline(),
        HERE / "kibana" / "objects.ndjson": saved_objects.objects(),
    }


def stale() -> list[Path]:
    """The files that are not what their source says."""
    return [file for file, text in files().items() if not file.is_file() or file.read_text("utf-8") != text]


def main(arguments: Sequence[str]) -> int:
    """Runs the command; returns its exit code."""
    if arguments not in ([], ["--check"]):
        sys.stderr.write("usage: python -m deployment.monitoring.elk [--check]\n")
        return 2
    found = stale()
    for file in found:
        if arguments:
            sys.stderr.write(f"{file} is out of date: run `python -m deployment.monitoring.elk`\n")
        else:
            file.write_text(files()[file], encoding="utf-8")
            sys.stdout.write(f"wrote {file}\n")
    return 1 if arguments and found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
