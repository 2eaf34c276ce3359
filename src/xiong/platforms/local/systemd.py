"""A systemd unit for one copy: after a reboot everything serves, and a dead supervisor is restarted.

The unit runs the supervisor in the foreground, without its guard, since systemd does the guard's work.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
from pathlib import Path

from xiong.errors import PlatformError
from xiong.platforms.local import commands
from xiong.platforms.local.supervision.client import SupervisorClient
from xiong.platforms.onehost.layout import Layout
from xiong.tools import files, process


def unit(python: Path, state: Path) -> str:
    """The text of the unit.

    KillMode=process: when the supervisor dies, its children live on and the next one adopts them;
    an orderly stop ends them all.
    """
    argv = " ".join(
        _quoted(word)
        for word in (
            str(python),
            "-m",
            "xiong.platforms.local.supervision.daemon",
            "--state",
            str(state),
            "--foreground",
        )
    )
    return f"""[Unit]
Description=XiongiChat at {state}
After=network-online.target
Wants=network-online.target

[Service]
Type=simple
ExecStart={argv}
Restart=always
RestartSec=1
KillMode=process
KillSignal=SIGTERM
TimeoutStopSec=180

[Install]
WantedBy=multi-user.target
"""


def unit_file(state: Path) -> Path:
    """Where the unit lies: the system's folder as root, the user's else; one unit for each copy."""
    name = f"xiong-{hashlib.sha256(os.fsencode(state)).hexdigest()[:8]}.service"
    if os.geteuid() == 0:
        return Path("/etc/systemd/system") / name
    home = os.environ.get("XDG_CONFIG_HOME") or str(Path.home() / ".config")
    return Path(home) / "systemd" / "user" / name


async def install(layout: Layout) -> str:
    """Writes the unit; where systemd runs, hands the supervisor over to it.

    Raises:
        PlatformError: systemd refuses the unit.
    """
    file = unit_file(layout.root)
    files.write_atomic(file, unit(Path(sys.executable), layout.root).encode(), mode=0o644)
    if not Path("/run/systemd/system").is_dir() or shutil.which("systemctl") is None:
        return f"wrote {file}; systemd does not run here: enable it where it does"
    async with SupervisorClient(layout.root) as supervisor:
        await supervisor.shutdown(stop_children=False)
    scope = [] if os.geteuid() == 0 else ["--user"]
    for argv in (["daemon-reload"], ["enable", "--now", file.name]):
        done = await process.run(
            ["systemctl", *scope, *argv],
            environment={
                **commands.BASE_ENVIRONMENT,
                "XDG_RUNTIME_DIR": os.environ.get("XDG_RUNTIME_DIR", ""),
            },
            timeout_seconds=60,
        )
        if done.exit_code != 0:
            raise PlatformError(
                f"systemctl {' '.join(argv)} failed: {done.last_words}", hint=f"systemctl status {file.name}"
            )
    return f"wrote and enabled {file}"


def _quoted(word: str) -> str:
    """As systemd reads it: % is a specifier, and quotes keep spaces."""
    escaped = word.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%").replace("$", "$$")
    return f'"{escaped}"' if any(c in word for c in ' \t"\\$') else escaped
