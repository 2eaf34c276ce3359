"""The test receiver at the end of Alertmanager's routes: what arrived, when, and by which receiver."""

from __future__ import annotations

from dataclasses import dataclass

import orjson

from xiong.tools.clock import Clock
from xiong.tools.web import Request, Response


@dataclass(frozen=True)
class Arrival:
    """One alert in one notification."""

    receiver: str
    status: str
    labels: dict[str, str]
    at: float


class Receiver:
    """Keeps what arrives."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.arrivals: list[Arrival] = []

    def hear(self, receiver: str, request: Request) -> Response:
        """A notification of Alertmanager's webhook."""
        now = self._clock.monotonic()
        for alert in orjson.loads(request.body)["alerts"]:
            self.arrivals.append(Arrival(receiver, alert["status"], alert["labels"], now))
        return Response(200)
