"""The copy that the benchmarks of backups use: one replica and `xiong watch`, so the log leaves all the time.

The verbs are run as people run them, each in its own process, timed from outside with its peak of memory.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from bench import report
from bench.floor import READY_PATH
from xiong.config.load import load_settings
from xiong.datastores.postgres_tools import environment, program
from xiong.platforms.local.adapter import LocalPlatform
from xiong.tools.store_access import StoreAccess

MIB = 1 << 20
_ROOT = Path(__file__).parents[1]
_LOOK_S, _ANSWER_S, _DISK_BLOCKS = 0.02, 0.5, 512
_TRIES, _AGAIN_S = 60, 2.0
_ENVIRONMENT = {
    "XIONG_WATCH__ENABLED": "true",
    "XIONG_RECOVERY__ENABLED": "false",
    "XIONG_MONITORING__ENABLED": "false",
    "XIONG_CONSOLE__ENABLED": "false",
    "XIONG_PROXY__PORT": "0",
    "XIONG_SERVICE__REPLICAS": "1",
    "XIONG_SERVICE__SOURCE": str(_ROOT),
}
_VECTORS = """
CREATE TABLE bench_vectors (id bigint PRIMARY KEY, embedding vector(384));
INSERT INTO bench_vectors
SELECT i, ARRAY(SELECT random()::real FROM generate_series(1, 384) WHERE i > 0)::vector
FROM generate_series(1, {rows}) AS i;
SET maintenance_work_mem = '1GB';
CREATE INDEX ON bench_vectors USING hnsw (embedding vector_l2_ops);
"""


@dataclass(frozen=True)
class Done:
    """A verb that was run.

    Attributes:
        document: what it printed.
        seconds: from its start to its end, Python's own start included.
        peak_mib: of the largest of its processes.
    """

    document: dict[str, Any]
    seconds: float
    peak_mib: float


@dataclass(frozen=True)
class BackedCopy:
    """A running one.

    Attributes:
        scratch: a folder that goes with it.
        url: where the service is reached.
        environment: of its verbs.
    """

    scratch: Path
    url: str
    environment: Mapping[str, str]

    @property
    def state(self) -> Path:
        """Its state folder."""
        return self.scratch / "state"

    def platform(self) -> LocalPlatform:
        """Its primitives."""
        return LocalPlatform(load_settings(None, {"state": self.state, "proxy": {"port": 0}}))

    async def database(self) -> StoreAccess:
        """As its superuser."""
        return await self.platform().stores.access("postgres", superuser=True)

    async def xiong(self, *words: str) -> Done:
        """Runs a verb; RuntimeError when it fails."""
        return await asyncio.to_thread(_run, self.state, words, self.environment)

    async def patiently(self, *words: str) -> Done:
        """The same, again while `watch` is at work: after a restore it makes a full set."""
        return await _patiently(self.state, words, self.environment)

    async def shell(self, script: str) -> float:
        """What the seed does, as it does it; seconds."""
        begun = time.monotonic()
        process = await asyncio.create_subprocess_exec(
            "bash", "-c", f"set -o pipefail; {script}", env={**environment(await self.database())}
        )
        if await process.wait():
            raise RuntimeError(f"{script[:80]} ended with {process.returncode}")
        return time.monotonic() - begun


async def _patiently(state: Path, words: Sequence[str], surroundings: Mapping[str, str]) -> Done:
    for _ in range(_TRIES):
        with suppress(RuntimeError):
            return await asyncio.to_thread(_run, state, words, surroundings)
        await asyncio.sleep(_AGAIN_S)
    return await asyncio.to_thread(_run, state, words, surroundings)


def _run(state: Path, words: Sequence[str], surroundings: Mapping[str, str]) -> Done:
    argv = [sys.executable, "-m", "xiong", "--state", str(state), "--json", *words]
    begun = time.monotonic()
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as said:
        process = subprocess.Popen(argv, cwd=state.parent, env=dict(surroundings), stdout=out, stderr=said)
        _, status, used = os.wait4(process.pid, 0)
        seconds = time.monotonic() - begun
        process.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        said.seek(0)
        if process.returncode:
            raise RuntimeError(f"{words} ended with {process.returncode}: {said.read()[-2000:].decode()}")
        return Done(json.loads(out.read()), seconds, used.ru_maxrss / 1024)


@asynccontextmanager
async def backed_copy(**settings: str) -> AsyncIterator[BackedCopy]:
    """Brings one up with these settings (`XIONG_…`), and purges it in the end."""
    scratch = Path(tempfile.mkdtemp(prefix="xiong-bench-backup-"))
    scratch.chmod(0o711)  # the database's own user must pass through
    surroundings = {**os.environ, **_ENVIRONMENT, **settings}
    try:
        up = await asyncio.to_thread(_run, scratch / "state", ("up", "--detach"), surroundings)
        yield BackedCopy(scratch, up.document["url"], surroundings)
    finally:
        with suppress(RuntimeError):
            await _patiently(scratch / "state", ("down", "--purge", "--yes"), surroundings)
        shutil.rmtree(scratch, ignore_errors=True)


async def fill(copy: BackedCopy, scale: int, rows: int) -> None:
    """`pgbench -s` and vectors with an HNSW index."""
    report.note(f"fills the database: pgbench -s {scale}, {rows} vectors of 384 numbers with an HNSW index")
    access = await copy.database()
    script = copy.scratch / "vectors.sql"
    script.write_text(_VECTORS.format(rows=rows))
    await copy.shell(f"{program(access, 'pgbench')} -i -q -s {scale} 2>/dev/null")
    await copy.shell(f"{program(access, 'psql')} -q -v ON_ERROR_STOP=1 -f {script} -c CHECKPOINT")


async def seen_from_outside(copy: BackedCopy, *words: str) -> tuple[Done, float, float]:
    """A verb, and what somebody saw who asked all along; (done, seconds until served again, seconds away)."""
    looks: list[tuple[float, bool]] = []
    looking = asyncio.create_task(_look(copy.url, looks))
    begun = time.monotonic()
    try:
        done = await copy.xiong(*words)
        await asyncio.sleep(1)  # the last look stands behind the end
    finally:
        looking.cancel()
    away = [at for at, answered in looks if not answered and at >= begun]
    if not away:
        return done, 0.0, 0.0
    again = next(at for at, answered in looks if answered and at > away[-1])
    return done, again - begun, again - away[0]


async def _look(url: str, looks: list[tuple[float, bool]]) -> None:
    async with httpx.AsyncClient(base_url=url, timeout=_ANSWER_S, trust_env=False) as client:
        while True:
            try:
                answered = (await client.get(READY_PATH)).status_code == 200
            except httpx.HTTPError:
                answered = False
            looks.append((time.monotonic(), answered))
            await asyncio.sleep(_LOOK_S)


def disk(folder: Path) -> tuple[float, float]:
    """MiB/s of a file that is written and synced; of one that is only handed to the kernel."""
    file, block = folder / "disk", os.urandom(MIB)
    rates = []
    for synced in (True, False):
        begun = time.monotonic()
        with file.open("wb") as opened:
            for _ in range(_DISK_BLOCKS):
                opened.write(block)
            opened.flush()
            if synced:
                os.fsync(opened.fileno())
        rates.append(_DISK_BLOCKS / (time.monotonic() - begun))
        file.unlink()
    return rates[0], rates[1]
