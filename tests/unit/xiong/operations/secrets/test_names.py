"""Which secrets are changed, and by which steps in which order."""

import pytest

from xiong.config.load import load_settings
from xiong.errors import PreflightError, UsageError
from xiong.operations.secrets.names import ROTATED, TOKENS, WORDS, Step, choose, steps

ELSEWHERE = "postgresql://someone:word@db.example/xiongichat"


def settings(**given):
    return load_settings(None, given)


def test_without_a_name_all_that_are_ours_are_changed():
    assert choose((), settings()).names == ROTATED


def test_the_order_of_the_names_does_not_matter_and_a_repeated_one_counts_once():
    assert choose(("cache", "database-app", "cache"), settings()).names == ("database-app", "cache")


def test_the_passwords_of_a_database_of_the_users_own_are_left_with_words_what_to_do():
    choice = choose((), settings(database={"url": ELSEWHERE}))

    assert choice.names == ("cache", *TOKENS, "secret-key")
    assert "make a second login there" in choice.left["database-app"]
    assert set(choice.left) == {name for name in ROTATED if name.startswith("database-")}


def test_one_that_was_named_and_lies_elsewhere_is_refused():
    with pytest.raises(PreflightError, match=r"database-app is not ours.*database\.url is set"):
        choose(("database-app",), settings(database={"url": ELSEWHERE}))
    with pytest.raises(PreflightError, match=r"cache is not ours.*cache\.url is set"):
        choose(("cache",), settings(cache={"url": "redis://:word@cache.example/0"}))


def test_an_unknown_name_and_one_that_is_changed_otherwise_are_refused():
    with pytest.raises(UsageError, match="no secret database: expected database-superuser"):
        choose(("database",), settings())
    with pytest.raises(UsageError, match="backup-identity is not changed by this"):
        choose(("backup-identity",), settings())


def test_the_new_password_of_the_service_is_used_by_nobody_when_it_takes_effect():
    assert steps(["database-app"]) == (
        Step.BRIDGE,
        Step.FIRST_ROLL,
        Step.APP,
        Step.SECOND_ROLL,
        Step.CLOSE,
    )


def test_a_new_key_is_read_everywhere_before_anything_signs_with_it():
    assert steps(["secret-key"]) == (Step.ANNOUNCE, Step.FIRST_ROLL, Step.TURN, Step.SECOND_ROLL)


def test_the_cache_needs_one_roll_and_tokens_none():
    assert steps(["cache"]) == (Step.CACHE, Step.FIRST_ROLL, Step.CLOSE)
    assert steps(["care-token"]) == (Step.TOKENS, Step.RETIRE)
    assert steps(["database-monitor"]) == (Step.MONITOR,)


def test_everything_together_rolls_twice_and_each_step_has_its_words():
    assert steps(ROTATED) == tuple(Step)
    assert set(WORDS) == set(Step)
