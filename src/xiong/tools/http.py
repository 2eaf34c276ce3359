"""HTTP for operations: a client with a deadline, and the metrics of one replica as numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

import httpx
import orjson
from prometheus_client.parser import text_string_to_metric_families

Samples = dict[tuple[str, tuple[tuple[str, str], ...]], float]
"""{(name, sorted labels): value} of one scrape."""


@dataclass(frozen=True)
class Answer:
    """An HTTP answer, read whole."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """The body as JSON, or None when it is none."""
        try:
            return orjson.loads(self.body)
        except orjson.JSONDecodeError:
            return None


class Silence(StrEnum):
    """Why there was no answer: nobody listens, it took too long, or the connection broke."""

    REFUSED = "refused"
    TIMED_OUT = "timed out"
    BROKEN = "broken"


class Http:
    """A client for one base URL; `async with` closes its connections."""

    def __init__(
        self,
        base_url: str,
        *,
        timeout_seconds: float,
        verify: Path | None = None,
        server_name: str | None = None,
        headers: Mapping[str, str] | None = None,
        keep_alive: bool = True,
    ) -> None:
        """Opens nothing yet.

        Args:
            base_url: without a trailing slash.
            timeout_seconds: of each request.
            verify: a CA file to trust; None trusts the system's.
            server_name: whom the certificate must name, where that is not the host of `base_url`.
            headers: sent with every request.
            keep_alive: False opens a connection for each request.
        """
        limits = httpx.Limits(max_keepalive_connections=20 if keep_alive else 0)
        named = {"Host": server_name} if server_name else {}
        self._extensions = {"sni_hostname": server_name} if server_name else {}
        self._client = httpx.AsyncClient(
            base_url=base_url,
            timeout=timeout_seconds,
            # Reading the system's authorities takes longer than a whole look at a replica without TLS.
            verify=httpx.create_ssl_context(verify=str(verify)) if verify else base_url.startswith("https:"),
            headers={**(headers or {}), **named},
            limits=limits,
            trust_env=False,
        )

    async def __aenter__(self) -> Http:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._client.aclose()

    async def request(
        self, method: str, path: str, *, body: Any = None, headers: Mapping[str, str] | None = None
    ) -> Answer | None:
        """The answer, or None when there was none (refused, reset, timed out)."""
        answer = await self.ask(method, path, body=body, headers=headers)
        return answer if isinstance(answer, Answer) else None

    async def ask(
        self, method: str, path: str, *, body: Any = None, headers: Mapping[str, str] | None = None
    ) -> Answer | Silence:
        """The answer, or why there was none."""
        try:
            answer = await self._client.request(
                method, path, json=body, headers=headers, extensions=self._extensions
            )
        except httpx.TimeoutException:
            return Silence.TIMED_OUT
        except httpx.ConnectError:
            return Silence.REFUSED
        except httpx.HTTPError:
            return Silence.BROKEN
        return Answer(answer.status_code, answer.headers, answer.content)

    async def samples(self, path: str = "/metrics", *, only: tuple[str, ...] = ("",)) -> Samples | None:
        """One scrape, of it the names that begin with one of `only`; None when there was no answer."""
        answer = await self.request("GET", path)
        if answer is None or answer.status != 200:
            return None
        lines = answer.body.decode().splitlines(keepends=True)
        wanted = "".join(line for line in lines if line.removeprefix("# TYPE ").startswith(only))
        found: Samples = {}
        for family in text_string_to_metric_families(wanted):
            for sample in family.samples:
                found[sample.name, tuple(sorted(sample.labels.items()))] = sample.value
        return found
