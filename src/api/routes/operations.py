"""What operators and proxies ask: is the process alive, should it get requests, what does it count."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Response
from fastapi.responses import JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST

from api.routes.documentation import HEADERS
from api.schemas import HealthResponse, ReadyResponse, StartedResponse
from api.state import Service, service_of

router = APIRouter(tags=["operations"])


@router.get("/api/v1/healthz", summary="Is the process alive", responses={200: {"headers": HEADERS}})
async def healthz(service: Annotated[Service, Depends(service_of)]) -> HealthResponse:
    """Touches no dependency: a database that is away is no reason to restart us."""
    return HealthResponse(status="ok", version=service.version, release=service.settings.release_id)


@router.get(
    "/api/v1/ready",
    summary="Should this replica get requests",
    responses={
        200: {"model": ReadyResponse, "headers": HEADERS},
        503: {
            "model": ReadyResponse,
            "headers": HEADERS,
            "description": "Held back, draining, or the schema does not fit.",
        },
    },
)
async def ready(service: Annotated[Service, Depends(service_of)]) -> Response:
    """Says no while held back, draining, or on a schema that does not fit; what is down is `degraded`."""
    reason = "draining" if service.drain.on else service.probes.schema_problem or _held(service)
    body = {
        "ready": reason is None,
        "reason": reason,
        "release": service.settings.release_id,
        "deployment": service.settings.deployment_id,
        "degraded": service.probes.degraded,
    }
    return JSONResponse(body, 200 if reason is None else 503)


def _held(service: Service) -> str | None:
    """A rollout rehearses a new replica before it lets the proxy send it people's messages."""
    path = service.settings.hold_path
    return "held" if path is not None and path.exists() else None


@router.get(
    "/api/v1/started",
    summary="Has this replica started",
    responses={
        200: {"model": StartedResponse, "headers": HEADERS},
        503: {"model": StartedResponse, "headers": HEADERS, "description": "The schema does not fit."},
    },
)
async def started(service: Annotated[Service, Depends(service_of)]) -> Response:
    """Says yes once it could serve, whether or not it is admitted; for startup probes and rollouts."""
    reason = service.probes.schema_problem
    body = {"started": reason is None, "reason": reason, "release": service.settings.release_id}
    return JSONResponse(body, 200 if reason is None else 503)


@router.get(
    "/metrics",
    summary="Metrics for Prometheus; never through the public proxy",
    responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}, "headers": HEADERS}},
    response_class=Response,
)
async def metrics(service: Annotated[Service, Depends(service_of)]) -> Response:
    """Returns all metrics of this replica."""
    service.metrics.spooled.set(service.spool.pending)
    return Response(service.metrics.text(), headers={"Content-Type": CONTENT_TYPE_LATEST})
