"""How much would be lost now, from markers and from how far the log is safe."""

from datetime import UTC, datetime, timedelta

from xiong.operations.backup.rpo import RpoMeter

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)


def at(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def test_what_was_marked_before_the_safe_position_is_not_lost():
    meter = RpoMeter()
    for second in range(10):
        meter.marked(100 * second, at(second))

    meter.reached(received=750, stored=310)

    found = meter.reading(at(10), restorable=True)
    assert (found.seconds, found.stored_seconds) == (3, 7)
    assert found.through == at(7)


def test_while_nothing_more_is_stored_the_loss_grows_and_stored_again_it_is_gone():
    meter = RpoMeter()
    meter.marked(100, at(0))
    meter.reached(received=100, stored=100)
    meter.marked(200, at(1))
    meter.reached(received=200, stored=0)

    assert meter.reading(at(30), restorable=True).stored_seconds == 30
    assert meter.reading(at(30), restorable=True).seconds == 29

    meter.reached(received=200, stored=200)
    assert meter.reading(at(30), restorable=True).stored_seconds == 29


def test_without_a_set_to_begin_from_all_would_be_lost():
    meter = RpoMeter()
    meter.marked(100, at(0))
    meter.reached(received=100, stored=100)

    found = meter.reading(at(1), restorable=False)

    assert (found.seconds, found.stored_seconds, found.through) == (None, None, None)


def test_a_restore_that_went_back_does_not_hide_what_is_written_after_it():
    meter = RpoMeter()
    meter.marked(9000, at(0))

    meter.marked(500, at(10))
    meter.reached(received=600, stored=600)

    assert meter.reading(at(11), restorable=True).seconds == 1
