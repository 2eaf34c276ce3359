"""The verdict over a new replica, from numbers alone."""

from dataclasses import replace

from xiong.config.settings import DeploySettings
from xiong.operations.gate import Window, judge, window_between
from xiong.operations.probe import ProbeLog

LIMITS = DeploySettings()
GOOD = Window(requests=100, errors=0, replies=100, safe=0, p95=0.02, unanswered=0, asked=100)


def test_an_equal_release_passes():
    assert judge(GOOD, GOOD, LIMITS) == []


def test_answers_of_5xx_are_a_reason():
    reasons = judge(replace(GOOD, errors=10), GOOD, LIMITS)

    assert reasons == ["10.0% of requests failed, at most 2.0% may"]


def test_messages_without_any_answer_are_a_reason_although_the_replica_counted_none():
    assert judge(replace(GOOD, requests=0, unanswered=100), GOOD, LIMITS)


def test_safe_replies_are_a_reason_although_each_is_a_200():
    reasons = judge(replace(GOOD, safe=100), GOOD, LIMITS)

    assert reasons == ["100.0% of replies are the safe text, 0.0% before"]


def test_safe_replies_that_the_old_release_gives_too_are_no_reason():
    assert judge(replace(GOOD, safe=50), replace(GOOD, safe=50), LIMITS) == []


def test_a_slow_release_is_a_reason_and_both_figures_are_named():
    reasons = judge(replace(GOOD, p95=1.5), replace(GOOD, p95=0.1), LIMITS)

    assert reasons == ["p95 is 1.500 s, 0.100 s before, at most 0.500 s may be"]


def test_twice_as_slow_is_no_reason_while_both_are_fast():
    assert judge(replace(GOOD, p95=0.4), replace(GOOD, p95=0.01), LIMITS) == []


def test_too_few_requests_are_never_taken_for_success():
    assert judge(replace(GOOD, asked=3), GOOD, LIMITS)


def test_a_window_is_the_difference_of_two_scrapes():
    path = ("path", "/api/v1/chat")
    requests = ("http_requests_total", (("method", "POST"), path, ("status", "500")))
    replies = ("chat_replies_total", (("source", "safe"),))
    half = ("http_request_duration_seconds_bucket", (("le", "0.5"), ("method", "POST"), path))
    all_of_them = ("http_request_duration_seconds_bucket", (("le", "+Inf"), ("method", "POST"), path))
    before = {requests: 3.0, replies: 1.0, half: 2.0, all_of_them: 3.0}
    after = {requests: 13.0, replies: 5.0, half: 12.0, all_of_them: 13.0}

    window = window_between(before, after, ProbeLog(sent=10, failed=10, seconds=[0.1]))

    assert (window.requests, window.errors, window.safe, window.asked) == (10, 10, 4, 10)
    assert window.p95 == 0.475
