"""Redaction of structured values: every string is reached, every type is kept."""

from collections import OrderedDict
from typing import Any, NamedTuple

from redaction import redact_value


class Caller(NamedTuple):
    """A tuple with names, as callers use them."""

    tel: str
    seconds: int


def test_strings_are_found_at_any_depth_and_types_are_kept() -> None:
    value = {
        "a": ["0912345678", ("E152601818", 3, None)],
        "b": {"c": frozenset({"x@example.com"})},
        5: b"0912345678",
    }
    assert redact_value(value) == {
        "a": ["[PHONE_MOBILE]", ("[TW_ID]", 3, None)],
        "b": {"c": frozenset({"[EMAIL]"})},
        5: b"0912345678",
    }


def test_the_given_value_is_not_changed() -> None:
    value = {"tel": ["0912345678"]}
    redact_value(value)
    assert value == {"tel": ["0912345678"]}


def test_keys_are_redacted_and_two_people_do_not_become_one() -> None:
    assert redact_value({"0912345678": 1, "0987654321": 2}) == {"[PHONE_MOBILE]": 1, "[PHONE_MOBILE]#2": 2}


def test_the_key_tells_what_a_value_is() -> None:
    value = {"birthday": "1984-04-04", "date": "1984-04-04", "person": "陳小美", "order": "4729022279180588"}
    assert redact_value(value) == {
        "birthday": "[BIRTHDATE]",
        "date": "1984-04-04",
        "person": "[NAME]",
        "order": "4729022279180588",
    }


def test_named_tuples_and_ordered_dicts_stay_what_they_are() -> None:
    assert redact_value(Caller("0912345678", 3)) == Caller("[PHONE_MOBILE]", 3)
    ordered = redact_value(OrderedDict(tel="0912345678"))
    assert type(ordered) is OrderedDict
    assert ordered == OrderedDict(tel="[PHONE_MOBILE]")


def test_a_value_that_contains_itself_ends() -> None:
    loop: list[Any] = ["0912345678"]
    loop.append(loop)
    assert "0912345678" not in repr(redact_value(loop))


def test_a_json_escape_does_not_hide_an_id() -> None:
    assert redact_value({"log": "\\u8eab\\u5206\\u8b49E152601818"}) == {"log": "\\u8eab\\u5206\\u8b49[TW_ID]"}
