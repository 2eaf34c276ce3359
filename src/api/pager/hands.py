"""What this pager has in its hands: pages it works on, until a copy of them is in the SQLite file.

The desk notes, the mirror copies and discards. When PostgreSQL goes away, what is still noted here is
written to the SQLite file, so that no page falls between the two.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from api.pages.model import Delivery, Page


@dataclass(frozen=True)
class Held:
    """A page with its deliveries, as they were claimed last."""

    page: Page
    deliveries: tuple[Delivery, ...]


@dataclass
class Hands:
    """Pages by their ids."""

    held: dict[uuid.UUID, Held] = field(default_factory=dict)

    def note(self, page: Page, deliveries: Sequence[Delivery] = ()) -> None:
        """Takes a page, or notes that it changed."""
        before = self.held.get(page.id)
        known = () if before is None else before.deliveries
        new = {delivery.id for delivery in deliveries}
        kept = tuple(delivery for delivery in known if delivery.id not in new)
        self.held[page.id] = Held(page, (*kept, *deliveries))

    def look(self, limit: int) -> dict[uuid.UUID, Held]:
        """Returns what is held, the first first."""
        return dict(list(self.held.items())[:limit])

    def discard(self, copied: Mapping[uuid.UUID, Held] | Iterable[tuple[uuid.UUID, Held]]) -> None:
        """Puts down what was copied, unless it changed since."""
        for page, held in dict(copied).items():
            if self.held.get(page) is held:
                del self.held[page]
