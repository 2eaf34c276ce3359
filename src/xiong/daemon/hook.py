"""Hears of alerts from the local Alertmanager: each is logged and counted by name. Used by `watch`."""

from __future__ import annotations

from typing import Any

import orjson

from xiong.daemon.exporter import Exporter
from xiong.platforms.base import Progress
from xiong.tools.web import METRICS, Request, Response

ALERTS = "/alerts/"


class Pages:
    """What the daemon answers: /metrics, /healthz, and POST /alerts/RECEIVER."""

    def __init__(self, exporter: Exporter, told: Progress) -> None:
        self._exporter = exporter
        self._told = told

    def answer(self, request: Request) -> Response:
        """Called by the web server."""
        if request.method == "POST" and request.path.startswith(ALERTS):
            return self._hear(request.path.removeprefix(ALERTS), request.body)
        if request.method not in {"GET", "HEAD"}:
            return Response(405)
        if request.path == "/metrics":
            return Response(200, self._exporter.text(), METRICS)
        if request.path == "/healthz":
            return Response(200, b'{"status":"ok"}', "application/json")
        return Response(404)

    def _hear(self, receiver: str, body: bytes) -> Response:
        try:
            alerts: list[dict[str, Any]] = orjson.loads(body)["alerts"]
            heard = [(a["labels"]["alertname"], a["status"], a["labels"], a["annotations"]) for a in alerts]
        except (ValueError, KeyError, TypeError):
            return Response(400)
        for name, status, labels, notes in heard:
            self._exporter.notified(name, status)
            if name != "Watchdog":
                word = "fires" if status == "firing" else "is over"
                grave = labels.get("severity", "")
                self._told(f"alert {name} {word} ({grave}, for {receiver}): {notes.get('summary', '')}")
        return Response(200)
