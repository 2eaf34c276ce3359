"""Whether a stretch of the log is there, over pieces, gaps and timelines."""

import pytest

from xiong.model.backup import WalSegment
from xiong.operations.backup import continuity, lsn
from xiong.operations.backup.continuity import Branch

SIZE = 16 << 20


def whole(index: int, timeline: int = 1) -> WalSegment:
    return piece(index, 0, SIZE, timeline, complete=True)


def piece(index: int, first: int, size: int, timeline: int = 1, *, complete: bool = False) -> WalSegment:
    name = lsn.segment(timeline, index * SIZE, SIZE)
    return WalSegment(name, first, size, complete, "0" * 64, f"wal/1/{name}/{first}")


PATH = continuity.branches(1)


def gaps(segments, begin: int, end: int, path=PATH):
    return continuity.gaps(segments, SIZE, path, begin, end)


def test_positions_and_names_are_the_servers_own():
    assert lsn.segment(1, lsn.number("1/2000028"), SIZE) == "000000010000000100000002"
    assert lsn.start_of("000000010000000100000002", SIZE) == lsn.number("1/2000000")
    assert lsn.text(lsn.number("1F/AB00028")) == "1F/AB00028"


def test_a_log_without_a_gap_has_none():
    assert gaps([whole(3), whole(4), whole(5)], 3 * SIZE + 40, 5 * SIZE + 1) == ()


def test_a_missing_segment_is_named():
    assert gaps([whole(3), whole(5)], 3 * SIZE + 40, 6 * SIZE) == (
        f"WAL segment {lsn.segment(1, 4 * SIZE, SIZE)} is missing",
    )


def test_nothing_is_needed_beyond_the_end():
    assert gaps([whole(3)], 3 * SIZE, 4 * SIZE) == ()
    assert gaps([], 3 * SIZE, 3 * SIZE) == ()


def test_pieces_count_as_far_as_they_join():
    pieces = [piece(3, 0, 1000), piece(3, 1000, 500), piece(3, 1600, 100)]
    assert gaps(pieces, 3 * SIZE, 3 * SIZE + 1500) == ()
    assert gaps(pieces, 3 * SIZE, 3 * SIZE + 1501) == (
        f"WAL segment {pieces[0].name} has its first 1500 bytes, expected 1501",
    )
    assert len(gaps(pieces[1:], 3 * SIZE, 3 * SIZE + 1500)) == 1  # without the first nothing can be read


def test_pieces_in_any_order_and_over_each_other_are_the_same():
    pieces = [piece(3, 900, 600), piece(3, 0, 1000), piece(3, 0, 200), whole(4)]
    assert gaps(pieces, 3 * SIZE, 3 * SIZE + 1500) == ()
    assert continuity.newest_restorable(pieces, SIZE, PATH, 3 * SIZE) == 3 * SIZE + 1500


@pytest.mark.parametrize(
    ("segments", "reach"),
    [
        ([], 3 * SIZE + 40),
        ([whole(3)], 4 * SIZE),
        ([whole(3), whole(4), piece(5, 0, 77)], 5 * SIZE + 77),
        ([whole(3), whole(5)], 4 * SIZE),
        ([whole(4)], 3 * SIZE + 40),
        ([piece(3, 0, 10)], 3 * SIZE + 40),
    ],
)
def test_a_restore_reaches_as_far_as_the_log_is_unbroken(segments, reach):
    assert continuity.newest_restorable(segments, SIZE, PATH, 3 * SIZE + 40) == reach


def test_behind_a_switch_the_new_timeline_goes_on():
    """The switch lies within segment 4: the new timeline's segment 4 begins with what the old one's held."""
    path = continuity.branches(2, f"1\t{lsn.text(4 * SIZE + 500)}\tno recovery target specified\n")
    assert path == (Branch(1, 4 * SIZE + 500), Branch(2, continuity.FAR))
    assert gaps([whole(3), whole(4, 2), whole(5, 2)], 3 * SIZE, 6 * SIZE, path) == ()
    assert len(gaps([whole(3), whole(4, 1), whole(5, 2)], 3 * SIZE, 6 * SIZE, path)) == 1


def test_a_set_goes_on_along_the_newest_timeline_that_descends_from_it():
    history = {2: f"1\t{lsn.text(4 * SIZE)}\tx", 3: f"1\t{lsn.text(4 * SIZE)}\tx\n2\t{lsn.text(6 * SIZE)}\ty"}
    assert continuity.newest_path(history, 1, 3 * SIZE)[-1].timeline == 3
    assert continuity.newest_path(history, 2, 5 * SIZE)[-1].timeline == 3
    # What was written on the old timeline after the switch is on no new one.
    assert continuity.newest_path(history, 1, 5 * SIZE)[-1].timeline == 1
    assert continuity.newest_path({}, 1, 5 * SIZE)[-1].timeline == 1
