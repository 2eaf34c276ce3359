"""The product as the benchmarks run it: a copy of its own, two releases, the command line."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from xiong.config.load import load_settings
from xiong.config.settings import Settings
from xiong.model.release import Release
from xiong.platforms.local import specs
from xiong.platforms.local.adapter import LocalPlatform
from xiong.platforms.local.programs import find_programs
from xiong.platforms.local.releases import ReleaseFolders
from xiong.platforms.local.replicas import LocalReplicas
from xiong.platforms.local.supervision.client import SupervisorClient
from xiong.platforms.local.supervision.spec import ProcessSpec
from xiong.platforms.onehost.layout import Layout, layout_for
from xiong.platforms.onehost.ports import Ports, ports_for

REPLICAS = 3
_ROOT = Path(__file__).parents[1]
_NOT_SOURCE = shutil.ignore_patterns(".git", ".venv", ".xiong*", "bench", "tests", "__pycache__", ".*_cache")


@dataclass(frozen=True)
class Copy:
    """A running copy of the product.

    Attributes:
        state: its state folder.
        settings: what it runs with.
        url: where it is reached.
        token: of the operators' application.
        releases: two that differ in a comment; the first ran first.
    """

    state: Path
    settings: Settings
    url: str
    token: str
    releases: tuple[Release, Release]

    @property
    def layout(self) -> Layout:
        return layout_for(self.settings.state)

    @property
    def ports(self) -> Ports:
        return ports_for(self.settings, self.layout.ports)

    @property
    def supervisor(self) -> SupervisorClient:
        return SupervisorClient(self.layout.root)

    def folders(self) -> ReleaseFolders:
        return ReleaseFolders(self.layout, find_programs())

    def driver(self) -> LocalReplicas:
        """What the product itself uses to replace a replica."""
        start_of = LocalPlatform(self.settings).start_of
        return LocalReplicas(self.supervisor, self.settings, self.layout, self.ports, start_of)

    def replica_spec(self, release: Release, port: int) -> ProcessSpec:
        """How a replica of the release is run, on a port that no slot has."""
        start = LocalPlatform(self.settings).start_of(release.id)
        ports = replace(self.ports, slots=(port,))
        return specs.replica(0, start, self.settings, self.layout, ports)

    async def running_release(self) -> str:
        """The release that all replicas run.

        Raises:
            RuntimeError: they run different ones.
        """
        found = {r.release_id for r in await self.driver().replicas()}
        if len(found) != 1:
            raise RuntimeError(f"the replicas run {sorted(map(str, found))}, expected one release")
        return str(found.pop())

    async def other_release(self) -> Release:
        """Of the two, the one that does not run now."""
        running = await self.running_release()
        return next(r for r in self.releases if r.id != running)

    async def xiong(self, *arguments: str) -> dict[str, Any]:
        """Runs a verb as people do and returns what it prints."""
        return await command_line(self.state, *arguments)


async def command_line(state: Path, *arguments: str) -> dict[str, Any]:
    """`xiong --state STATE --json …`.

    Raises:
        RuntimeError: it failed; its last words are in the message.
    """
    argv = [sys.executable, "-m", "xiong", "--state", str(state), "--json", *arguments]
    return await printed_json(argv, cwd=state.parent)


async def printed_json(argv: list[str], cwd: Path) -> dict[str, Any]:
    """Runs a command and reads the JSON object that it prints."""
    process = await asyncio.create_subprocess_exec(
        *argv,
        cwd=cwd,
        env=_environment(),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, words = await process.communicate()
    if process.returncode:
        raise RuntimeError(f"{argv[2:]} ended with {process.returncode}: {words.decode()[-2000:]}")
    document: dict[str, Any] = json.loads(out)
    return document


def _environment() -> dict[str, str]:
    """What the benchmarks compare runs alone: nothing that watches it takes its share of the machine."""
    watching = {f"XIONG_{part}__ENABLED": "false" for part in ("WATCH", "MONITORING", "CONSOLE")}
    return {**os.environ, **watching, "XIONG_PROXY__PORT": "0", "XIONG_SERVICE__REPLICAS": str(REPLICAS)}


@asynccontextmanager
async def running_copy(state: Path | None) -> AsyncIterator[Copy]:
    """Brings the product up, and purges it in the end.

    Args:
        state: a copy that runs already and shall run on; None makes one.
    """
    scratch = Path(tempfile.mkdtemp(prefix="xiong-bench-"))
    scratch.chmod(0o711)  # the database's own user must pass through
    own = state is None
    folder = state or scratch / "state"
    source = Path(os.environ.get("XIONG_SERVICE__SOURCE", _ROOT))
    try:
        trees = [_tree(source, scratch / name, name) for name in ("first", "second")]
        os.environ["XIONG_SERVICE__SOURCE"] = str(trees[0])
        up = await command_line(folder, "up", "--detach")
        flags = {"state": folder, "proxy": {"port": 0}, "service": {"replicas": REPLICAS}}
        settings = load_settings(None, flags)
        # in a loop of asyncio's own: uvloop cannot start processes in the way the tool does
        built = await asyncio.to_thread(asyncio.run, _staged(settings, trees))
        token = Path(up["token_file"]).read_text().strip()
        yield Copy(folder, settings, up["url"], token, (built[0], built[1]))
    finally:
        if own and folder.exists():
            await command_line(folder, "down", "--purge", "--yes")
        os.environ["XIONG_SERVICE__SOURCE"] = str(source)
        shutil.rmtree(scratch, ignore_errors=True)


async def _staged(settings: Settings, trees: list[Path]) -> list[Release]:
    platform = LocalPlatform(settings)
    return [await platform.stage(tree, lambda _: None) for tree in trees]


def _tree(source: Path, target: Path, name: str) -> Path:
    """A copy of the source tree that differs from the other in a comment: another release."""
    shutil.copytree(source, target, ignore=_NOT_SOURCE)
    with (target / "src" / "api" / "__init__.py").open("a") as file:
        file.write(f"\n# {name}\n")
    return target
