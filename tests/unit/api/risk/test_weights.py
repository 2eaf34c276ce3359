"""How learnt weights are packed, read back and added up, and what the learner makes of lines."""

from __future__ import annotations

import pytest

from api.risk.evidence import FeatureReader, read_fields, read_kinds, tokenise
from api.risk.learning import Example, learn, learnt_weights
from api.risk.model import Level
from api.risk.weights import Learnt, read_weights, write_weights

LEARNT = {"rare": Learnt(4.0, (1.0, -2.0)), "common": Learnt(1.0, (0.5, 0.25))}


def test_weights_come_back_as_they_were_written_within_their_rounding() -> None:
    weights = read_weights(write_weights(LEARNT, (0.5, -0.5), ("one", "other")))
    assert weights.of("rare", 1) == pytest.approx(-2.0, abs=0.02)
    assert weights.of("common", 0) == pytest.approx(0.5, abs=0.02)
    assert weights.of("unheard", 0) == 0.0


def test_nothing_known_leaves_the_bias() -> None:
    weights = read_weights(write_weights(LEARNT, (0.5, -0.5), ("one", "other")))
    assert weights.total(["unheard"]) == [0.5, -0.5]
    assert weights.total([]) == [0.5, -0.5]


def test_a_rare_feature_outweighs_a_usual_one_and_a_long_message_does_not_shout() -> None:
    weights = read_weights(write_weights(LEARNT, (0.0, 0.0), ("one", "other")))
    alone = weights.total(["rare"])
    assert alone == pytest.approx([1.0, -2.0], abs=0.02)
    both = weights.total(["rare", "common", "unheard"])
    length = 17**0.5
    assert both == pytest.approx([(4 * 1.0 + 0.5) / length, (4 * -2.0 + 0.25) / length], abs=0.03)


def test_the_order_of_features_changes_no_digit() -> None:
    weights = read_weights(write_weights(LEARNT, (0.1, 0.2), ("one", "other")))
    assert weights.total(["rare", "common"]) == weights.total(["common", "rare"])


def test_the_learner_tells_two_kinds_of_lines_apart() -> None:
    calm = [Example(frozenset({"tea", f"n{i}"}), Level.NONE, ()) for i in range(4)]
    danger = [Example(frozenset({"roof", f"h{i}"}), Level.IMMINENT, ("suicide",)) for i in range(4)]
    weights = learnt_weights([*calm, *danger])
    assert weights.of("tea", Level.NONE) > 0 > weights.of("tea", Level.IMMINENT)
    assert weights.of("roof", Level.IMMINENT) > 0 > weights.of("roof", Level.NONE)
    assert weights.of("n1", Level.NONE) == 0.0  # seen once is not enough
    assert learn([*calm, *danger]) == learn([*calm, *danger])


def test_words_of_one_kind_are_one_feature_and_the_longest_word_wins() -> None:
    kinds = read_kinds("屋頂 頂樓 roof\n茶 咖啡\n頂 上\n")
    reader = FeatureReader(read_fields({}), kinds)

    def found(text: str) -> set[str]:
        return {name for name in reader.features(tokenise(text), ()) if name.startswith("#")}

    assert found("頂樓") == found("roof") | found("x") == {"#0"}
    assert found("喝茶") == {"#1"}
    assert found("頂") == {"#2"}
    assert found("天氣") == set()
