"""Text into vectors of 1536 numbers: offline by signed hashing, or by an OpenAI-compatible endpoint.

Used by the knowledge store (both) and the in-memory search (offline). `build_embedder` picks by settings.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from typing import Protocol

import httpx

from api.knowledge.features import features
from redaction import redact

DIMENSIONS = 1536
OFFLINE = "offline-1"
OPENAI = "text-embedding-3-small"
# A question is at most this long for the search: what comes later only blurs the vector and costs time.
QUESTION_CHARACTERS = 800


class EmbeddingError(Exception):
    """No vector could be had; says why without naming the text."""


class Embedder(Protocol):
    """Vectors of one kind; those of different names are never compared."""

    @property
    def name(self) -> str: ...

    async def embed(self, texts: Sequence[str]) -> list[list[float]]: ...


class Revealable(Protocol):
    """A secret that prints as [REDACTED] and gives its value only when asked."""

    def reveal(self) -> str: ...


class EmbedderSettings(Protocol):
    """What `build_embedder` reads of the service's settings."""

    @property
    def openai_api_key(self) -> Revealable | str | None: ...

    @property
    def openai_base_url(self) -> str: ...

    @property
    def openai_embeddings(self) -> bool: ...


class OfflineEmbedder:
    """Signed feature hashing: no model, no network, the same numbers on every machine."""

    name = OFFLINE

    async def embed(self, texts: Sequence[str]) -> list[list[float]]:
        """One unit vector a text."""
        return [offline_vector(text) for text in texts]


class OpenAIEmbedder:
    """Vectors from an OpenAI-compatible endpoint. Personal data is taken out before a text leaves."""

    name = OPENAI

    def __init__(self, base_url: str, api_key: str, client: httpx.AsyncClient, timeout: float = 3.0) -> None:
        self._url = base_url.rstrip("/") + "/embeddings"
        self._headers = {"Authorization": f"Bearer {api_key}"}
        self._client = client
        self._timeout = timeout

    async def embed(self, texts: Sequence[str]) -> list[list[float]]:
        """One unit vector a text; EmbeddingError when the endpoint gives anything else."""
        body = {
            "model": self.name,
            "dimensions": DIMENSIONS,
            "input": [redact(text) for text in texts],
        }
        try:
            response = await self._client.post(
                self._url, json=body, headers=self._headers, timeout=self._timeout
            )
            response.raise_for_status()
            rows = sorted(response.json()["data"], key=lambda row: int(row["index"]))
            vectors = [[float(value) for value in row["embedding"]] for row in rows]
        except (httpx.HTTPError, ValueError, KeyError, TypeError) as error:
            raise EmbeddingError(f"embeddings endpoint: {type(error).__name__}") from error
        if len(vectors) != len(texts) or any(len(vector) != DIMENSIONS for vector in vectors):
            raise EmbeddingError(f"embeddings endpoint: expected {len(texts)} vectors of {DIMENSIONS}")
        return vectors

    async def aclose(self) -> None:
        """Closes the connections."""
        await self._client.aclose()


def offline_vector(text: str) -> list[float]:
    """The vector of `offline-1`; all zero for a text without letters."""
    vector = [0.0] * DIMENSIONS
    for name, weight in features(text).items():
        digest = hashlib.blake2b(name.encode(), digest_size=8).digest()
        index = int.from_bytes(digest[:4], "big") % DIMENSIONS
        vector[index] += weight if digest[4] & 1 else -weight
    length = math.sqrt(math.fsum(value * value for value in vector))
    return [value / length for value in vector] if length else vector


def revealed(secret: Revealable | str | None) -> str:
    """The value of a secret; empty where there is none."""
    if secret is None or isinstance(secret, str):
        return secret or ""
    return secret.reveal()


def build_embedder(
    settings: EmbedderSettings, client: httpx.AsyncClient | None = None, timeout: float = 3.0
) -> Embedder:
    """The embedder that the settings ask for: offline unless OPENAI_EMBEDDINGS and a key are set."""
    key = revealed(settings.openai_api_key)
    if not (settings.openai_embeddings and key):
        return OfflineEmbedder()
    return OpenAIEmbedder(settings.openai_base_url, key, client or httpx.AsyncClient(), timeout)
