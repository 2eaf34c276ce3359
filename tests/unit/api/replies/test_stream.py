"""Putting the event stream together, and what the model is told."""

from __future__ import annotations

import json

import pytest

from api.replies.failure import ModelError
from api.replies.metrics import Outcome
from api.replies.model import Passage, Turn
from api.replies.prompt import build_messages
from api.replies.stream import Collected
from api.replies.tokens import estimated_tokens
from api.risk.model import Assessment, Level


def line(**chunk: object) -> str:
    return f"data: {json.dumps(chunk)}"


def piece(text: str, finish: str | None = None) -> str:
    return line(choices=[{"delta": {"content": text}, "finish_reason": finish}])


def test_pieces_usage_and_finish_are_collected() -> None:
    collected = Collected()
    lines = [
        piece("我"),
        ": ping",
        "",
        piece("在。", "stop"),
        line(choices=[], usage={"prompt_tokens": 7, "completion_tokens": 3}),
    ]
    assert [collected.take(text) for text in lines] == [False] * 5
    assert collected.take("data: [DONE]")
    assert (collected.text, collected.finish) == ("我在。", "stop")
    assert (collected.prompt_tokens, collected.completion_tokens) == (7, 3)


@pytest.mark.parametrize(
    "text",
    [
        "data: {",
        "data: []",
        "data: 7",
        'data: {"choices": [3]}',
        'data: {"error": {"message": "overloaded"}}',
    ],
)
def test_rubbish_in_the_stream_is_the_servers_error(text: str) -> None:
    with pytest.raises(ModelError) as caught:
        Collected().take(text)
    assert caught.value.outcome is Outcome.SERVER_ERROR
    assert not caught.value.ours


@pytest.mark.parametrize(
    "chunk",
    [
        {},
        {"choices": None},
        {"choices": [{}]},
        {"choices": [{"delta": {"content": None, "tool_calls": []}}]},
        {"choices": [{"delta": "x"}], "usage": {"prompt_tokens": "many"}},
    ],
)
def test_odd_but_harmless_chunks_add_nothing(chunk: dict[str, object]) -> None:
    collected = Collected()
    collected.add(chunk)
    assert (collected.text, collected.finish, collected.prompt_tokens) == ("", None, None)


def test_an_answer_without_end_is_given_up() -> None:
    collected = Collected()
    for _ in range(20):
        collected.take(piece("好" * 1000))
    with pytest.raises(ModelError):
        collected.take(piece("好"))


def test_tokens_are_estimated_by_script() -> None:
    assert estimated_tokens("") == 0
    assert estimated_tokens("我在這裡。") == 5
    assert estimated_tokens("I am here.") == 3


def messages(level: Level = Level.NONE, history: tuple[Turn, ...] = ()) -> list[dict[str, str]]:
    passage = Passage("sleep", "睡不著", "固定起床。", "", 0.5)
    return build_messages(
        "我叫王小明", history, [passage], Assessment(level), lambda text: text.replace("王小明", "<N>")
    )


def test_the_model_gets_role_passages_history_and_the_message() -> None:
    told = messages(history=(Turn("person", "我是王小明"), Turn("assistant", "王小明你好")))
    assert [message["role"] for message in told] == ["system", "user", "assistant", "user"]
    assert "睡不著：固定起床。" in told[0]["content"]
    assert [message["content"] for message in told[1:]] == ["我是<N>", "<N>你好", "我叫<N>"]


def test_a_long_conversation_is_clipped() -> None:
    told = messages(history=tuple(Turn("person", "好" * 5000) for _ in range(100)))
    assert len(told) == 14
    assert max(len(message["content"]) for message in told[1:]) == 1000


def test_the_instructions_follow_the_danger() -> None:
    assert len({messages(level)[0]["content"] for level in (Level.LOW, Level.MEDIUM, Level.HIGH)}) == 3
    assert messages(Level.HIGH) == messages(Level.IMMINENT)
