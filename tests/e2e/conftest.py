"""One running copy for each file of stories; files run side by side, a file's stories in order."""

from collections.abc import Iterator

import pytest

from copies import Copy, open_folder


@pytest.fixture(scope="module")
def copy() -> Iterator[Copy]:
    """A copy with two replicas that serves."""
    made = Copy(open_folder())
    try:
        made.up()
        yield made
    finally:
        made.remove()
