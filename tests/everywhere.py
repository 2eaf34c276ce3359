"""The platforms by name, as parameters of one test body, as far as what they need is here."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from clustered import PLACES, place
from docker_engine import present
from xiong.platforms.registry import PLATFORMS

_ABSENT = {name for name, here in (("compose", present()), ("kubernetes", PLACES)) if not here}


def platforms(*, local: pytest.MarkDecorator | tuple[()] = (), without: tuple[str, ...] = ()) -> list[object]:
    """Parameters for a fixture: `local` everywhere or under a marker, others under their own.

    Args:
        local: a marker.
        without: platforms that have nothing of what is tested.
    """
    marks = {"local": local, "compose": pytest.mark.compose, "kubernetes": pytest.mark.kubernetes}
    here = [name for name in sorted(PLATFORMS) if name not in {*_ABSENT, *without}]
    return [pytest.param(name, marks=marks.get(name, ())) for name in here]


@contextmanager
def settled(name: str, state: Path) -> Iterator[dict[str, Any]]:
    """Settings of a copy of its own on that platform; where it needs a place, that goes afterwards."""
    base: dict[str, Any] = {"platform": name, "state": state, "proxy": {"port": 0}}
    if name != "kubernetes":
        yield base
        return
    with place() as kubernetes:
        yield {**base, "kubernetes": kubernetes}
