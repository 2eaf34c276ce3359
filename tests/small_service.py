"""The service as the console hears it: answers by HTTP with what a test puts into it."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

RELEASE = "0.2.0-5e1c9b7a20d4"
PERSON = "p-opaque-7"
UNKNOWN = {"error": {"code": "unknown_page"}}


def page_document(level: str = "IMMINENT", *, minutes: float = 3, kind: str = "crisis", by: str = "") -> dict:
    """A page as the service's API gives it."""
    opened = datetime.now(UTC) - timedelta(minutes=minutes)
    taken = opened + timedelta(minutes=1)
    delivery = {
        "id": str(uuid.uuid4()),
        "contact": "nurse-a",
        "channel": "email",
        "state": "sent",
        "round": 0,
        "step": 0,
        "attempts": 1,
        "created_at": opened.isoformat(),
        "sent_at": (opened + timedelta(seconds=1)).isoformat(),
        "received_at": None,
        "error": None,
    }
    waiting = {**delivery, "channel": "line", "state": "waiting", "sent_at": None, "error": "timed out"}
    return {
        "id": str(uuid.uuid4()),
        "kind": kind,
        "level": level,
        "state": "acknowledged" if by else "open",
        "opened_at": opened.isoformat(),
        "last_event_at": opened.isoformat(),
        "next_step_at": (opened + timedelta(minutes=5)).isoformat(),
        "events": 2,
        "round": 0,
        "step": 0,
        "application": "line-bot",
        "person": PERSON,
        "acknowledged_at": taken.isoformat() if by else None,
        "acknowledged_by": by or None,
        "acknowledged_via": "link" if by else None,
        "deliveries": [delivery] if by else [delivery, waiting],
    }


@dataclass
class SmallService:
    """Answers as the service does, with what a test puts into it."""

    pages: list[dict] = field(default_factory=list)
    release: str = RELEASE
    degraded: list[str] = field(default_factory=list)
    metrics: str = ""
    refuses: bool = False
    asked: list[dict] = field(default_factory=list)
    cases: dict[str, dict] = field(default_factory=dict)
    looks: list[dict] = field(default_factory=list)
    outcomes: list[dict] = field(default_factory=list)
    knows_pages: bool = True

    def app(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/api/v1/healthz", self._alive),
                Route("/api/v1/ready", self._ready),
                Route("/api/v1/pages", self._pages),
                Route("/api/v1/pages/{page}", self._page),
                Route("/api/v1/pages/{page}/acknowledgement", self._acknowledge, methods=["POST"]),
                Route("/api/v1/pages/{page}/case", self._case, methods=["POST"]),
                Route("/api/v1/pages/{page}/outcome", self._outcome, methods=["POST"]),
                Route("/metrics", lambda _: PlainTextResponse(self.metrics)),
            ]
        )

    def _alive(self, _: Request) -> Response:
        return JSONResponse({"status": "alive", "release": self.release})

    def _ready(self, _: Request) -> Response:
        return JSONResponse({"degraded": self.degraded})

    def _pages(self, request: Request) -> Response:
        if self.refuses:
            return JSONResponse({}, 503)
        only_open = request.query_params.get("open") == "true"
        found = [p for p in self.pages if p["state"] == "open" or not only_open]
        return JSONResponse({"pages": found[: int(request.query_params["limit"])]})

    def _page(self, request: Request) -> Response:
        if self.refuses:
            return JSONResponse({}, 503)
        if not self.knows_pages:
            return JSONResponse({"error": {"code": "not_found"}}, 404)
        found = next((p for p in self.pages if p["id"] == request.path_params["page"]), None)
        return JSONResponse(UNKNOWN, 404) if found is None else JSONResponse(found)

    async def _case(self, request: Request) -> Response:
        made = await self._deed(request, self.looks, "seen")
        if isinstance(made, Response):
            return made
        page = request.path_params["page"]
        return JSONResponse(
            {
                **self.cases[page],
                "view": made,
                "views": [one for one in reversed(self.looks) if one is not made and one["page"] == page],
                "outcomes": [one for one in reversed(self.outcomes) if one["page"] == page],
            }
        )

    async def _outcome(self, request: Request) -> Response:
        made = await self._deed(request, self.outcomes, "recorded")
        return made if isinstance(made, Response) else JSONResponse(made)

    async def _deed(self, request: Request, deeds: list[dict], word: str) -> dict | Response:
        """Records something done with a case, as the service does: for the token of care alone."""
        if request.headers["authorization"] != "Bearer care":
            return JSONResponse({}, 403)
        if self.refuses:
            return JSONResponse({}, 503)
        if request.path_params["page"] not in self.cases:
            return JSONResponse(UNKNOWN, 404)
        body = await request.json()
        made = {"id": str(uuid.uuid4()), "page": request.path_params["page"], "via": body["via"]}
        made |= {f"{word}_at": datetime.now(UTC).isoformat(), f"{word}_by": body["by"]}
        deeds.append({**made, "outcome": body["outcome"]} if word == "recorded" else made)
        return deeds[-1]

    async def _acknowledge(self, request: Request) -> Response:
        if self.refuses:
            return JSONResponse({}, 503)
        body = await request.json()
        self.asked.append(body)
        found = next((p for p in self.pages if p["id"] == request.path_params["page"]), None)
        if found is None:
            return JSONResponse({}, 404)
        if found["state"] == "open":
            found |= {
                "state": "acknowledged",
                "acknowledged_by": body["by"],
                "acknowledged_via": body["via"],
                "acknowledged_at": datetime.now(UTC).isoformat(),
            }
        return JSONResponse(found)
