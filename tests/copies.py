"""Whole copies of the product for tests: a source tree to deploy from, a state folder, the command line."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil

from xiong.config.load import load_settings
from xiong.platforms.local.adapter import LocalPlatform

ROOT = Path(__file__).parents[1]
QUICK = {
    "XIONG_PROXY__PORT": "0",
    "XIONG_DEPLOY__GATE_REQUESTS": "20",
    "XIONG_DEPLOY__READY_SECONDS": "20",
    "XIONG_DEPLOY__GATE_SECONDS": "10",
    "XIONG_DEPLOY__DRAIN_SECONDS": "10",
    "XIONG_DEPLOY__DISK_FREE_MB": "50",
    # Stories of the monitoring switch it on again.
    "XIONG_WATCH__ENABLED": "false",
    "XIONG_CONSOLE__ENABLED": "false",
    "XIONG_MONITORING__ENABLED": "false",
}


def finished(work):
    """The result of a coroutine, also for a caller inside an event loop."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, work).result()


def open_folder(name: str = "xiong copy ") -> Path:
    """A temporary folder that the database's system user can reach; its name has a space on purpose."""
    folder = Path(tempfile.mkdtemp(prefix=name))
    folder.chmod(0o755)
    return folder


def source_tree(folder: Path) -> Path:
    """A copy of what a release is built from, for a test to break."""
    folder.mkdir(parents=True)
    for name in ("src", "requirements"):
        ignore = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / name, folder / name, ignore=ignore)
    for name in ("deployment/monitoring", "deployment/docker", "deployment/kubernetes/rendered"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, folder / name)
    return folder


@dataclass(frozen=True)
class Ran:
    """How a call of the command line ended."""

    exit_code: int
    out: str
    err: str

    @property
    def json(self):
        return json.loads(self.out)


class Copy:
    """One state folder and the ways to treat it."""

    def __init__(self, folder: Path, **environment: str) -> None:
        self.folder = folder
        self.state = folder / "state"
        self.source = source_tree(folder / "source")
        self.environment = {
            **os.environ,
            **QUICK,
            "XIONG_SERVICE__SOURCE": str(self.source),
            **environment,
        }
        self._url = ""

    def argv(self, *words: str) -> list[str]:
        return [sys.executable, "-m", "xiong", "--state", str(self.state), "--json", *words]

    def xiong(self, *words: str, timeout: float = 110, expect: int | None = 0) -> Ran:
        """Runs a verb; the exit code must be as expected (None: any)."""
        done = subprocess.run(
            self.argv(*words),
            env=self.environment,
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )
        ran = Ran(done.returncode, done.stdout, done.stderr)
        assert expect is None or ran.exit_code == expect, f"exit {ran.exit_code}: {ran.err}\n{ran.out}"
        return ran

    def begin(self, *words: str) -> subprocess.Popen[str]:
        """Starts a verb and does not wait for it."""
        return subprocess.Popen(
            self.argv(*words),
            env=self.environment,
            cwd=self.folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def up(self, *words: str) -> dict:
        result = self.xiong("up", "--detach", *words).json
        self._url = result["url"]
        return result

    def change(self, file: str, *, append: str) -> None:
        """Makes the next build another release."""
        with (self.source / file).open("a") as opened:
            opened.write(f"\n\n{append}\n")

    def deploy(self, *, expect: int | None = 0) -> Ran:
        return self.xiong("deploy", "--from", str(self.source), expect=expect)

    def platform(self) -> LocalPlatform:
        return LocalPlatform(load_settings(None, {"state": self.state, "proxy": {"port": 0}}))

    def instances(self, service: str | None = None):
        return finished(self.platform().instances(service))

    def pid(self, name: str) -> int:
        return next(int(i.identity.partition("@")[0]) for i in self.instances() if i.name == name)

    def sql(self, script: str) -> list[str]:
        """Rows of a query as the superuser, columns joined by |."""
        argv = ["psql", "-d", "xiongichat", "-qAt"]
        done = finished(self.platform().run_store_tool("postgres", argv, script.encode()))
        assert done.exit_code == 0, done.stderr
        return done.stdout.split()

    @property
    def url(self) -> str:
        return self._url

    def client(self, **arguments) -> httpx.AsyncClient:
        token = (self.state / "secrets" / "operator-token").read_text()
        return httpx.AsyncClient(
            base_url=self.url,
            headers={"Authorization": f"Bearer {token}"},
            timeout=30,
            trust_env=False,
            **arguments,
        )

    def release(self) -> str:
        """What the proxy answers with."""
        return httpx.get(f"{self.url}/api/v1/healthz", timeout=10, trust_env=False).json()["release"]

    def processes(self) -> list[psutil.Process]:
        """Every process that has anything to do with this state folder."""
        mark = str(self.state)
        found = []
        for process in psutil.process_iter():
            try:
                if process.status() == psutil.STATUS_ZOMBIE:
                    continue
                words = [*process.cmdline(), process.cwd(), *process.environ().values()]
            except psutil.Error:
                continue
            if process.pid != os.getpid() and any(mark in word for word in words):
                found.append(process)
        return found

    def crash(self, *, spared: int = 0) -> None:
        """All dies at once, as when the machine does: nobody is left for a moment to restart another."""
        while found := [p for p in self.processes() if p.pid != spared]:
            for end in (psutil.Process.suspend, psutil.Process.kill):
                for process in found:
                    with suppress(psutil.NoSuchProcess):
                        end(process)
            psutil.wait_procs(found, timeout=5)

    def remove(self) -> None:
        """Stops everything and leaves nothing behind, whatever a test did."""
        self.xiong("down", "--purge", "--yes", expect=None)
        self.crash()
        shutil.rmtree(self.folder, ignore_errors=True)
