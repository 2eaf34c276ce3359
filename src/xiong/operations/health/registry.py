"""Which checks there are, in the order of what depends on what."""

from __future__ import annotations

from xiong.operations.health.check import Check
from xiong.operations.health.checks.api import API
from xiong.operations.health.checks.backups import BACKUPS
from xiong.operations.health.checks.cache import CACHE
from xiong.operations.health.checks.certificate import CERTIFICATE
from xiong.operations.health.checks.clock import CLOCK
from xiong.operations.health.checks.database import DATABASE
from xiong.operations.health.checks.disk import DISK
from xiong.operations.health.checks.drills import DRILLS
from xiong.operations.health.checks.memory import MEMORY
from xiong.operations.health.checks.model import MODEL
from xiong.operations.health.checks.monitoring import MONITORING
from xiong.operations.health.checks.pager import PAGER
from xiong.operations.health.checks.proxy import PROXY
from xiong.operations.health.checks.wal import WAL

CHECKS: tuple[Check, ...] = (
    DISK,
    MEMORY,
    CLOCK,
    DATABASE,
    CACHE,
    MODEL,
    API,
    PROXY,
    PAGER,
    CERTIFICATE,
    MONITORING,
    DRILLS,
    WAL,
    BACKUPS,
)


def by_name(name: str) -> Check:
    """The check of that name.

    Raises:
        KeyError: there is none.
    """
    return {check.name: check for check in CHECKS}[name]
