"""Commits that are lost when the data folder is destroyed under load, for each way the log leaves it."""

from __future__ import annotations

import asyncio
import shutil
import time
from contextlib import suppress
from dataclasses import asdict, dataclass

import asyncpg
import psutil

from bench import report
from bench.backup_copy import BackedCopy, backed_copy
from xiong.platforms.local.supervision.client import SupervisorClient

_MODES = ("stream", "synchronous", "archive", "none")
_WRITERS, _LOAD_S, _QUICK_LOAD_S = 4, 20.0, 5.0
_TABLE = "bench_commits"


@dataclass(frozen=True)
class Loss:
    """One mode.

    Attributes:
        committed: rows that the database had confirmed.
        lost: of those, not there after `xiong restore newest`.
        window: seconds between the first lost confirmation and the destruction.
        per_second: commits.
    """

    committed: int
    lost: int
    window: float
    per_second: float


async def run(*, quick: bool) -> None:
    """Called by `python -m bench backup_losses`."""
    await asyncio.to_thread(asyncio.run, _all_modes(_QUICK_LOAD_S if quick else _LOAD_S))


async def _all_modes(seconds: float) -> None:
    found = {mode: await _lost(mode, seconds) for mode in _MODES}
    rows = [
        [f"`{mode}`", f"{one.lost} of {one.committed}", f"{one.window:.2f} s", f"{one.per_second:.0f}"]
        for mode, one in found.items()
    ]
    heads = ["`backup.wal`", "commits lost", "over the last", "commits a second"]
    report.table(f"the data folder is destroyed after {seconds:.0f} s of commits", heads, rows)
    report.note(f"{_WRITERS} writers, one row a commit; a set made just before; then `xiong restore newest`.")
    report.save("backup_losses", {mode: asdict(one) for mode, one in found.items()})


async def _lost(mode: str, seconds: float) -> Loss:
    report.note(f"destroys a data folder with backup.wal = {mode}")
    async with backed_copy(XIONG_BACKUP__WAL=mode) as copy:
        await _sql(
            copy, f"CREATE TABLE {_TABLE} (writer int, number int)", f"GRANT ALL ON {_TABLE} TO public"
        )
        await copy.xiong("backup", "create", "--full", "--no-dump")
        confirmed: list[tuple[float, int, int]] = []
        writers = [asyncio.create_task(_write(copy, writer, confirmed)) for writer in range(_WRITERS)]
        begun = time.monotonic()
        await asyncio.sleep(seconds)
        destroyed = await _destroyed(copy)
        await asyncio.gather(*writers, return_exceptions=True)
        await copy.xiong("restore", "newest", "--yes-restore", "newest")
        there = {(row[0], row[1]) for row in await _sql(copy, f"TABLE {_TABLE}")}
    lost = [at for at, *row in confirmed if tuple(row) not in there]
    window = max(destroyed - min(lost), 0.0) if lost else 0.0
    return Loss(len(confirmed), len(lost), window, len(confirmed) / (destroyed - begun))


async def _write(copy: BackedCopy, writer: int, confirmed: list[tuple[float, int, int]]) -> None:
    """As the service's own role, for which alone `synchronous` waits; ends when the database does."""
    access = await copy.platform().stores.access("postgres")
    password = await copy.platform().secret("database-app")
    connection = await asyncpg.connect(
        host=access.host,
        port=access.port,
        user="xiongichat_app",
        password=password.reveal(),
        database=access.database,
    )
    number = 0
    while True:
        await connection.execute(f"INSERT INTO {_TABLE} VALUES ({writer}, {number})")  # noqa: S608 - numbers
        confirmed.append((time.monotonic(), writer, number))
        number += 1


async def _destroyed(copy: BackedCopy) -> float:
    """When; the folder goes with the server that has it open, and nothing is flushed or sent on the way."""
    async with SupervisorClient(copy.state) as supervisor:
        (pid,) = [child.pid for child in await supervisor.list() if child.name == "postgres"]
    if pid is None:
        raise RuntimeError("the database does not run")
    parent = psutil.Process(pid)
    whole = [parent, *parent.children(recursive=True)]
    for one in whole:
        one.suspend()
    at = time.monotonic()
    shutil.rmtree(copy.state / "postgres")
    for one in whole:
        with suppress(psutil.NoSuchProcess):
            one.kill()
    return at


async def _sql(copy: BackedCopy, *statements: str) -> list[asyncpg.Record]:
    """What the last of them gives."""
    access = await copy.database()
    connection = await asyncpg.connect(
        host=access.host,
        port=access.port,
        user=access.user,
        password=access.password.reveal(),
        database=access.database,
    )
    try:
        return [await connection.fetch(statement) for statement in statements][-1]
    finally:
        await connection.close()
