"""What a bundle holds. A message, a row, a token and an environment are in none of its parts."""

from __future__ import annotations

import importlib.metadata
from collections.abc import Awaitable, Callable
from typing import Any

from xiong import __version__
from xiong.errors import PlatformError
from xiong.model.documents import to_document
from xiong.model.instance import Instance
from xiong.operations import releases as releases_operation
from xiong.operations import status as status_operation
from xiong.operations.bundle import logs, records, surroundings
from xiong.operations.bundle.part import Part, Pieces, Subject
from xiong.operations.health.run import examine
from xiong.tools.http import Http

_SCRAPED = ("api", "pager", "watch")
_ANSWER_SECONDS = 5.0
_LOOK_SECONDS = 60.0  # it has its own deadline, which a setting may lengthen


async def every_part(subject: Subject) -> list[Part]:
    """In the order in which they are read; what runs now decides how many there are."""
    try:
        instances = await subject.platform.instances()
    except PlatformError:
        instances = []  # `status.json` says why
    return [
        Part("status.json", _document(_status)),
        Part("health.json", _document(_health), _LOOK_SECONDS),
        Part("releases.json", _document(_releases)),
        Part("settings.json", _document(_settings)),
        Part("versions.json", _document(_versions)),
        Part("machine.json", _document(surroundings.machine)),
        *(Part(f"records/{kind}.jsonl", records.of(kind)) for kind in records.KINDS),
        Part("alerts.json", _alerts(instances)),
        *_metrics(instances),
        *await logs.parts(subject),
    ]


def _document(ask: Callable[[Subject], Awaitable[Any]]) -> Callable[[Subject], Pieces]:
    async def pieces(subject: Subject) -> Pieces:
        yield to_document(await ask(subject))

    return pieces


async def _status(subject: Subject) -> Any:
    return await status_operation.status(subject.platform, subject.settings, subject.clock)


async def _health(subject: Subject) -> Any:
    return await examine(subject.platform, subject.settings, subject.clock)


async def _releases(subject: Subject) -> Any:
    return await releases_operation.releases(subject.platform)


async def _settings(subject: Subject) -> Any:
    return subject.settings.model_dump(mode="json")  # a SecretStr comes as asterisks


async def _versions(subject: Subject) -> Any:
    found = importlib.metadata.distributions()
    packages = {distribution.name: distribution.version for distribution in found}
    return {
        "xiong": __version__,
        "programs": await subject.platform.versions(),
        "packages": dict(sorted(packages.items())),
    }


def _metrics(instances: list[Instance]) -> list[Part]:
    scraped = [i for i in instances if i.service in _SCRAPED and i.url]
    if not scraped:
        return [Part("metrics/none.prom", _absent("nothing that shows metrics runs here"))]
    return [Part(f"metrics/{i.name}.prom", _scrape(str(i.url))) for i in scraped]


def _scrape(url: str) -> Callable[[Subject], Pieces]:
    async def pieces(_: Subject) -> Pieces:
        for line in (await _asked(url, "/metrics")).decode(errors="replace").splitlines():
            yield line

    return pieces


def _alerts(instances: list[Instance]) -> Callable[[Subject], Pieces]:
    """Of Alertmanager, which knows what is silenced; else of Prometheus."""
    where = {i.service: i.url for i in instances if i.url}
    for service, path in (("alertmanager", "/api/v2/alerts"), ("prometheus", "/api/v1/alerts")):
        if service in where:
            return _answer(str(where[service]), path)
    return _absent("neither Alertmanager nor Prometheus runs here")


def _answer(url: str, path: str) -> Callable[[Subject], Pieces]:
    async def pieces(_: Subject) -> Pieces:
        yield (await _asked(url, path)).decode(errors="replace")

    return pieces


async def _asked(url: str, path: str) -> bytes:
    async with Http(url, timeout_seconds=_ANSWER_SECONDS) as http:
        answer = await http.request("GET", path)
    if answer is None:
        raise PlatformError(f"{url}{path} gave no answer within {_ANSWER_SECONDS:g} s")
    if answer.status != 200:
        raise PlatformError(f"{url}{path} answered with {answer.status}")
    return answer.body


def _absent(why: str) -> Callable[[Subject], Pieces]:
    async def pieces(_: Subject) -> Pieces:
        raise PlatformError(why)
        yield ""  # makes it a generator, as all pieces are

    return pieces
