"""The offline vectors: the same numbers on every machine, or the name has to change."""

from __future__ import annotations

import hashlib
import math
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.knowledge.embedders import DIMENSIONS, OFFLINE, OfflineEmbedder, offline_vector


def test_the_numbers_of_offline_1_never_change() -> None:
    """Fails where someone changed the features: give the embedder a new name then."""
    assert OFFLINE == "offline-1"
    digest = hashlib.sha256(struct.pack(f"<{DIMENSIONS}f", *offline_vector("想戒毒，去哪裡？"))).hexdigest()
    assert digest == "843d46345fd8a10c858028cf27a300c3882f159d3ddcacb5e44414e5a67a9ed0"
    digest = hashlib.sha256(struct.pack(f"<{DIMENSIONS}f", *offline_vector("I can't sleep"))).hexdigest()
    assert digest == "ececc69552598320d8ad535821eb5c2fb058991ea1a5be39dedf78183077c908"


@given(st.text(max_size=300))
def test_every_text_gives_a_unit_vector_or_a_zero_one(text: str) -> None:
    vector = offline_vector(text)
    assert len(vector) == DIMENSIONS
    length = math.sqrt(sum(value * value for value in vector))
    assert length == pytest.approx(1.0) or length == 0.0


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("１９２５安心專線", "1925安心專線"),
        ("METHADONE", "methadone"),
        ("臺灣更生保護會", "台灣更生保護會"),
        ("睡 不著\n", "睡 不著"),
        ("My friend's cravings", "my friend craving"),
    ],
)
def test_spellings_of_the_same_words_give_the_same_vector(one: str, other: str) -> None:
    assert offline_vector(one) == offline_vector(other)


def test_a_shared_topic_is_nearer_than_a_shared_filler() -> None:
    def cosine(one: str, other: str) -> float:
        return sum(a * b for a, b in zip(offline_vector(one), offline_vector(other), strict=True))

    assert cosine("我想戒海洛因", "海洛因戒不掉") > 2 * cosine("我想戒海洛因", "我想去看電影")


def test_a_text_without_letters_is_like_nothing() -> None:
    assert not any(offline_vector("……！？ 🙂"))


async def test_the_embedder_gives_one_vector_a_text() -> None:
    vectors = await OfflineEmbedder().embed(["睡不著", "戒酒"])
    assert vectors == [offline_vector("睡不著"), offline_vector("戒酒")]
