"""What the tests of the log pipeline share: where its files lie, and the programs that run Logstash's filter.

Logstash itself is large; what stands in for it is any `logstash-filter PIPELINE < EVENTS`, any
`logstash-lint FILE` and any `gsub-check RULES TEXTS` on PATH that use its regex engine. Without them the
tests that ask are not run.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

FOLDER = Path(__file__).parents[1] / "deployment" / "monitoring" / "elk"
INTAKE = FOLDER / "logstash" / "intake.conf"


def on_path(program: str) -> list[str]:
    """The program; empty where there is none."""
    return [found] if (found := shutil.which(program)) else []


def filtered(program: str, *lines: str) -> list[dict]:
    """What comes out of the filter for lines as Filebeat hands them over."""
    events = "".join(json.dumps({"message": line, "instance": "api-0"}) + "\n" for line in lines)
    return [json.loads(line) for line in run([program, str(INTAKE)], events).splitlines()]


def run(argv: list[str], text: str) -> str:
    """What a program prints; it must end well."""
    done = subprocess.run(argv, input=text, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
