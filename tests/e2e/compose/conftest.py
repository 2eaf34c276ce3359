"""One running copy in containers for each file of stories."""

from collections.abc import Iterator

import pytest

from composed import ComposedCopy, composed
from copies import open_folder
from docker_engine import ENGINES


@pytest.fixture(scope="module", params=ENGINES)
def copy() -> Iterator[ComposedCopy]:
    """A copy with two replicas that serves."""
    made = composed(open_folder())
    try:
        made.up()
        yield made
    finally:
        made.remove()


@pytest.fixture(scope="module", params=ENGINES)
def watched() -> Iterator[ComposedCopy]:
    """A copy with everything: `watch`, console, Prometheus, Alertmanager, the receiver of the log."""
    made = composed(
        open_folder(),
        XIONG_WATCH__ENABLED="true",
        XIONG_WATCH__CYCLE_SECONDS="1",
        XIONG_MONITORING__ENABLED="true",
        XIONG_CONSOLE__ENABLED="true",
        XIONG_BACKUP__EVERY_HOURS="1000",
    )
    try:
        made.up()
        yield made
    finally:
        made.remove()
