"""The remote embedder against a real endpoint: vectors in order, no personal data, every fault one error."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from api.knowledge.embedders import DIMENSIONS, EmbeddingError, OpenAIEmbedder


@pytest.fixture
async def embedder(endpoint: Any) -> AsyncIterator[OpenAIEmbedder]:
    embedder = OpenAIEmbedder(endpoint.url, "sk-test", httpx.AsyncClient(), timeout=0.3)
    yield embedder
    await embedder.aclose()


def vectors(*rows: tuple[int, float], size: int = DIMENSIONS) -> bytes:
    return json.dumps(
        {"data": [{"index": index, "embedding": [value] * size} for index, value in rows]}
    ).encode()


async def test_vectors_come_in_the_order_of_the_texts(endpoint: Any, embedder: OpenAIEmbedder) -> None:
    endpoint.will(endpoint.answers(200, body=vectors((1, 0.2), (0, 0.1))))
    first, second = await embedder.embed(["一", "二"])
    assert (first[0], second[0], len(first)) == (0.1, 0.2, DIMENSIONS)
    (request,) = endpoint.requests
    assert request["path"] == "/v1/embeddings"
    assert (request["model"], request["dimensions"]) == ("text-embedding-3-small", DIMENSIONS)


async def test_personal_data_does_not_leave_with_a_question(endpoint: Any, embedder: OpenAIEmbedder) -> None:
    endpoint.will(endpoint.answers(200, body=vectors((0, 0.1))))
    await embedder.embed(["請打 0912345678 給我"])
    assert "0912345678" not in str(endpoint.requests[0]["input"])


FAULTS = {
    "is silent": lambda e: e.silent,
    "hangs up": lambda e: e.hangs_up,
    "answers 500": lambda e: e.answers(500),
    "sends no JSON": lambda e: e.answers(200, body=b"<html>"),
    "sends a list": lambda e: e.answers(200, body=b"[]"),
    "sends no data": lambda e: e.answers(200, body=b"{}"),
    "sends too few": lambda e: e.answers(200, body=vectors()),
    "sends too many": lambda e: e.answers(200, body=vectors((0, 0.1), (1, 0.1))),
    "sends short vectors": lambda e: e.answers(200, body=vectors((0, 0.1), size=3)),
    "sends words": lambda e: e.answers(200, body=b'{"data":[{"index":0,"embedding":["x"]}]}'),
}


@pytest.mark.parametrize("fault", FAULTS)
async def test_every_fault_is_one_error(fault: str, endpoint: Any, embedder: OpenAIEmbedder) -> None:
    endpoint.will(FAULTS[fault](endpoint))
    with pytest.raises(EmbeddingError):
        await embedder.embed(["一"])
