"""The migration lint: what it refuses in an expand revision, and what it lets pass."""

from __future__ import annotations

from pathlib import Path

import pytest

from api.database.lint import findings
from api.database.revisions import RevisionError, shipped

REFUSED = {
    "drop column": 'op.drop_column("messages", "content")',
    "drop column in SQL": 'op.execute("ALTER TABLE messages DROP COLUMN content")',
    "drop table": 'op.drop_table("messages")',
    "drop table in SQL": 'op.execute("drop table if exists messages")',
    "rename table": 'op.rename_table("messages", "notes")',
    "rename table in SQL": 'op.execute("ALTER TABLE messages RENAME TO notes")',
    "rename column": 'op.alter_column("messages", "content", new_column_name="text")',
    "rename column in SQL": 'op.execute("ALTER TABLE messages RENAME COLUMN content TO text")',
    "set not null": 'op.alter_column("messages", "source", nullable=False)',
    "set not null in SQL": 'op.execute("ALTER TABLE messages ALTER COLUMN source SET NOT NULL")',
    "change type": 'op.alter_column("messages", "source", type_=sa.Integer())',
    "change type in SQL": 'op.execute("ALTER TABLE messages ALTER COLUMN source TYPE int USING 1")',
    "new not null": 'op.add_column("messages", sa.Column("a", sa.Text(), nullable=False))',
    "new not null in SQL": 'op.execute("ALTER TABLE messages ADD COLUMN a text NOT NULL")',
    "index": 'op.create_index("i", "messages", ["source"])',
    "index in SQL": 'op.execute("CREATE UNIQUE INDEX i ON messages (source)")',
    "concurrently in a transaction": 'op.execute("CREATE INDEX CONCURRENTLY i ON messages (source)")',
    "volatile default": (
        'op.add_column("messages", sa.Column("a", sa.Uuid(), server_default=sa.text("gen_random_uuid()")))'
    ),
    "volatile default in SQL": 'op.execute("ALTER TABLE messages ADD COLUMN a float DEFAULT random()")',
    "constraint": "op.execute(\"ALTER TABLE messages ADD CONSTRAINT c CHECK (role <> '')\")",
    "second statement": 'op.execute("SELECT 1; DROP TABLE messages")',
    "comment in between": 'op.execute("ALTER TABLE messages -- why\\n DROP COLUMN content")',
    "truncate": 'op.execute("TRUNCATE messages")',
}
ALLOWED = {
    "nullable column": 'op.add_column("messages", sa.Column("a", sa.Text(), nullable=True))',
    "not null with a default": (
        'op.add_column("messages", sa.Column("a", sa.Text(), nullable=False, server_default="x"))'
    ),
    "default now": 'op.execute("ALTER TABLE messages ADD COLUMN a timestamptz NOT NULL DEFAULT now()")',
    "new table with index": 'op.execute("CREATE TABLE fresh (a int NOT NULL)")\n'
    '    op.execute("CREATE INDEX i ON fresh (a)")',
    "new table by operation": 'op.create_table("fresh", sa.Column("a", sa.Integer()))\n'
    '    op.create_index("i", "fresh", ["a"])',
    "constraint later": "op.execute(\"ALTER TABLE messages ADD CONSTRAINT c CHECK (role <> '') NOT VALID\")",
    "words in a comment": "op.execute(\"COMMENT ON TABLE messages IS 'never drop column content'\")",
}
HEAD = 'from alembic import op\nimport sqlalchemy as sa\nrevision = "0002"\nphase = "{phase}"\n'


def _found(folder: Path, body: str, phase: str = "expand", extra: str = "") -> list[str]:
    (folder / "0002_x.py").write_text(HEAD.format(phase=phase) + extra + f"def upgrade():\n    {body}\n")
    (revision,) = shipped(folder)
    return [finding.what for finding in findings(revision)]


@pytest.mark.parametrize("body", REFUSED.values(), ids=REFUSED)
def test_an_unsafe_operation_is_found_once(tmp_path: Path, body: str) -> None:
    assert len(_found(tmp_path, body)) == 1


@pytest.mark.parametrize("body", ALLOWED.values(), ids=ALLOWED)
def test_a_safe_operation_passes(tmp_path: Path, body: str) -> None:
    assert _found(tmp_path, body) == []


def test_an_index_built_concurrently_outside_a_transaction_passes(tmp_path: Path) -> None:
    by_call = 'op.create_index("i", "messages", ["source"], postgresql_concurrently=True)'
    in_sql = 'op.execute("CREATE INDEX CONCURRENTLY IF NOT EXISTS i ON messages (source)")'
    for body in (by_call, in_sql):
        assert _found(tmp_path, body, extra="transactional = False\n") == []
        assert len(_found(tmp_path, body)) == 1


def test_a_contract_revision_may_take_away_but_not_lock(tmp_path: Path) -> None:
    assert _found(tmp_path, 'op.drop_column("messages", "content")', "contract") == []
    assert len(_found(tmp_path, 'op.create_index("i", "messages", ["source"])', "contract")) == 1


def test_the_shipped_revisions_are_clean() -> None:
    assert [finding for revision in shipped() for finding in findings(revision)] == []


def test_a_revision_file_must_say_what_it_is(tmp_path: Path) -> None:
    path = tmp_path / "0002_x.py"
    for text in ('revision = "0002"\n', 'phase = "expand"\n', 'revision = "2"\nphase = "maybe"\n'):
        path.write_text(text)
        with pytest.raises(RevisionError):
            shipped(tmp_path)
    path.write_text('revision = "0002"\nphase = "expand"\n')
    (tmp_path / "0003_y.py").write_text('revision = "0002"\nphase = "expand"\n')
    with pytest.raises(RevisionError, match="same revision"):
        shipped(tmp_path)
