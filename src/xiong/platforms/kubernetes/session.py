"""How the API server is asked: as whom, with which deadline, what is asked again, what a refusal is.

kr8s finds the account and its certificates. Used by `cluster.py` alone.
"""

from __future__ import annotations

import asyncio
import gc
import ssl
import weakref
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

import httpx
import kr8s
import kr8s.asyncio
import orjson

from xiong.config.kubernetes import KubernetesSettings
from xiong.errors import PlatformError
from xiong.platforms.kubernetes.channels import parts, said
from xiong.tools.clock import Clock, SystemClock

_TIMEOUT_S = 30.0
_PAUSES_S = (0.2, 1.0)
"""Before what only reads is asked a second and a third time: an API server that restarts ends no roll."""
_BUSY = {httpx.codes.TOO_MANY_REQUESTS, *range(500, 600)}
_HINT = "kubectl cluster-info   (or set kubernetes.kubeconfig and kubernetes.context)"
_FAULTS = (httpx.HTTPError, OSError, kr8s.APITimeoutError)


class ConflictError(PlatformError):
    """The object is there already, or was changed meanwhile."""

    retryable = True


class MissingError(PlatformError):
    """The object, or the namespace that it should lie in, is not there."""


class Session:
    """Asks the API server; one client for each event loop, since it belongs to that in which it was made."""

    def __init__(
        self,
        settings: KubernetesSettings,
        clock: Clock | None = None,
        at_end: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        """Opens nothing yet; `at_end` is awaited when a loop ends in which something was opened."""
        self._settings = settings
        self._clock = clock or SystemClock()
        self._apis: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, kr8s.asyncio.Api]
        self._apis = weakref.WeakKeyDictionary()
        self._at_end = at_end or self.close
        self._ends: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, AsyncGenerator[None, None]]
        self._ends = weakref.WeakKeyDictionary()
        self._connecting: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Lock]
        self._connecting = weakref.WeakKeyDictionary()

    async def api(self) -> kr8s.asyncio.Api:
        """The client of this loop.

        Raises:
            PlatformError: no account is found, or the cluster does not answer.
        """
        loop = asyncio.get_running_loop()
        if loop in self._apis:
            return self._apis[loop]
        async with self._connecting.setdefault(loop, asyncio.Lock()):
            if loop not in self._apis:
                self._apis[loop] = await self._connected()
                if loop not in self._ends:
                    self._ends[loop] = self._closing()
                    await anext(self._ends[loop])
        return self._apis[loop]

    async def _closing(self) -> AsyncGenerator[None, None]:
        """Stands still as long as the loop runs: asyncio ends it with the loop, and so what is open there."""
        try:
            yield
        finally:
            await self._at_end()

    async def ask(
        self,
        method: str,
        path: str,
        what: str,
        *,
        body: Mapping[str, Any] | None = None,
        media: str = "application/json",
        parameters: Mapping[str, str] | None = None,
        gone: bool = False,
    ) -> dict[str, Any]:
        """One request; with `gone`, an object that is not there is an empty answer.

        Raises:
            ConflictError: it is there already, or was changed meanwhile.
            MissingError: it is not there.
            PlatformError: the API server refuses, with its reason, or does not answer.
        """
        words: dict[str, Any] = {"params": dict(parameters or {}), "headers": {"Content-Type": media}}
        if body is not None:
            words["content"] = orjson.dumps(body)
        for pause in (*_PAUSES_S, None) if method == "GET" else (None,):
            try:
                answer = await self._once(method, path, words)
            except _FAULTS as error:
                if pause is None:
                    raise PlatformError(f"{what}: {said(error)}", hint=_HINT) from error
            else:
                if pause is None or answer.status_code not in _BUSY:
                    return _told(answer, what, gone=gone)
            await self._clock.sleep(pause)
        raise AssertionError("the last round returns or raises")

    @asynccontextmanager
    async def read(
        self, path: str, what: str, parameters: Mapping[str, str], *, endless: bool
    ) -> AsyncIterator[httpx.Response]:
        """An answer that is read as it comes; `endless`: it may be silent for as long as it likes.

        Raises:
            PlatformError: see `ask`.
        """
        api = await self.api()
        base, url = parts(path)
        timeout = httpx.Timeout(_TIMEOUT_S, read=None if endless else _TIMEOUT_S)
        try:
            async with api.call_api(
                "GET", version="", base=base, url=url, params=dict(parameters), timeout=timeout,
                stream=True, raise_for_status=False,
            ) as answer:  # fmt: skip
                yield answer
        except _FAULTS as error:
            raise PlatformError(f"{what}: {said(error)}", hint=_HINT) from error

    async def close(self) -> None:
        """Ends what this loop has open; the next question opens it again."""
        api = self._apis.pop(asyncio.get_running_loop(), None)
        if api is not None and api._session is not None:  # kr8s itself never closes it
            await api._session.aclose()

    async def _connected(self) -> kr8s.asyncio.Api:
        try:
            async with asyncio.timeout(_TIMEOUT_S):
                return await self._connect()
        except TimeoutError as error:
            words = f"the cluster did not answer within {_TIMEOUT_S:g} s"
            raise PlatformError(words, hint=_HINT) from error
        except (*_FAULTS, ValueError, KeyError, ssl.SSLError, kr8s.ServerError) as error:
            raise PlatformError(f"no cluster can be asked: {said(error)}", hint=_HINT) from error

    async def _connect(self) -> kr8s.asyncio.Api:
        wanted: dict[str, Any] = {"namespace": self._settings.namespace}
        if self._settings.kubeconfig is not None:
            wanted["kubeconfig"] = str(self._settings.kubeconfig)
        if self._settings.context:
            wanted["context"] = self._settings.context
        api = await kr8s.asyncio.api(**wanted)
        api.timeout = _TIMEOUT_S
        return api

    async def _once(self, method: str, path: str, words: Mapping[str, Any]) -> httpx.Response:
        """One try.

        kr8s logs in anew on 401 and on 403, and ends all other requests by that: a right that is lacking is
        no reason for it.
        """
        api = await self.api()
        base, url = parts(path)
        for renew in (False, True):
            try:
                async with api.call_api(
                    method, version="", base=base, url=url, raise_for_status=renew, **words
                ) as answer:
                    if renew or answer.status_code != httpx.codes.UNAUTHORIZED:
                        return answer
            except kr8s.ServerError as error:
                if error.response is None:
                    raise
                return error.response
        return answer


def _told(answer: httpx.Response, what: str, *, gone: bool) -> dict[str, Any]:
    """The object in an answer.

    Raises:
        PlatformError: it is a refusal.
    """
    try:
        told = _parsed(answer)
    except ValueError:
        told = None
    if answer.is_success and isinstance(told, dict):
        return told
    if gone and answer.status_code == httpx.codes.NOT_FOUND:
        return {}
    raise refused(what, answer, told.get("message") if isinstance(told, dict) else None)


def _parsed(answer: httpx.Response) -> Any:
    """The document; of a long list most objects go again at once, so none is looked through for garbage."""
    collecting = gc.isenabled()
    gc.disable()
    try:
        return answer.json()
    finally:
        if collecting:
            gc.enable()


def refused(what: str, answer: httpx.Response, reason: str | None = None) -> PlatformError:
    """What the API server said, as an error."""
    words = (
        f"{what}: the cluster says {answer.status_code} {reason or answer.text[:300] or answer.reason_phrase}"
    )
    if answer.status_code == httpx.codes.CONFLICT:
        return ConflictError(words)
    if answer.status_code == httpx.codes.NOT_FOUND:
        return MissingError(words)
    rights = answer.status_code in {httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN}
    return PlatformError(words, hint="kubectl auth can-i --list" if rights else None)
