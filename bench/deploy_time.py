"""How long a deploy takes, over what its replicas need for themselves."""

from __future__ import annotations

import time

from bench import floor, report
from bench.product import REPLICAS, Copy


async def run(copy: Copy, *, quick: bool) -> None:
    """Called by `python -m bench deploy_time`."""
    times = 1 if quick else 5
    alone = await floor.measure(copy, 3 if quick else 7)
    wall, phases = [], []
    for _ in range(times):
        release = await copy.other_release()
        begun = time.monotonic()
        receipt = await copy.xiong("deploy", release.id)
        wall.append(time.monotonic() - begun)
        phases.append(receipt["phases"])
    _show(copy, alone, wall, phases)


def _show(copy: Copy, alone: floor.Floor, wall: list[float], phases: list[dict[str, float]]) -> None:
    boot, stop = report.median(alone.boot), report.median(alone.stop)
    propagation = copy.settings.deploy.propagation_seconds
    least = REPLICAS * (boot + propagation + stop)
    took = report.median(wall)
    rows: list[list[object]] = [
        ["`xiong deploy` of a staged release", len(wall), f"{took:.2f} s", report.ratio(took, least)],
        [
            f"floor: {REPLICAS} × (boot {boot:.2f} + propagation {propagation:.2f} + stop {stop:.2f} s)",
            len(alone.boot),
            f"{least:.2f} s",
            "1",
        ],
    ]
    for name in phases[0]:
        seconds = report.median([p.get(name, 0.0) for p in phases])
        rows.append([f"of it, {name}", len(wall), f"{seconds:.2f} s", report.ratio(seconds, least)])
    rest = took - report.median([sum(p.values()) for p in phases])
    rows.append(["of it, outside the phases", len(wall), f"{rest:.2f} s", report.ratio(rest, least)])
    heads = ["what", "n", "median", "over the floor"]
    report.table(f"deploy_time: replacing {REPLICAS} replicas, nobody else asking", heads, rows)
    report.save(
        "deploy_time",
        {"wall": wall, "phases": phases, "boot": alone.boot, "stop": alone.stop, "floor": least},
    )
