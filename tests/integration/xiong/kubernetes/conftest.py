"""A namespace of a real cluster for each test."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from cluster import CLUSTERS, fresh_namespace
from xiong.platforms.kubernetes.cluster import Cluster


@pytest.fixture(params=CLUSTERS)
async def cluster() -> AsyncIterator[Cluster]:
    """Empty; its pods may do what the shipped ones may."""
    async with fresh_namespace() as made:
        yield made
