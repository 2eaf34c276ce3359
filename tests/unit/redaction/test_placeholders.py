"""Placeholders: the model never sees a value, the person gets it back."""

from hypothesis import given, settings
from hypothesis import strategies as st

from redaction import Placeholders


def test_values_become_numbered_tokens_and_come_back() -> None:
    held = Placeholders()
    hidden = held.hide("我叫陳志明，手機0912345678，媽媽0987654321")
    assert hidden == "我叫[NAME_1]，手機[PHONE_MOBILE_1]，媽媽[PHONE_MOBILE_2]"
    assert held.restore("[NAME_1]你好，我會打[PHONE_MOBILE_2]") == "陳志明你好，我會打0987654321"


def test_the_same_value_gets_the_same_token_in_later_turns() -> None:
    held = Placeholders()
    held.hide("我叫陳志明")
    assert held.hide("我就是陳志明") == "我就是[NAME_1]"


def test_what_models_make_of_a_token_is_still_put_back() -> None:
    held = Placeholders()
    held.hide("我叫陳志明")
    assert held.restore("【name_1】、［NAME_1］、[ NAME_1 ]") == "陳志明、陳志明、陳志明"


def test_tokens_of_nobody_stay() -> None:
    assert Placeholders().restore("[NAME_7]") == "[NAME_7]"


def test_a_token_typed_by_the_person_is_not_taken_for_ours() -> None:
    held = Placeholders()
    hidden = held.hide("[NAME_1] 我叫陳志明")
    assert hidden == "[NAME_1] 我叫[NAME_2]"
    assert held.restore(hidden) == "[NAME_1] 我叫陳志明"


def test_the_values_are_not_shown_by_repr() -> None:
    held = Placeholders()
    held.hide("我叫陳志明")
    assert "陳志明" not in repr(held)


@given(
    st.lists(
        st.sampled_from(["我叫陳志明", "0912345678", " E152601818 ", "，", "a@example.com", "好", "[NAME_1]"])
    ).map("".join)
)
@settings(max_examples=100, deadline=None)
def test_hiding_and_restoring_gives_the_text_back(text: str) -> None:
    held = Placeholders()
    assert held.restore(held.hide(text)) == text


def test_what_was_given_away_once_is_hidden_where_nothing_says_what_it_is() -> None:
    placeholders = Placeholders()
    placeholders.hide("我的LINE ID是happy_cat88，我叫陳美玲")
    hidden = placeholders.hide("記下了：happy_cat88 [NAME_7] 美玲 xhappy_cat88x")
    assert hidden == "記下了：[LINE_ID_1] [NAME_7] 美玲 xhappy_cat88x"
    assert placeholders.restore(hidden) == "記下了：happy_cat88 [NAME_7] 美玲 xhappy_cat88x"
