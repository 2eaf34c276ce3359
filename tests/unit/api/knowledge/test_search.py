"""What people ask finds what answers it, in memory, with the offline vectors."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from api.knowledge.entry import shipped_entries
from api.knowledge.memory import MemoryKnowledge
from api.knowledge.relevance import Relevance

QUESTIONS = yaml.safe_load((Path(__file__).parent / "data" / "questions.yaml").read_text(encoding="utf-8"))
UNSEEN = yaml.safe_load((Path(__file__).parent / "data" / "unseen.yaml").read_text(encoding="utf-8"))
MEMORY = MemoryKnowledge()
RELEVANCE = Relevance(shipped_entries(), MEMORY)


@pytest.mark.parametrize("row", QUESTIONS, ids=lambda row: str(row["ask"]))
async def test_the_best_passage_answers_the_question(row: dict[str, object]) -> None:
    message = str(row["ask"])
    graded = RELEVANCE.graded(message, await MEMORY.search(message, 8))
    expected = row["any"]
    assert isinstance(expected, list)
    if expected:
        assert graded
        assert graded[0].id in expected
    else:
        assert graded == []


async def test_questions_that_nobody_tuned_to_are_mostly_answered_and_seldom_wrongly() -> None:
    right = wrong = 0
    for row in UNSEEN:
        graded = RELEVANCE.graded(row["ask"], await MEMORY.search(row["ask"], 8))
        expected = graded[0].id in row["any"] if graded else not row["any"]
        right += expected
        wrong += bool(graded) and not expected
    assert right >= 0.75 * len(UNSEEN)
    assert wrong <= 0.1 * len(UNSEEN)


def test_every_expected_entry_is_shipped() -> None:
    shipped = {entry.id for entry in shipped_entries()}
    assert {name for row in (*QUESTIONS, *UNSEEN) for name in row["any"]} <= shipped


async def test_passages_come_nearest_first_and_as_many_as_asked() -> None:
    passages = await MEMORY.search("美沙冬要喝多久", 5)
    assert len(passages) == 5
    assert [passage.score for passage in passages] == sorted((p.score for p in passages), reverse=True)
    assert passages[0].id == "methadone"
    assert passages[0].text == next(entry.text for entry in shipped_entries() if entry.id == "methadone")


async def test_the_end_of_a_very_long_message_does_not_slow_the_search() -> None:
    question = "美沙冬要喝多久"
    padded = await MEMORY.search(question.ljust(800) + "睡不著" * 1000, 1)
    assert padded == await MEMORY.search(question, 1)
