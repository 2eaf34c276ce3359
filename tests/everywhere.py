"""The platforms by name, as parameters of one test body, as far as what they need is here."""

from __future__ import annotations

import pytest

from docker_engine import present
from xiong.platforms.registry import PLATFORMS

_ABSENT = () if present() else ("compose",)


def platforms(*, local: pytest.MarkDecorator | tuple[()] = ()) -> list[object]:
    """Parameters for a fixture: `local` everywhere or under a marker, others under their own."""
    marks = {"local": local, "compose": pytest.mark.compose}
    return [
        pytest.param(name, marks=marks.get(name, ())) for name in sorted(PLATFORMS) if name not in _ABSENT
    ]
