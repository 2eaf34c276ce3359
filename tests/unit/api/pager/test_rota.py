"""Who is on call: exactly one at every minute, by rota, over midnight and by overrides."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.pager.places import ConfigurationError, Part
from api.pager.rota import DAYS, TAIPEI, WEEK, read_rota

ALL = list(DAYS)
PEOPLE = ("nurse-a", "nurse-b", "lead")
# a Monday, 00:00 in Taipei
MONDAY = datetime(2026, 11, 23, tzinfo=TAIPEI)


def entry(days, start, end, contact="nurse-a"):
    return {"days": days, "from": start, "to": end, "contact": contact}


DAY_AND_NIGHT = [entry(ALL, "08:00", "20:00", "nurse-a"), entry(ALL, "20:00", "08:00", "lead")]


def rota(entries, overrides=None):
    part = None if overrides is None else Part(overrides, "overrides")
    return read_rota(Part(entries, "rota"), part, PEOPLE)


def fault(entries, overrides=None):
    with pytest.raises(ConfigurationError) as caught:
        rota(entries, overrides)
    return str(caught.value)


def clock(minute):
    return f"{minute // 60:02}:{minute % 60:02}"


@st.composite
def weeks(draw):
    """Turns that cover a week exactly, cut at random minutes, none longer than a day."""
    offset = draw(st.integers(0, 1439))
    cuts = {day * 1440 + offset for day in range(7)} | set(
        draw(st.lists(st.integers(0, WEEK - 1), max_size=20))
    )
    ordered = sorted(cuts)
    following = [*ordered[1:], ordered[0] + WEEK]
    people = draw(st.lists(st.sampled_from(PEOPLE), min_size=len(ordered), max_size=len(ordered)))
    return list(zip(ordered, following, people, strict=True))


def as_entries(turns):
    return [entry([DAYS[a // 1440]], clock(a % 1440), clock(b % 1440), who) for a, b, who in turns]


@given(weeks())
@settings(max_examples=20, deadline=None)
def test_every_minute_of_a_week_has_exactly_the_contact_whose_turn_it_is(turns):
    read = rota(as_entries(turns))
    expected = {minute % WEEK: who for a, b, who in turns for minute in range(a, b)}

    assert len(expected) == WEEK
    assert all(read.on_call(MONDAY + timedelta(minutes=m)) == expected[m] for m in range(WEEK))


@given(weeks(), st.data())
@settings(max_examples=20, deadline=None)
def test_a_turn_left_out_or_given_twice_is_an_error(turns, data):
    chosen = data.draw(st.sampled_from(turns))

    assert "nobody from" in fault(as_entries([turn for turn in turns if turn != chosen]) or DAY_AND_NIGHT[:1])
    assert "at once from" in fault(as_entries([*turns, chosen]))


@given(
    weeks(), st.lists(st.tuples(st.integers(0, WEEK), st.integers(1, 600)), max_size=4), st.integers(0, WEEK)
)
@settings(max_examples=20, deadline=None)
def test_shifts_follow_each_other_and_say_who_is_on_call(turns, wanted, first):
    overrides, free = [], 0
    for start, length in sorted(wanted):
        if start >= free:
            free = start + length
            begins, ends = (f"{MONDAY + timedelta(minutes=m):%Y-%m-%d %H:%M}" for m in (start, free))
            overrides.append({"from": begins, "to": ends, "contact": "nurse-b"})
    read = rota(as_entries(turns), overrides or None)
    start = MONDAY + timedelta(minutes=first, seconds=17)
    shifts = list(read.shifts(start, start + timedelta(days=7)))

    assert shifts[0].start == start
    assert shifts[-1].end == start + timedelta(days=7)
    assert all(one.end == two.start for one, two in pairwise(shifts))
    for shift in shifts:
        last = shift.end - timedelta(microseconds=1)
        middle = shift.start + (shift.end - shift.start) / 2
        assert {read.on_call(at) for at in (shift.start, middle, last)} == {shift.contact}


def test_a_shift_over_midnight_goes_on_in_the_next_day_and_from_sunday_into_monday():
    read = rota(DAY_AND_NIGHT)

    assert read.on_call(MONDAY + timedelta(hours=7, minutes=59)) == "lead"
    assert read.on_call(MONDAY + timedelta(hours=8)) == "nurse-a"
    assert read.on_call(MONDAY + timedelta(hours=20)) == "lead"


def test_the_rota_is_read_in_taipei_time_wherever_the_clock_stands():
    read = rota(DAY_AND_NIGHT)

    assert read.on_call(datetime(2026, 11, 24, 0, 0, tzinfo=UTC)) == "nurse-a"
    assert read.on_call(datetime(2026, 11, 23, 23, 59, tzinfo=UTC)) == "lead"


def test_a_time_without_a_zone_is_refused():
    with pytest.raises(ValueError, match="without a zone"):
        rota(DAY_AND_NIGHT).on_call(datetime(2026, 11, 24))  # noqa: DTZ001


def test_the_same_time_twice_is_a_whole_day_and_24_00_ends_one():
    whole = rota([entry(ALL, "09:00", "09:00")])
    halves = rota([entry(ALL, "00:00", "12:00"), entry(ALL, "12:00", "24:00", "lead")])

    assert whole.on_call(MONDAY) == "nurse-a"
    assert halves.on_call(MONDAY - timedelta(minutes=1)) == "lead"


def test_a_gap_says_when_it_is():
    entries = [entry(ALL, "08:00", "20:00"), entry(ALL[:6], "20:00", "08:00", "lead")]

    assert fault(entries) == ("rota: nobody from mon 00:00 to mon 08:00; nobody from sun 20:00 to sun 24:00")


def test_an_overlap_says_when_it_is_and_who():
    entries = [*DAY_AND_NIGHT, entry(["wed"], "19:30", "21:00", "nurse-b")]

    assert fault(entries) == (
        "rota: nurse-a and nurse-b at once from wed 19:30 to wed 20:00; "
        "lead and nurse-b at once from wed 20:00 to wed 21:00"
    )


def test_an_override_beats_the_rota_to_the_minute():
    christmas = [{"from": "2026-12-24 20:00", "to": "2026-12-25 08:00", "contact": "nurse-b"}]
    read = rota(DAY_AND_NIGHT, christmas)
    start = datetime(2026, 12, 24, 20, 0, tzinfo=TAIPEI)

    assert read.on_call(start - timedelta(microseconds=1)) == "nurse-a"
    assert read.on_call(start) == "nurse-b"
    assert read.on_call(start + timedelta(hours=12)) == "nurse-a"


@pytest.mark.parametrize(
    ("overrides", "words"),
    [
        (
            [
                {"from": "2026-12-24 20:00", "to": "2026-12-25 08:00", "contact": "nurse-b"},
                {"from": "2026-12-25 07:59", "to": "2026-12-25 09:00", "contact": "lead"},
            ],
            "overrides: nurse-b and lead both from 2026-12-25 07:59 on",
        ),
        (
            [{"from": "2026-12-24 20:00", "to": "2026-12-24 20:00", "contact": "lead"}],
            "overrides[0]: ends before it begins",
        ),
        (
            [{"from": "2026-12-24 20:00", "to": "2026-12-25 08:00", "contact": "leda"}],
            "overrides[0].contact: no contact 'leda'; there are nurse-a, nurse-b, lead",
        ),
        (
            [{"from": "24.12.2026", "to": "2026-12-25 08:00", "contact": "lead"}],
            "overrides[0].from: '24.12.2026' is no time such as 2026-12-24 20:00",
        ),
    ],
)
def test_an_override_that_cannot_be_meant_is_an_error(overrides, words):
    assert fault(DAY_AND_NIGHT, overrides) == words


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (
            entry(["mo"], "08:00", "20:00"),
            "rota[0].days[0]: must be one of mon, tue, wed, thu, fri, sat, sun",
        ),
        (entry(["mon"], "8:00", "20:00"), "rota[0].from: '8:00' is no time of day such as 08:00"),
        (entry(["mon"], "08:00", "25:00"), "rota[0].to: '25:00' is no time of day such as 08:00"),
        (entry(["mon"], "24:00", "08:00"), "rota[0].from: a day begins at 00:00"),
        (
            entry(["mon"], "08:00", "20:00", "leda"),
            "rota[0].contact: no contact 'leda'; there are nurse-a, nurse-b, lead",
        ),
        (entry([], "08:00", "20:00"), "rota[0].days: must be a list with at least one entry"),
    ],
)
def test_an_entry_that_cannot_be_meant_is_named_with_its_place(wrong, words):
    assert fault([wrong]) == words
