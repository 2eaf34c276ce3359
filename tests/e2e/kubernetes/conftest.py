"""One running copy in a namespace of its own for each file of stories."""

from collections.abc import Iterator

import pytest

from clustered import PLACES, ClusteredCopy, place
from copies import open_folder


@pytest.fixture(scope="module", params=PLACES)
def copy() -> Iterator[ClusteredCopy]:
    """A copy with two replicas that serves."""
    with place() as kubernetes:
        made = ClusteredCopy(open_folder(), kubernetes)
        try:
            made.up()
            yield made
        finally:
            made.remove()
