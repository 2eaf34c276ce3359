"""What a message costs: chat length within a few milliseconds, hostile length in proportion to it."""

from __future__ import annotations

import re
import time
from importlib.resources import files
from pathlib import Path

import pytest

from api.risk.labelled import read_lines
from api.risk.rule_engine import RuleEngine
from api.risk.rule_files import shipped_rules

ENGINE = RuleEngine.shipped()
DATA = Path(__file__).parent / "data"
HOSTILE = [
    "我",
    "想死",
    "想 ",
    "a",
    "1 ",
    "ㄙˇ",
    "「",
    "他說",
    "i want to die ",
    "沒有不是",
    "我在頂樓刀藥今晚就跳他打我",
    "1分鐘",
    "一二三",
]


def _cost(text: str) -> float:
    """Processor seconds, the least of three; the machine's other work is not ours."""
    times = []
    for _ in range(3):
        start = time.thread_time()
        ENGINE.assess(text)
        times.append(time.thread_time() - start)
    return min(times)


def test_a_chat_message_costs_under_two_milliseconds_at_the_99th_percentile() -> None:
    texts = [line.text for line in read_lines(DATA / "heldout.jsonl")]
    costs = sorted(_cost(text) for text in texts)
    assert costs[int(len(costs) * 0.99)] < 0.002 * 4  # four times: a slow shared runner


@pytest.mark.parametrize("piece", HOSTILE)
def test_a_hostile_message_costs_in_proportion_to_its_length(piece: str) -> None:
    text = piece * (4000 // len(piece))
    half, whole = _cost(text[:2000]), _cost(text)
    assert whole < 1.0
    assert whole < half * 3.5 + 0.005


def test_no_shipped_pattern_repeats_without_a_bound() -> None:
    unbounded = re.compile(r"\)[*+]|\.[*+]|\][*+]|\\[dws][*+]|\{\d+,\}")
    rules = shipped_rules()
    patterns = [rule.pattern for rule in rules.rules] + [
        context.pattern for context in rules.contexts.values()
    ]
    for pattern in patterns:
        assert unbounded.search(pattern.pattern) is None


def test_rule_names_are_unique_and_every_file_is_read() -> None:
    rules = shipped_rules()
    names = [rule.name for rule in rules.rules] + [follow_up.name for follow_up in rules.follow_ups]
    assert len(set(names)) == len(names)
    assert shipped_rules() is rules
    assert {entry.name for entry in (files("api.risk") / "rules").iterdir()} >= {
        "suicide.yaml",
        "fields.yaml",
    }
