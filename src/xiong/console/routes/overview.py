"""The one page: its parts, their next versions, and the figures of the charts."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from xiong.console.budget import QUICK_SECONDS, objectives
from xiong.console.desk import Desk
from xiong.console.guard import desk_of, opened, require
from xiong.console.rendering import fragment, page, words_of
from xiong.console.roles import Role

SECTIONS = ("verdict", "pages", "parts", "slo", "alerts", "healing", "deploys")


async def overview(request: Request) -> Response:
    """Everything at a glance."""
    login = await opened(request, Role.VIEW)
    desk = desk_of(request)
    values = await _values(desk)
    return page(request, "overview.html", login, charts=await desk.series.charts(), **values)


async def part(request: Request) -> Response:
    """The next version of one part."""
    login = await require(request, Role.VIEW)
    name = request.path_params["name"]
    if name not in SECTIONS:
        raise HTTPException(404)
    values = await _values(desk_of(request))
    return fragment(request, name, login, request.query_params.get("v", ""), **values)


async def figures(request: Request) -> Response:
    """What the charts draw."""
    await require(request, Role.VIEW)
    t = words_of(request)
    charts = [
        {
            "name": chart.name,
            "unit": chart.unit,
            "times": [round(at, 1) for at in chart.times],
            "lines": [
                {
                    "name": line.name,
                    "label": t(f"line.{line.name}"),
                    "values": [_short(v) for v in line.values],
                }
                for line in chart.lines
            ],
        }
        for chart in await desk_of(request).series.charts()
    ]
    return JSONResponse({"charts": charts})


async def _values(desk: Desk) -> dict[str, Any]:
    totals = await desk.series.totals(QUICK_SECONDS)
    return {
        "board": await desk.lookout.board(),
        "objectives": objectives(totals),
        "since": None if totals.since is None else datetime.fromtimestamp(totals.since, UTC),
        "last_rollback": desk.rollbacks.last,
    }


def _short(value: float | None) -> float | None:
    """Four digits are more than a curve shows."""
    return None if value is None else float(f"{value:.4g}")


ROUTES = [
    Route("/", overview, methods=["GET"]),
    Route("/fragments/{name}", part, methods=["GET"]),
    Route("/data/charts.json", figures, methods=["GET"]),
]
