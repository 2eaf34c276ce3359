"""All drills, in the order in which `--all` runs them."""

from __future__ import annotations

from xiong.errors import UsageError
from xiong.operations.drill import restoring
from xiong.operations.drill.drill import Drill
from xiong.operations.drill.faults import (
    bad_release,
    clock_jump,
    exhaust_connections,
    fill_disk,
    hang_database,
    hang_replica,
    kill_all_replicas,
    kill_cache,
    kill_database,
    kill_pager,
    kill_proxy,
    kill_replica,
    kill_watch,
    partition,
    slow_release,
    slow_replica,
)

DRILLS: tuple[Drill, ...] = (
    kill_replica.DRILL,
    hang_replica.DRILL,
    slow_replica.DRILL,
    kill_all_replicas.DRILL,
    kill_proxy.DRILL,
    kill_database.DRILL,
    hang_database.DRILL,
    kill_cache.DRILL,
    fill_disk.DRILL,
    exhaust_connections.DRILL,
    clock_jump.DRILL,
    bad_release.DRILL,
    slow_release.DRILL,
    kill_watch.DRILL,
    kill_pager.DRILL,
    partition.DRILL,
    restoring.DRILL,
)


def by_name(name: str) -> Drill:
    """The drill of that name.

    Raises:
        UsageError: there is none.
    """
    found = next((drill for drill in DRILLS if drill.name == name), None)
    if found is None:
        names = ", ".join(drill.name for drill in DRILLS)
        raise UsageError(f"there is no drill {name}: expected one of {names}", hint="xiong drill --list")
    return found
