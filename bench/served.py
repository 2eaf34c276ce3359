"""The same little application three times, for `http`: bare, behind our middleware, behind another's.

Run by `uvicorn --factory bench.served:NAME`.
"""

from __future__ import annotations

from fastapi import FastAPI
from prometheus_fastapi_instrumentator import Instrumentator

from api.drain import Drain
from api.logs import make_log
from api.metrics import Metrics
from api.middleware import Gateway, Intake
from api.settings import Settings

PATH = "/bench/{word}"


def bare() -> FastAPI:
    """No instrumentation at all."""
    app = FastAPI(openapi_url=None)

    @app.get(PATH)
    async def say(word: str) -> dict[str, str]:
        return {"word": word}

    return app


def ours() -> FastAPI:
    """The product's two layers: request id, timing, counters, drain header, body limits."""
    app = bare()
    metrics = Metrics("0", "bench")
    metrics.expect("GET", PATH, (200, 500))
    app.add_middleware(Intake)
    app.add_middleware(Gateway, metrics=metrics, drain=Drain(), log=make_log(Settings()))
    return app


def instrumentator() -> FastAPI:
    """prometheus-fastapi-instrumentator with its defaults, which only count and time."""
    app = bare()
    Instrumentator().instrument(app)
    return app
