"""Every column of every table is classified, and docs/reference/personal-data.md says the same."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from api.database.tables import metadata
from api.pages.tables import metadata as pages_metadata
from api.person.fields import FIELDS, Whose
from repo import tree

PAGE = "docs/reference/personal-data.md"


def documented() -> dict[str, tuple[str, str]]:
    """{table.column: (whose, after an erasure)} of the page."""
    found: dict[str, tuple[str, str]] = {}
    for row in tree.tables(tree.read(PAGE)):
        for name in tree.inline_code(row[0]):
            assert name not in found, f"{name} is documented twice"
            assert all(row), row
            found[name] = (row[2], row[4])
    return found


async def test_every_column_of_the_database_is_classified_and_none_besides(rows: Any) -> None:
    columns = await rows(
        "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'public'"
    )
    real = {(row["table_name"], row["column_name"]) for row in columns}
    assert len(real) > 60
    assert {(table, column) for table, inner in FIELDS.items() for column in inner} == real


def test_every_table_of_the_code_is_classified() -> None:
    known = {str(table.name) for table in [*metadata.tables.values(), *pages_metadata.tables.values()]}
    assert set(FIELDS) == known


def test_the_page_names_every_field_about_somebody_and_whose_it_is() -> None:
    classified = {
        f"{table}.{column}": whose.value
        for table, columns in FIELDS.items()
        for column, whose in columns.items()
        if whose is not Whose.NOBODY
    }
    assert {name: whose for name, (whose, _) in documented().items()} == classified


def test_the_page_says_what_an_erasure_leaves() -> None:
    for name, (whose, after) in documented().items():
        expected = {"is the erasure"} if name.startswith("erasures.") else {"stays"}
        assert after in ({"gone"} if whose == Whose.PERSON.value else expected), name


def test_the_page_names_what_lies_beside_the_database() -> None:
    page = (Path(tree.ROOT) / PAGE).read_text(encoding="utf-8")
    beside = page.partition("## Beside the database")[2]
    for place in (
        "`*.jsonl`",
        "`*.rejected`",
        "`pages.sqlite`",
        "LIMITS:",
        "active_users",
        "logs",
        "backups",
    ):
        assert place in beside
