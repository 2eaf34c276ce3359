"""A database of 1.3 GB with an HNSW index: saved, verified, restored; beside the seed's shell and Barman.

Then how it grows with the size. The disk's own speed stands beside, since nothing here can be faster than it.
"""

from __future__ import annotations

import asyncio
from dataclasses import asdict, dataclass, field

from bench import backup_rivals, report
from bench.backup_copy import MIB, BackedCopy, Done, backed_copy, disk, fill, seen_from_outside
from bench.backup_rivals import Rival
from xiong.datastores.postgres_tools import program

_SCALE, _ROWS, _ROUNDS = 60, 100_000, 3
_GROWTH = {"0.1 GB": 7, "1 GB": 67}
_LARGE = {"5 GB": 335}
_QUICK_SCALE, _QUICK_ROWS = 2, 2000
_NO_DUMP = ("--no-dump",)


@dataclass
class Ours:
    """Rounds of our own verbs.

    Attributes:
        backups, restores: as they ended.
        serving: seconds from the start of a restore until somebody outside was served again.
        away: seconds for which nobody was served.
    """

    backups: list[Done] = field(default_factory=list)
    restores: list[Done] = field(default_factory=list)
    serving: list[float] = field(default_factory=list)
    away: list[float] = field(default_factory=list)

    @property
    def backup(self) -> float:
        """Median seconds."""
        return report.median([one.seconds for one in self.backups])

    @property
    def restore(self) -> float:
        """Median seconds until it serves."""
        return report.median(self.serving)

    @property
    def peaks(self) -> tuple[float, float]:
        """MiB of the largest process of a backup, of a restore."""
        return max(one.peak_mib for one in self.backups), max(one.peak_mib for one in self.restores)


async def run(*, quick: bool) -> None:
    """Called by `python -m bench backup`."""
    await backup_rivals.installed("barman", "pgbackrest")
    await asyncio.to_thread(asyncio.run, _beside(quick=quick))  # uvloop starts no process as another user


async def run_growth(*, quick: bool, large: bool = False) -> None:
    """Called by `python -m bench backup_growth`."""
    await asyncio.to_thread(asyncio.run, _growth(quick=quick, large=large))


async def _beside(*, quick: bool) -> None:
    scale, rows = (_QUICK_SCALE, _QUICK_ROWS) if quick else (_SCALE, _ROWS)
    rounds = 1 if quick else _ROUNDS
    async with backed_copy() as copy:
        await fill(copy, scale, rows)
        dump, access = copy.scratch / "dump.sql.gz", await copy.database()
        speeds = [disk(copy.scratch)]
        ours = Ours()
        for _ in range(rounds):
            ours.backups.append(await _saved(copy))
        verified = await copy.xiong("backup", "verify", "newest")
        seed_backup = await copy.shell(f"{program(access, 'pg_dump')} | gzip > {dump}")
        rival = await backup_rivals.barman(copy)
        await backup_rivals.pgbackrest(copy)
        speeds.append(disk(copy.scratch))
        for _ in range(rounds):
            await _restored(copy, ours)
        speeds.append(disk(copy.scratch))
        report.note("restores the seed's dump: minutes, since the index is built anew")
        create, psql = program(access, "createdb"), program(access, "psql")
        seed_restore = await copy.shell(f"{create} seed; gunzip -c {dump} | {psql} -q -d seed > /dev/null")
        _print(ours, verified, Rival(seed_backup, dump.stat().st_size, seed_restore), rival, speeds)


def _print(
    ours: Ours, verified: Done, seed: Rival, rival: Rival | None, speeds: list[tuple[float, float]]
) -> None:
    made = ours.backups[-1].document
    others = {"the seed's shell": seed, **({"Barman": rival} if rival else {})}
    rows = [
        ["backup", f"{ours.backup:.1f} s", *_beside_ours("backup", ours.backup, others)],
        ["stored", f"{made['stored_bytes'] / 1e6:.0f} MB, sealed"]
        + [f"{one.stored / 1e6:.0f} MB, in clear" for one in others.values()],
        ["verify", f"{verified.seconds:.1f} s", *["none" for _ in others]],
        [
            "restore, until it serves",
            f"{ours.restore:.1f} s, away for {report.median(ours.away):.1f} s",
            *_beside_ours("restore", ours.restore, others),
        ],
        ["most memory, backup / restore", "{:.0f} / {:.0f} MiB".format(*ours.peaks), *["" for _ in others]],
    ]
    report.table(f"backup: {made['plain_bytes'] / 1e6:.0f} MB", ["what", "`xiong`", *others], rows)
    report.note(f"Steps of the last restore: {ours.restores[-1].document['seconds']}.")
    report.note(
        "Barman and the seed: alone, nobody let in until the end; ours served the old data meanwhile."
    )
    _note_disk(speeds, made["plain_bytes"])
    report.save(
        "backup",
        {
            "ours": asdict(ours),
            "verify": verified.seconds,
            "others": {name: asdict(one) for name, one in others.items()},
            "disk": speeds,
        },
    )


def _beside_ours(what: str, ours: float, others: dict[str, Rival]) -> list[str]:
    seconds = [float(getattr(one, what)) for one in others.values()]
    return [f"{one:.1f} s, {report.ratio(one, ours)}" for one in seconds]


def _note_disk(speeds: list[tuple[float, float]], size: int) -> None:
    synced, handed = ([f"{speed[part]:.0f}" for speed in speeds] for part in (0, 1))
    slowest = min(speed[0] for speed in speeds)
    report.note(
        f"The disk by itself: {', '.join(synced)} MiB/s written and synced (begin, middle, end), "
        f"{', '.join(handed)} MiB/s handed to the kernel: {size / MIB / slowest:.1f} s for that much data."
    )


async def _saved(copy: BackedCopy) -> Done:
    return await copy.xiong("backup", "create", "--full", *_NO_DUMP)


async def _restored(copy: BackedCopy, ours: Ours) -> None:
    done, serving, away = await seen_from_outside(copy, "restore", "newest", "--yes-restore", "newest")
    ours.restores.append(done)
    ours.serving.append(serving)
    ours.away.append(away)
    await copy.patiently("restore", "--confirm")
    await copy.patiently("backup", "create", "--full", *_NO_DUMP)  # else `watch` does, into the next round


async def _growth(*, quick: bool, large: bool) -> None:
    sizes = {"quick": _QUICK_SCALE} if quick else {**_GROWTH, **(_LARGE if large else {})}
    rows, raw = [], {}
    async with backed_copy() as copy:
        for name, scale in sizes.items():
            await fill(copy, scale, 0)
            speed, ours = disk(copy.scratch), Ours()
            ours.backups.append(await _saved(copy))
            await _restored(copy, ours)
            made, peaks = ours.backups[0].document, ours.peaks
            rate = made["plain_bytes"] / MIB / ours.backup
            raw[name] = {**asdict(ours), "disk": speed}
            rows.append(
                [
                    f"{made['plain_bytes'] / 1e9:.2f} GB",
                    f"{ours.backup:.1f} s, {rate:.0f} MiB/s",
                    f"{ours.restore:.1f} s",
                    f"{peaks[0]:.0f} / {peaks[1]:.0f} MiB",
                    f"{speed[0]:.0f} MiB/s",
                ]
            )
    heads = ["data", "backup", "restore, until it serves", "most memory, backup / restore", "the disk alone"]
    report.table("backup: growth", heads, rows)
    report.save("backup_growth", raw)
