"""`python -m api.pager` calls people for help until it is stopped; `check FILE` shows what a file would do.

Exit codes: 0 stopped in order, 2 a setting or PAGING_FILE cannot be used.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import uvloop

from api.logs import configure
from api.pager.checking import check
from api.pager.places import ConfigurationError
from api.pager.plan import Planning
from api.pager.process import serve
from api.settings import Settings, SettingsError

USAGE = "usage: python -m api.pager [check FILE]"


def main(arguments: list[str]) -> int:
    """Runs what the arguments say; returns the exit code."""
    match arguments:
        case []:
            return _serve()
        case ["check", path]:
            return _check(Path(path))
    print(USAGE, file=sys.stderr)  # noqa: T201
    return 2


def _serve() -> int:
    try:
        settings = Settings.from_environment(os.environ)
        log = configure(settings)
        planning = Planning(settings.paging_file, log)
        planning.begin()
        settings.spool_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    except (SettingsError, ConfigurationError, OSError) as error:
        print(error, file=sys.stderr)  # noqa: T201
        return 2
    uvloop.run(serve(settings, planning, log))
    return 0


def _check(path: Path) -> int:
    try:
        lines = check(path)
    except ConfigurationError as error:
        print(error, file=sys.stderr)  # noqa: T201
        return 2
    print("\n".join(lines))  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
