"""The platforms by name, as parameters of one test body, as far as what they need is here."""

from __future__ import annotations

import pytest

from docker_engine import present
from xiong.platforms.registry import PLATFORMS

_ABSENT = () if present() else ("compose",)


def platforms() -> list[object]:
    """Parameters for a fixture: `local` everywhere, others under their own marker."""
    marks = {"compose": pytest.mark.compose}
    return [
        pytest.param(name, marks=marks.get(name, ())) for name in sorted(PLATFORMS) if name not in _ABSENT
    ]
