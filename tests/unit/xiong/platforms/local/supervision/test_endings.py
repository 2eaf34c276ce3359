"""What follows a death."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xiong.platforms.local.supervision import endings

moments = st.integers(0, 200)


def test_the_first_restart_is_immediate_and_later_ones_wait_ever_longer() -> None:
    pauses = [endings.pause(number, 8) for number in range(8)]
    assert pauses[0] == 0.0
    assert pauses == sorted(pause for pause in pauses if pause is not None)
    assert len(set(pauses)) == 8


@given(st.integers(0, 1000), st.integers(0, 1000))
def test_a_process_is_given_up_exactly_when_its_restarts_are_used_up(restarts: int, allowed: int) -> None:
    assert (endings.pause(restarts, allowed) is None) == (restarts >= allowed)


def test_the_usual_limit_is_used_up_well_within_its_window() -> None:
    """Otherwise the window would pass before the limit is met, and a broken process never given up."""
    assert sum(endings.pause(number, 5) or 0.0 for number in range(5)) < 60 / 10


@given(st.lists(moments, max_size=20), moments, moments)
def test_only_restarts_of_the_window_count_and_none_from_the_future(
    history: list[int], now: int, within: int
) -> None:
    counted = endings.recent(history, now, within)
    assert counted == [moment for moment in history if now - within < moment <= now]


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (0, "exited with status 0 after 1.5 s"),
        (3, "exited with status 3 after 1.5 s"),
        (-9, "killed by SIGKILL after 1.5 s"),
        (-40, "killed by signal 40 after 1.5 s"),
        (None, "how is not known"),
    ],
)
def test_an_ending_is_told_in_words(code: int | None, words: str) -> None:
    assert words in endings.describe(code, 1.5)
