"""The pages that nobody took over yet, as `status` shows them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from xiong.tools.http import Http

_MOST = 500


@dataclass(frozen=True)
class OpenPages:
    """Open pages of people in danger, by how urgent they are.

    Attributes:
        imminent: of somebody in immediate danger.
        high: of somebody in high danger.
        oldest_imminent_minutes: how long the oldest of the first kind waits, None where there is none.
    """

    imminent: int
    high: int
    oldest_imminent_minutes: float | None

    def fault(self, patience_minutes: float) -> str | None:
        """What is amiss, in words: somebody in immediate danger waits for longer than that."""
        waiting = self.oldest_imminent_minutes
        if waiting is None or waiting < patience_minutes:
            return None
        return (
            f"a page of somebody in immediate danger waits for {waiting:.0f} min, "
            f"at most {patience_minutes:g} are meant (xiong pages list)"
        )


async def open_pages(http: Http, now: datetime) -> OpenPages | None:
    """Asks the service; None where it does not say."""
    answer = await http.request("GET", f"/api/v1/pages?open=true&limit={_MOST}")
    document = answer.json() if answer is not None and answer.status == 200 else None
    if not isinstance(document, dict):
        return None
    found: list[dict[str, Any]] = [page for page in document["pages"] if page["kind"] == "crisis"]
    imminent = [datetime.fromisoformat(page["opened_at"]) for page in found if page["level"] == "IMMINENT"]
    oldest = (now - min(imminent)).total_seconds() / 60 if imminent else None
    return OpenPages(len(imminent), len(found) - len(imminent), oldest)
