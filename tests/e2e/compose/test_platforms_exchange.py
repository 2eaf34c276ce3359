"""A backup of containers is brought back on plain processes, by another major version of PostgreSQL."""

from collections.abc import Iterator

import pytest

from composed import ComposedCopy, talks
from copies import Copy, open_folder

pytestmark = [pytest.mark.compose, pytest.mark.timeout(600)]
ROWS = "SELECT count(*), count(DISTINCT conversation_id), max(id::text) FROM messages"


@pytest.fixture
def elsewhere(copy: ComposedCopy) -> Iterator[Copy]:
    """A copy of plain processes that knows the other's repository and its offline key."""
    made = Copy(
        open_folder(),
        XIONG_BACKUP__REPOSITORIES=f'["file://{copy.state}/backups"]',
        XIONG_BACKUP_IDENTITY_FILE=str(copy.state / "secrets" / "backup-offline-key"),
    )
    try:
        made.up()
        yield made
    finally:
        made.remove()


def test_a_dump_of_containers_serves_on_plain_processes_of_a_newer_major(copy: ComposedCopy, elsewhere: Copy):
    for number in range(3):
        talks(copy, f"moving-{number}")
    rows = copy.sql(ROWS)
    saved = copy.xiong("backup", "create", "--dump").json

    refused = elsewhere.xiong("restore", saved["id"], "--yes-restore", saved["id"], expect=1)
    moved = elsewhere.xiong("restore", saved["id"], "--logical", "--yes-restore", saved["id"]).json

    assert "only the same major version" in refused.json["error"]["message"]
    assert elsewhere.sql(ROWS) == rows
    assert moved["rows"] >= 6
    assert elsewhere.xiong("status").json["healthy"]
    talks(elsewhere, "moving-0")
    elsewhere.xiong("restore", "--undo")
    assert elsewhere.sql(ROWS) != rows
