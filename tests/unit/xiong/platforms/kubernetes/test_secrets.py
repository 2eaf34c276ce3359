"""What a folder and a Secret have after they met: nothing in use is lost, whoever changed what."""

from __future__ import annotations

import hashlib

from hypothesis import given
from hypothesis import strategies as st

from xiong.platforms.kubernetes.secrets import merged

NAMES = st.sampled_from(["cache", "database-app", "secret-key"])
SIDE = st.dictionaries(NAMES, st.sampled_from(["1", "2", "3"]))


def digests(side: dict[str, str]) -> dict[str, str]:
    return {name: hashlib.sha256(value.encode()).hexdigest() for name, value in side.items()}


def test_what_one_side_made_or_changed_the_other_takes() -> None:
    before = digests({"both": "1", "mine": "1", "theirs": "1"})
    here = {"both": "1", "mine": "2", "theirs": "1", "made here": "5"}
    there = {"both": "1", "mine": "1", "theirs": "3", "made there": "6"}

    assert merged(before, here, there) == {
        "both": "1",
        "mine": "2",
        "theirs": "3",
        "made here": "5",
        "made there": "6",
    }


def test_where_both_changed_the_cluster_wins_unless_it_was_just_said_here() -> None:
    before, here, there = digests({"cache": "1"}), {"cache": "2"}, {"cache": "3"}

    assert merged(before, here, there) == there
    assert merged(before, here, there, ours={"cache"}) == here


def test_two_that_made_the_same_secret_at_once_use_the_one_that_was_first() -> None:
    assert merged({}, {"cache": "late"}, {"cache": "first"}) == {"cache": "first"}


def test_a_lost_file_comes_back_and_one_that_was_dropped_elsewhere_goes() -> None:
    before = digests({"lost": "1", "dropped": "2"})

    assert merged(before, {"dropped": "2"}, {"lost": "1"}) == {"lost": "1"}


def test_what_is_dropped_here_goes_on_both_sides() -> None:
    assert merged(digests({"old": "1"}), {"old": "1"}, {"old": "1"}, dropped={"old"}) == {}


@given(SIDE, SIDE, SIDE)
def test_after_they_met_they_have_nothing_more_to_tell(before, here, there) -> None:
    met = merged(digests(before), here, there)

    assert merged(digests(met), met, met) == met
    assert merged(digests(there), met, there) == met


@given(SIDE, SIDE, SIDE)
def test_a_value_in_the_cluster_is_only_replaced_by_one_that_was_made_after_it(before, here, there) -> None:
    met = merged(digests(before), here, there)

    for name, value in there.items():
        assert met.get(name) in {value, here.get(name)}
        if before.get(name) != value:
            assert met[name] == value
