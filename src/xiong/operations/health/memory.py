"""What outlives one look: `xiong watch` keeps one, a call of `xiong health` needs none."""

from __future__ import annotations

from xiong.model.health import Finding


class Memory:
    """What was found before.

    Attributes:
        notes: what a check keeps for its own next look, by its name.
    """

    def __init__(self) -> None:
        self.notes: dict[str, object] = {}
        self._found: dict[str, tuple[float, Finding]] = {}

    def keep(self, finding: Finding, at: float) -> None:
        """Remembers what was found; `at` is monotonic."""
        self._found[finding.check] = (at, finding)

    def standing(self, check: str, now: float, every_seconds: float) -> Finding | None:
        """What was found less than `every_seconds` ago; None where it is time to look again."""
        at, finding = self._found.get(check, (0.0, None))
        return finding if now - at < every_seconds else None
