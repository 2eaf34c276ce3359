"""One HTTPS request to a receiver of pages. Used by the webhook, Slack and LINE channels.

The status alone decides, and it decides as soon as it is there: a body that stalls or never ends
changes nothing. Redirects are not followed: they would take a page, or a token, to a stranger.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

import httpx

from api.pager.channels.base import SEND_DEADLINE_S, ChannelError
from api.pager.channels.failures import of_exception, of_status
from api.pager.channels.mounted import Trust

_LIMITS = httpx.Limits(max_connections=20, max_keepalive_connections=20, keepalive_expiry=30.0)
# a read body lets the connection be used again; worth this much and no more
_BODY_BYTES = 65_536
_BODY_S = 0.5

Headers = Callable[[], Mapping[str, str]]


class Poster:
    """Sends bodies to HTTPS addresses.

    Args:
        ca_file: whom to trust instead of the usual authorities.
        deadline_s: for the whole request, the wait for a free connection included.
    """

    def __init__(self, ca_file: Path | None, deadline_s: float = SEND_DEADLINE_S) -> None:
        self._trust = Trust(ca_file)
        self._deadline_s = deadline_s
        self._clients: list[tuple[ssl.SSLContext, httpx.AsyncClient]] = []
        for name in ("httpx", "httpcore"):
            # at INFO they write whole addresses, and Slack's is a secret
            logging.getLogger(name).setLevel(logging.WARNING)

    async def post(self, url: str, content: bytes, headers: Headers, accepted: tuple[int, ...] = ()) -> None:
        """Returns when the server accepted the body: 2xx, or a status in `accepted`.

        Args:
            headers: asked for them inside the try: what goes wrong in there is a failed try as well.

        Raises:
            ChannelError: it did not.
        """
        error = await self._attempt(url, content, headers, accepted)
        if error is not None:
            raise error

    async def _attempt(
        self, url: str, content: bytes, headers: Headers, accepted: tuple[int, ...]
    ) -> ChannelError | None:
        answer: httpx.Response | None = None
        try:
            async with asyncio.timeout(self._deadline_s):
                request = self._client().stream("POST", url, content=content, headers=headers())
                async with request as answer:
                    await _drain(answer)
        except Exception as error:
            if answer is None:
                return of_exception(error)
        if answer.is_success or answer.status_code in accepted:
            return None
        return of_status(answer.status_code, answer.headers.get("retry-after"))

    def _client(self) -> httpx.AsyncClient:
        """The client for what is trusted now; one for another authority is kept until the end."""
        context = self._trust.context()
        if not self._clients or self._clients[-1][0] is not context:
            # a connection that is cancelled between TCP and TLS would stay open: its own time ends before
            timeout = httpx.Timeout(None, connect=self._deadline_s / 2)
            client = httpx.AsyncClient(verify=context, timeout=timeout, limits=_LIMITS)
            self._clients.append((context, client))
        return self._clients[-1][1]

    async def aclose(self) -> None:
        """Closes all connections."""
        while self._clients:
            await self._clients.pop()[1].aclose()


async def _drain(answer: httpx.Response) -> None:
    read = 0
    with suppress(httpx.HTTPError, TimeoutError):
        async with asyncio.timeout(_BODY_S):
            async for piece in answer.aiter_raw():
                read += len(piece)
                if read > _BODY_BYTES:
                    return
