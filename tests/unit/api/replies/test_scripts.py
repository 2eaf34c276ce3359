"""The written answers: complete in both languages, with right numbers, and the right one first."""

from __future__ import annotations

import itertools
import re

import pytest
import yaml

from api.replies.scripts import SCRIPTS_FILE, language_of, shipped_scripts
from api.replies.vetting import unknown_numbers
from api.risk.model import CATEGORIES, Level

SCRIPTS = shipped_scripts()
DANGER = (Level.HIGH, Level.IMMINENT)
LANGUAGES = ("zh", "en")


def texts(node: object) -> list[str]:
    if isinstance(node, dict):
        return [text for key, value in node.items() if key != "said" for text in texts(value)]
    if isinstance(node, list):
        return [text for value in node for text in texts(value)]
    return [str(node)]


def test_scripts_name_known_numbers_only() -> None:
    everything = texts(yaml.safe_load(SCRIPTS_FILE.read_text(encoding="utf-8")))
    assert len(everything) > 50
    assert [(text, unknown_numbers(text)) for text in everything if unknown_numbers(text)] == []


@pytest.mark.parametrize(("level", "language"), list(itertools.product(DANGER, LANGUAGES)))
def test_every_set_of_categories_has_a_crisis_script_with_numbers_and_a_question(
    level: Level, language: str
) -> None:
    for size in range(len(CATEGORIES) + 1):
        for categories in itertools.combinations(CATEGORIES, size):
            script = SCRIPTS.crisis(categories, level, language)
            assert re.search(r"1925|0800-770-885|119|110", script), categories
            assert script.rstrip().endswith(("？", "?")), categories
            assert len(script) < (700 if language == "en" else 260), categories


@pytest.mark.parametrize(
    ("categories", "level", "numbers"),
    [
        (("suicide",), Level.IMMINENT, ["119", "110", "1925"]),
        (("suicide",), Level.HIGH, ["1925", "1995", "119", "110"]),
        (("overdose",), Level.IMMINENT, ["119"]),
        (("suicide", "overdose"), Level.IMMINENT, ["119"]),
        (("violence",), Level.IMMINENT, ["110", "113"]),
        (("violence",), Level.HIGH, ["113", "110"]),
        (("self_harm",), Level.IMMINENT, ["119", "1925"]),
        (("drug_use",), Level.HIGH, ["1925", "1995", "110", "119"]),
    ],
)
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_number_that_helps_first_comes_first(
    categories: tuple[str, ...], level: Level, numbers: list[str], language: str
) -> None:
    script = SCRIPTS.crisis(categories, level, language)
    assert re.findall(r"\d{3,4}", script)[: len(numbers)] == numbers


def test_crisis_scripts_are_in_their_language() -> None:
    for categories in ((), ("suicide",), ("overdose",), ("violence",), ("self_harm",)):
        for level in DANGER:
            assert language_of(SCRIPTS.crisis(categories, level, "zh")) == "zh"
            assert SCRIPTS.crisis(categories, level, "en").isascii()


@pytest.mark.parametrize(
    "message", ["你好", "哈囉！", "嗨～", "Hello", "  hi!", "謝謝你。", "掰掰", "好", "OK"]
)
def test_small_talk_gets_a_short_answer_with_a_question(message: str) -> None:
    answer = SCRIPTS.small_talk(message, language_of(message))
    assert answer is not None
    assert answer.endswith(("？", "?"))


@pytest.mark.parametrize("message", ["你好，我睡不著", "謝謝你，可是我還是很想用", "hello I need help"])
def test_a_greeting_with_more_behind_it_is_no_small_talk(message: str) -> None:
    assert SCRIPTS.small_talk(message, language_of(message)) is None


@pytest.mark.parametrize(
    ("message", "language"),
    [
        ("I want to stop", "en"),
        ("我想戒", "zh"),
        ("想戒 K", "zh"),
        ("ㄏㄏ", "zh"),
        ("...", "zh"),
        ("1925", "zh"),
        ("ok", "en"),
    ],
)
def test_the_answer_is_in_the_language_of_the_message(message: str, language: str) -> None:
    assert language_of(message) == language
