"""The application with faults on top: `uvicorn faulty_replica:app` with this folder on PYTHONPATH.

Only for tests that look for what a fault betrays. `POST /faults/NAME` makes the fault with the words
of its body; a chat message that begins with `!responder` or `!assessor` makes that part raise them.
"""

from __future__ import annotations

import asyncio
import dataclasses
import gc
import logging
import os
import threading
import warnings
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
from fastapi import Request
from pydantic import BaseModel
from sqlalchemy import text

from api.database.engine import make_engine
from api.logs import configure
from api.main import create_app
from api.settings import Settings
from api.wiring import build_service

settings = Settings.from_environment(os.environ)
service = build_service(settings, configure(settings))


class Failing:
    """A part of the chat that raises what was said to it, where it is asked to."""

    def __init__(self, part: Any, mark: str) -> None:
        self._part, self._mark = part, mark

    async def reply(self, message: str, history: Any, assessment: Any) -> Any:
        self._raise(message)
        return await self._part.reply(message, history, assessment)

    def assess(self, message: str, history: tuple[str, ...] = ()) -> Any:
        self._raise(message)
        return self._part.assess(message, history)

    def _raise(self, message: str) -> None:
        if message.startswith(self._mark):
            raise RuntimeError(message) from KeyError(message)


chat = dataclasses.replace(
    service.chat,
    responder=Failing(service.chat.responder, "!responder"),
    assessor=Failing(service.chat.assessor, "!assessor"),
)
app = create_app(settings, dataclasses.replace(service, chat=chat), owns_process=True)


class Counted(BaseModel):
    """Something that words do not fit into."""

    count: int


class Finalised:
    """Raises when it is collected."""

    def __init__(self, words: str) -> None:
        self.words = words

    def __del__(self) -> None:
        raise ValueError(self.words)


def fail(words: str) -> None:
    raise RuntimeError(f"cannot handle {words}") from ValueError(words)


async def in_handler(words: str) -> None:
    fail(words)


async def in_validation(words: str) -> None:
    Counted.model_validate({"count": words, "other": {words: [words]}})


async def in_database(words: str) -> None:
    async with service.database.engine.connect() as connection:
        await connection.execute(text("SELECT CAST(CAST(:words AS text) AS integer)"), {"words": words})


async def in_driver(words: str) -> None:
    async with service.database.engine.connect() as connection:
        await connection.execute(text("SELECT CAST(:words AS integer)"), {"words": words})


async def in_database_log(words: str) -> None:
    logging.getLogger("sqlalchemy").setLevel(logging.DEBUG)
    engine = make_engine(settings.database_url.reveal(), 1)
    async with engine.connect() as connection:
        await connection.execute(text("SELECT CAST(:words AS text)"), {"words": words})
    await engine.dispose()


async def in_task(words: str) -> None:
    async def work() -> None:
        fail(words)

    await asyncio.wait({asyncio.create_task(work(), name=words)})
    gc.collect()


async def in_callback(words: str) -> None:
    done = asyncio.Event()
    asyncio.get_running_loop().call_soon(fail, words)
    asyncio.get_running_loop().call_soon(done.set)
    await done.wait()


async def in_thread(words: str) -> None:
    thread = threading.Thread(target=fail, args=(words,), name=words)
    thread.start()
    await asyncio.to_thread(thread.join)


async def in_finaliser(words: str) -> None:
    Finalised(words)
    gc.collect()


async def in_warning(words: str) -> None:
    warnings.simplefilter("always")
    warnings.warn(f"deprecated: {words}", DeprecationWarning, stacklevel=1)


async def in_client_log(words: str) -> None:
    for name in ("httpx", "httpcore"):
        logging.getLogger(name).setLevel(logging.DEBUG)
    async with httpx.AsyncClient() as client:
        await client.get(
            f"{settings.openai_base_url}/{words}", params={"q": words}, headers={"X-Q": repr(words)}
        )


async def in_loggers(words: str) -> None:
    for name in ("asyncio", "sqlalchemy.engine", "httpx", "httpcore", "uvicorn.error", "redis", "anything"):
        logger = logging.getLogger(name)
        logger.setLevel(logging.DEBUG)
        logger.debug("seen %s", words)
        logger.info(f"seen {words}")  # noqa: G004  # as some libraries do it
        logger.warning("seen %r and %d", {"words": words}, 3)
        logger.error("said %(who)s", {"who": words})
        logger.error(words)
        logger.error(ValueError(words))
        try:
            fail(words)
        except RuntimeError:
            logger.exception("it failed")


async def in_own_log(words: str) -> None:
    words_of_ours = f"said: {words}"
    service.log.warning(words_of_ours, action="fault.said", reason=words, source=[words, {"x": words}])


FAULTS: dict[str, Callable[[str], Awaitable[None]]] = {
    "handler": in_handler,
    "validation": in_validation,
    "database": in_database,
    "driver": in_driver,
    "database_log": in_database_log,
    "task": in_task,
    "callback": in_callback,
    "thread": in_thread,
    "finaliser": in_finaliser,
    "warning": in_warning,
    "client_log": in_client_log,
    "loggers": in_loggers,
    "own_log": in_own_log,
}


@app.post("/faults/{name}")
async def fault(name: str, request: Request) -> dict[str, str]:
    """Makes one fault."""
    await FAULTS[name]((await request.body()).decode())
    return {"made": name}
