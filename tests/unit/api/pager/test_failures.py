"""Foreign answers and addresses in our words, and what an address may look like."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.pager.channels.addresses import resolve, suits
from api.pager.channels.base import ChannelError
from api.pager.channels.failures import of_exception, of_status, seconds_to_wait
from api.pager.channels.mounted import Trust, read_secret

NOW = datetime(2026, 11, 24, 16, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("0", 0.0),
        ("7", 7.0),
        (" 120 ", 120.0),
        ("86400", 300.0),
        ("9" * 400, 300.0),
        ("Tue, 24 Nov 2026 16:00:30 GMT", 30.0),
        ("Tue, 24 Nov 2026 15:00:00 GMT", 0.0),
        ("Tue, 24 Nov 2099 15:00:00 GMT", 300.0),
        ("-5", None),
        ("soon", None),
        ("１２", None),
        ("", None),
        (None, None),
    ],
)
def test_retry_after_is_read_as_seconds_or_a_date_and_never_silences_a_channel_for_long(header, seconds):
    assert seconds_to_wait(header, NOW) == seconds


@given(st.text(max_size=40))
def test_no_retry_after_can_break_a_try(header):
    wait = seconds_to_wait(header, NOW)

    assert wait is None or 0 <= wait <= 300


@pytest.mark.parametrize(
    ("status", "header", "reason"),
    [
        (429, None, "throttled"),
        (503, "5", "throttled"),
        (503, None, "broken"),
        (500, None, "broken"),
        (401, None, "authentication"),
        (403, None, "authentication"),
        (404, None, "rejected"),
        (302, None, "rejected"),
        (100, None, "broken"),
    ],
)
def test_a_status_becomes_one_word(status, header, reason):
    error = of_status(status, header)

    assert error.reason == reason
    assert str(status) in str(error)
    assert error.retry_after == (5.0 if header else None)


def test_an_exception_of_unknown_kind_is_broken_and_its_text_goes_nowhere():
    error = of_exception(RuntimeError("secret"))

    assert error.reason == "broken"
    assert "secret" not in str(error)


def test_a_cause_in_a_group_is_seen():
    wrapped = OSError("all attempts failed")
    wrapped.__cause__ = ExceptionGroup("both", [ConnectionRefusedError(), ConnectionRefusedError()])

    assert of_exception(wrapped).reason == "refused"


@pytest.mark.parametrize(
    ("kind", "address"),
    [
        ("smtp", "a@example.invalid"),
        ("smtp", "first.last+page@mail.example.invalid"),
        ("line", "U00000000000000000000000000000001"),
        ("webhook", "https://example.invalid/hook?x=1"),
        ("slack", "https://127.0.0.1:8443/services/a/b"),
    ],
)
def test_an_address_of_the_right_kind_is_taken(kind, address):
    assert suits(kind, address)
    assert resolve(kind, address) == address


@pytest.mark.parametrize(
    ("kind", "address"),
    [
        ("smtp", "a"),
        ("smtp", "a@b@c"),
        ("smtp", "a@example.invalid, b@example.invalid"),
        ("smtp", "A <a@example.invalid>"),
        ("smtp", "名@example.invalid"),
        ("smtp", "a@example.invalid\r\nRCPT TO:<b@example.invalid>"),
        ("line", "U1 U2"),
        ("line", ""),
        ("webhook", "http://example.invalid"),
        ("webhook", "https://"),
        ("webhook", "https://example.invalid:99999/"),
        ("webhook", "https://[bad"),
        ("slack", "https://example.invalid/a b"),
        ("slack", "https://例.invalid/"),
    ],
)
def test_what_is_no_address_is_refused_and_not_repeated(kind, address):
    assert not suits(kind, address)
    with pytest.raises(ChannelError) as caught:
        resolve(kind, address)
    assert caught.value.reason == "unreachable"
    assert len(address) < 9 or address not in str(caught.value)


def test_an_address_in_a_file_is_read_anew_each_time(tmp_path):
    path = tmp_path / "slack"
    path.write_text("https://example.invalid/one\n")
    assert resolve("slack", f"file:{path}") == "https://example.invalid/one"
    path.write_text("https://example.invalid/two\n")
    assert resolve("slack", f"file:{path}") == "https://example.invalid/two"
    path.unlink()
    with pytest.raises(ChannelError, match="cannot be read"):
        resolve("slack", f"file:{path}")


def test_a_secret_is_read_anew_each_time_and_must_not_be_empty(tmp_path):
    path = tmp_path / "secret"
    path.write_text("one\n")
    assert read_secret(path).reveal() == "one"
    path.write_text("two\n")
    assert read_secret(path).reveal() == "two"
    for spoil in (lambda: path.write_text(" \n"), lambda: path.write_bytes(b"\xff"), path.unlink):
        spoil()
        with pytest.raises(ChannelError) as caught:
            read_secret(path)
        assert caught.value.reason == "authentication"


def test_an_authority_file_that_is_missing_or_spoilt_is_a_failed_try_until_it_is_there(tmp_path):
    path = tmp_path / "ca.pem"
    trust = Trust(path)
    with pytest.raises(ChannelError, match="ca_file cannot be read"):
        trust.context()
    path.write_text("no certificate")
    with pytest.raises(ChannelError, match="ca_file cannot be read"):
        trust.context()


def test_the_usual_authorities_are_loaded_once():
    trust = Trust(None)

    assert trust.context() is trust.context()
    assert trust.context().check_hostname
