"""Which release a rollback goes to, or why to none."""

from datetime import UTC, datetime

import pytest

from xiong.errors import ExitCode, RollbackRefusedError
from xiong.model.release import Release, SchemaState, SchemaSupport
from xiong.operations.journal import Committed
from xiong.operations.rollback import choose_target

NOW = datetime(2026, 1, 1, tzinfo=UTC)
SCHEMA = SchemaState(expand=("0001", "0002"), contract=())


def release(name, *knows):
    return Release(name, "1", f"sha256:{name}", NOW, SchemaSupport(("0001",), knows or ("0001",)), "tree")


def committed(current, *earlier):
    return Committed(current, 2, NOW, earlier)


def test_the_newest_earlier_release_is_chosen():
    staged = [release("a"), release("b"), release("c")]

    assert choose_target(staged, committed("c", "b", "a"), SCHEMA, None).id == "b"


def test_a_release_that_cannot_live_on_the_schema_is_passed_over():
    staged = [release("a", "0001", "0003"), release("b"), release("c")]
    contracted = SchemaState(expand=("0001",), contract=("0003",))

    assert choose_target(staged, committed("c", "b", "a"), contracted, None).id == "a"


def test_when_none_fits_the_refusal_names_the_migration():
    contracted = SchemaState(expand=("0001",), contract=("0003",))

    with pytest.raises(
        RollbackRefusedError, match="does not know the applied contract migration 0003"
    ) as caught:
        choose_target([release("a"), release("b")], committed("b", "a"), contracted, None)

    assert caught.value.exit_code is ExitCode.FAILED


def test_a_wanted_release_is_found_by_the_beginning_of_its_id():
    staged = [release("1.0-aaa"), release("1.1-bbb"), release("1.2-ccc")]

    assert choose_target(staged, committed("1.2-ccc", "1.1-bbb", "1.0-aaa"), SCHEMA, "1.0").id == "1.0-aaa"


def test_the_running_release_is_no_target():
    with pytest.raises(RollbackRefusedError, match="is what runs now"):
        choose_target([release("a")], committed("a"), SCHEMA, "a")


def test_a_release_that_was_pruned_is_refused_in_words():
    with pytest.raises(RollbackRefusedError, match="b is no longer staged here"):
        choose_target([release("c")], committed("c", "b"), SCHEMA, None)


def test_without_any_earlier_release_the_refusal_says_so():
    with pytest.raises(RollbackRefusedError, match="no release was committed before this one"):
        choose_target([release("a")], committed("a"), SCHEMA, None)
