"""A rollback after an expand migration serves; after a contract it is refused by the migration's name."""

from pathlib import Path

import pytest

from copies import Copy

pytestmark = pytest.mark.long

VERSIONS = Path("src/api/database/migrations/versions")
EXPAND = '''"""Adds a note to conversations."""

from alembic import op

revision = "0901"
phase = "expand"


def upgrade() -> None:
    op.execute("ALTER TABLE conversations ADD COLUMN note text")
'''
CONTRACT = '''"""Takes the note away again."""

from alembic import op

revision = "0902"
phase = "contract"


def upgrade() -> None:
    op.execute("ALTER TABLE conversations DROP COLUMN note")
'''


def test_the_whole_life_of_a_column(copy: Copy):
    first = copy.release()
    (copy.source / VERSIONS / "0901_note.py").write_text(EXPAND)
    deployed = copy.deploy().json
    second = deployed["release"]
    assert deployed["migrations"] == ["0901"]
    assert (copy.release(), deployed["probe"]["failed"]) == (second, 0)

    back = copy.xiong("rollback").json
    assert (copy.release(), back["probe"]["failed"]) == (first, 0)
    assert copy.xiong("status").json["healthy"]

    copy.xiong("deploy", second)
    (copy.source / VERSIONS / "0902_no_note.py").write_text(CONTRACT)
    third = copy.deploy().json
    assert third["migrations"] == []

    refused = copy.xiong("migrate", "--contract", expect=1).json["error"]["message"]
    assert "0902 is refused" in refused
    assert second in refused

    copy.change(
        "src/api/main.py", append="# a release that knows the contract migration, like the one before"
    )
    fourth = copy.deploy().json["release"]
    applied = copy.xiong("migrate", "--contract").json
    assert applied["applied"] == ["0902"]
    assert first in applied["given_up"]
    assert copy.xiong("status").json["healthy"]

    named = copy.xiong("rollback", first, expect=1).json["error"]["message"]
    assert f"{first} does not know the applied contract migration 0902" in named
    redeploy = copy.xiong("deploy", first, expect=1).json["error"]["message"]
    assert "contract migration 0902" in redeploy

    assert copy.xiong("rollback").json["release"] == third["release"]
    assert copy.release() == third["release"] != fourth
