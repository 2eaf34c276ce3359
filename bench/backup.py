"""A database of 1.3 GB with an HNSW index: saved, verified, restored; beside what the seed's shell does.

The copy has `xiong watch`, so the log is streamed and shipped meanwhile, as for people. The disk's own speed
stands beside, since nothing here can be faster than it.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bench import report
from bench.product import printed_json
from xiong.config.load import load_settings
from xiong.datastores.postgres_tools import environment, program
from xiong.platforms.local.adapter import LocalPlatform
from xiong.tools.store_access import StoreAccess

_MIB = 1 << 20
_ROOT = Path(__file__).parents[1]
_VECTORS = """
CREATE TABLE bench_vectors (id bigint PRIMARY KEY, embedding vector(384));
INSERT INTO bench_vectors
SELECT i, ARRAY(SELECT random()::real FROM generate_series(1, 384) WHERE i > 0)::vector
FROM generate_series(1, {rows}) AS i;
SET maintenance_work_mem = '1GB';
CREATE INDEX ON bench_vectors USING hnsw (embedding vector_l2_ops);
"""


async def run(*, quick: bool) -> None:
    """Called by `python -m bench backup`."""
    await asyncio.to_thread(asyncio.run, _run(quick=quick))  # uvloop starts no process as another user


async def _run(*, quick: bool) -> None:
    scale, rows = (2, 2000) if quick else (60, 100_000)
    scratch = Path(tempfile.mkdtemp(prefix="xiong-bench-backup-"))
    scratch.chmod(0o711)
    state = scratch / "state"
    try:
        await _xiong(state, "up", "--detach")
        access = await LocalPlatform(
            load_settings(None, {"state": state, "proxy": {"port": 0}})
        ).stores.access("postgres", superuser=True)
        await _fill(access, scale, rows)
        await _measure(state, scratch, access)
    finally:
        await _xiong(state, "down", "--purge", "--yes")
        shutil.rmtree(scratch, ignore_errors=True)


async def _measure(state: Path, scratch: Path, access: StoreAccess) -> None:
    disk = _disk(scratch)
    ours: dict[str, float] = {}
    made, ours["backup"] = await _timed(state, "backup", "create", "--full", "--no-dump")
    dump = scratch / "dump.sql.gz"
    seed_backup = await _shell(access, f"{program(access, 'pg_dump')} | gzip > {dump}")
    _, ours["verify"] = await _timed(state, "backup", "verify", made["id"])
    await _timed(state, "backup", "create", "--incremental", "--no-dump")
    restored, ours["restore"] = await _timed(state, "restore", "newest", "--yes-restore", "newest")
    other = f"createdb={program(access, 'createdb')}; $createdb seed; "
    seed_restore = await _shell(access, f"{other} gunzip -c {dump} | {program(access, 'psql')} -q -d seed")
    size, stored = made["plain_bytes"], made["stored_bytes"]
    report.table(
        f"backup: {size / 1e6:.0f} MB, of which an HNSW index",
        ["what", "`xiong`", "the seed's shell", "over ours"],
        [
            [
                "backup",
                f"{ours['backup']:.1f} s",
                f"{seed_backup:.1f} s",
                report.ratio(seed_backup, ours["backup"]),
            ],
            ["stored", f"{stored / 1e6:.0f} MB, sealed", f"{dump.stat().st_size / 1e6:.0f} MB, in clear", ""],
            ["verify", f"{ours['verify']:.1f} s", "none", ""],
            [
                "restore, to the newest commit",
                f"{ours['restore']:.1f} s, nobody let in for {restored['gated_seconds']} s",
                f"{seed_restore:.1f} s, nobody let in all along",
                report.ratio(seed_restore, ours["restore"]),
            ],
        ],
    )
    report.note(f"Steps of the restore: {restored['seconds']}.")
    report.note(f"The disk by itself: {disk[0]:.0f} MiB/s written and synced, {disk[1]:.0f} MiB/s read.")
    report.note(_absent("barman", "pgbackrest"))
    report.save(
        "backup", {"ours": ours, "seed": [seed_backup, seed_restore], "bytes": size, "stored": stored}
    )


async def _fill(access: StoreAccess, scale: int, rows: int) -> None:
    report.note("fills the database")
    await _shell(access, f"{program(access, 'pgbench')} -i -q -s {scale}")
    script = Path(tempfile.mkstemp(suffix=".sql")[1])
    script.write_text(_VECTORS.format(rows=rows))
    await _shell(access, f"{program(access, 'psql')} -q -v ON_ERROR_STOP=1 -f {script}")
    script.unlink()


async def _xiong(state: Path, *words: str) -> tuple[dict[str, Any], float]:
    os.environ |= {
        "XIONG_WATCH__ENABLED": "true",
        "XIONG_MONITORING__ENABLED": "false",
        "XIONG_CONSOLE__ENABLED": "false",
        "XIONG_PROXY__PORT": "0",
        "XIONG_SERVICE__SOURCE": str(_ROOT),
        "XIONG_BACKUP__EVERY_HOURS": "1000",
    }
    argv = ["xiong", "--state", str(state), "--json", *words]
    return await printed_json([sys.executable, "-m", *argv], cwd=state.parent), 0.0


async def _timed(state: Path, *words: str) -> tuple[dict[str, Any], float]:
    begun = time.monotonic()
    found, _ = await _xiong(state, *words)
    return found, time.monotonic() - begun


async def _shell(access: StoreAccess, script: str) -> float:
    """What the seed does, as it does it; seconds."""
    begun = time.monotonic()
    process = await asyncio.create_subprocess_exec(
        "bash", "-c", f"set -o pipefail; {script}", env={**environment(access)}
    )
    if await process.wait():
        raise RuntimeError(f"{script[:80]} ended with {process.returncode}")
    return time.monotonic() - begun


def _disk(folder: Path) -> tuple[float, float]:
    """MiB/s written with fsync, and read from the page cache's disk."""
    file, block, count = folder / "disk", os.urandom(_MIB), 512
    begun = time.monotonic()
    with file.open("wb") as opened:
        for _ in range(count):
            opened.write(block)
        opened.flush()
        os.fsync(opened.fileno())
    written = count / (time.monotonic() - begun)
    begun = time.monotonic()
    with file.open("rb") as opened:
        while opened.read(_MIB):
            pass
    read = count / (time.monotonic() - begun)
    file.unlink()
    return written, read


def _absent(*names: Sequence[str] | str) -> str:
    missing = [str(name) for name in names if shutil.which(str(name)) is None]
    return f"Not run, since they are not installed: {', '.join(missing)}." if missing else ""
