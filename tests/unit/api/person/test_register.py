"""The digests of the register, and how long things are kept, from numbers alone."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime

import pytest

from api.keeping import Policy
from api.person.register import Erasure, Marker
from api.settings import Secret, SettingsError

MARKER = Marker(Secret("a key"))
ROW = {
    "id": str(uuid.UUID(int=1)),
    "person_hmac": "abc",
    "key_id": "def",
    "at": "2026-01-01T00:00:00+00:00",
    "by": "operator",
    "reason": "asked",
    "counts": {"messages": 2},
}


def test_a_digest_needs_the_key_and_tells_people_and_applications_apart():
    digests = {
        MARKER.mark("p-1", None),
        MARKER.mark("p-2", None),
        MARKER.mark("p-1", "web"),
        MARKER.mark("p-1", "kiosk"),
        Marker(Secret("another key")).mark("p-1", None),
    }

    assert len(digests) == 5
    assert not any("p-1" in digest for digest in digests)


def test_the_id_of_a_key_does_not_give_the_key_away():
    assert MARKER.key_id == Marker(Secret("a key")).key_id != Marker(Secret("another key")).key_id
    assert "a key" not in MARKER.key_id


def test_without_a_key_nothing_can_be_recorded():
    with pytest.raises(SettingsError):
        Marker(Secret(""))


def test_an_entry_is_read_as_it_was_written():
    entry = Erasure.from_json(ROW)

    assert (entry.at, entry.counts) == (datetime(2026, 1, 1, tzinfo=UTC), {"messages": 2})


@pytest.mark.parametrize("change", [{"id": "x"}, {"at": "2026-01-01"}, {"counts": {"messages": "many"}}])
def test_an_entry_that_is_none_is_refused(change):
    with pytest.raises((ValueError, TypeError)):
        Erasure.from_json({**ROW, **change})


def test_three_years_before_a_leap_day_is_a_day_that_exists():
    cutoffs = Policy().cutoffs(datetime(2028, 2, 29, tzinfo=UTC))

    assert cutoffs.audit == datetime(2025, 2, 28, tzinfo=UTC)
