"""supervisord, in an environment of its own, running one replica; the rival in `crash` and `heal`."""

from __future__ import annotations

import asyncio
import contextlib
import re
import sys
from pathlib import Path
from types import TracebackType

import psutil

from bench.floor import READY_PATH
from bench.ports import free_port, serving
from bench.product import Copy
from xiong.platforms.local.programs import find_programs

_INSTALL_S = 60.0
_LOCK = Path(__file__).parents[1] / "requirements" / "bench.txt"


async def supervisord_program(folder: Path) -> tuple[Path | None, str]:
    """Installs it below `folder`; returns the program, or None and why not."""
    uv, environment = str(find_programs().uv), folder / "venv"
    python, lock = environment / "bin" / "python", folder / "supervisor.txt"
    lock.write_text(_locked("supervisor"))
    for argv in (
        [uv, "venv", "--quiet", f"--python={sys.executable}", str(environment)],
        [uv, "pip", "install", "--quiet", f"--python={python}", "--require-hashes", "-r", str(lock)],
    ):
        process = await asyncio.create_subprocess_exec(
            *argv, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE
        )
        try:
            async with asyncio.timeout(_INSTALL_S):
                _, words = await process.communicate()
        except TimeoutError:
            process.kill()
            await process.wait()
            return None, f"it was not installed within {_INSTALL_S:g} s"
        if process.returncode:
            lines = words.decode(errors="replace").strip().splitlines() or ["the installation failed"]
            return None, lines[-1]
    return environment / "bin" / "supervisord", ""


def _locked(package: str) -> str:
    """Its entry of the lock file; it has no dependencies, and the others there are large."""
    entries = re.split(r"\n(?=\S)", _LOCK.read_text())
    return next(entry for entry in entries if entry.startswith(f"{package}=="))


class Supervisord:
    """A supervisord with one replica of the product's running release, while the block runs."""

    def __init__(self, program: Path, folder: Path, copy: Copy) -> None:
        self.port = free_port()
        self._program = program
        self._folder = folder
        self._copy = copy
        self._process: asyncio.subprocess.Process | None = None

    async def __aenter__(self) -> Supervisord:
        configuration = self._folder / "supervisord.conf"
        configuration.write_text(self._configuration())
        configuration.chmod(0o600)
        self._process = await asyncio.create_subprocess_exec(
            str(self._program),
            *("--nodaemon", "--configuration", str(configuration)),
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )
        await serving(self.port, READY_PATH)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._process is not None
        with contextlib.suppress(ProcessLookupError):
            self._process.terminate()
        await self._process.wait()

    def child(self) -> int:
        """The replica's pid."""
        assert self._process is not None
        (child,) = psutil.Process(self._process.pid).children()
        return child.pid

    def _configuration(self) -> str:
        """Its defaults, which restart at once whatever ended after `startsecs`."""
        spec = self._copy.replica_spec(self._copy.releases[0], self.port)
        variables = ",".join(f'{k}="{_escaped(v)}"' for k, v in spec.env.items())
        return "\n".join(
            [
                "[supervisord]",
                "user=root" if psutil.Process().uids().real == 0 else "",
                f"logfile={self._folder}/supervisord.log",
                f"pidfile={self._folder}/supervisord.pid",
                "[program:api]",
                f"command={' '.join(_escaped(part) for part in spec.argv)}",
                f"directory={spec.cwd}",
                f"environment={variables}",
                "autorestart=true",
                "stopsignal=TERM",
                f"stdout_logfile={self._folder}/api.log",
                "redirect_stderr=true",
                "",
            ]
        )


def _escaped(text: str) -> str:
    return text.replace("%", "%%")
