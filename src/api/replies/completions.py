"""Asks an OpenAI-compatible endpoint for one text. Used by the model responder.

The answer is streamed so that a stall shows early; it is put together here and shown whole, since a
text can only be vetted whole. Every way it can go wrong ends as a ModelError within the deadline.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

import httpx
import stamina

from api.replies.failure import ModelError, Usage
from api.replies.limits import ModelLimits
from api.replies.metrics import Outcome
from api.replies.retries import RetryBudget, RetryPolicy, retry_after
from api.replies.stream import Collected
from api.replies.tokens import estimated_tokens

Message = dict[str, str]

_OUR_FAULT = frozenset({400, 413, 422})
_RETRYABLE = (httpx.ConnectError, httpx.ConnectTimeout, httpx.RemoteProtocolError, httpx.ReadError)


@dataclass(frozen=True)
class Completion:
    """A whole answer and what it cost."""

    text: str
    used: Usage


class CompletionClient:
    """One endpoint and one model, over a shared pool of connections."""

    def __init__(
        self,
        client: httpx.AsyncClient,
        url: str,
        api_key: str,
        model: str,
        limits: ModelLimits,
        retries: RetryBudget,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._client = client
        self._url = url.rstrip("/") + "/chat/completions"
        self._headers = {"Authorization": f"Bearer {api_key}", "Accept": "text/event-stream"}
        self._model = model
        self.limits = limits
        self._retries = retries
        self._clock = clock

    async def complete(self, messages: Sequence[Message], deadline_s: float) -> Completion:
        """Gives the whole answer, or raises ModelError within `deadline_s`."""
        self._retries.requested()
        exchange = _Exchange(self._client, self.limits, self._request(messages))
        policy = RetryPolicy(self._retries, self.limits.attempts, self._clock() + deadline_s, self._clock)
        try:
            async with asyncio.timeout(deadline_s):
                await self._with_retries(exchange, policy)
        except TimeoutError:
            failure = ModelError(Outcome.TIMEOUT, "past the deadline")
        except ModelError as error:
            failure = error
        else:
            return Completion(exchange.collected.text, exchange.used(messages))
        failure.used = exchange.used(messages)
        raise failure

    async def aclose(self) -> None:
        """Closes the connections."""
        await self._client.aclose()

    async def _with_retries(self, exchange: _Exchange, policy: RetryPolicy) -> None:
        attempts = stamina.retry_context(
            on=policy,
            attempts=self.limits.attempts,
            timeout=None,
            wait_initial=self.limits.wait_initial_s,
            wait_max=self.limits.wait_max_s,
            wait_jitter=self.limits.wait_initial_s,
        )
        async for attempt in attempts:
            with attempt:
                await exchange.run()

    def _request(self, messages: Sequence[Message]) -> httpx.Request:
        body = {
            "model": self._model,
            "messages": list(messages),
            "max_tokens": self.limits.max_tokens,
            "stream": True,
            "stream_options": {"include_usage": True},
        }
        # the pool's own timeouts back up those below, which a person's wait is measured by
        timeout = httpx.Timeout(
            self.limits.first_byte_s, connect=self.limits.connect_s, pool=self.limits.connect_s
        )
        return self._client.build_request(
            "POST", self._url, json=body, headers=self._headers, timeout=timeout
        )


class _Exchange:
    """One message's requests: the last answer and whether the endpoint ever began to work."""

    def __init__(self, client: httpx.AsyncClient, limits: ModelLimits, request: httpx.Request) -> None:
        self._client = client
        self._limits = limits
        self._request = request
        self._working = False
        self.collected = Collected()

    async def run(self) -> None:
        """Sends once and reads the answer into `collected`."""
        self.collected = Collected()
        self._working = True  # from here on an unanswered request may be charged
        response = await self._opened()
        try:
            self._judge(response)
            if "text/event-stream" in response.headers.get("content-type", ""):
                await self._read_stream(response)
            else:
                await self._read_whole(response)
        finally:
            await response.aclose()
        self._judge_finish()

    def used(self, messages: Sequence[Message]) -> Usage:
        """Tokens as the endpoint counts them, or an estimate where it does not say."""
        if not self._working:
            return Usage()
        prompt, completion = self.collected.prompt_tokens, self.collected.completion_tokens
        if prompt is None:
            prompt = sum(estimated_tokens(message["content"]) for message in messages)
        if completion is None:
            completion = estimated_tokens(self.collected.text)
        return Usage(prompt, completion)

    async def _opened(self) -> httpx.Response:
        try:
            async with asyncio.timeout(self._limits.first_byte_s):
                return await self._client.send(self._request, stream=True)
        except TimeoutError as error:
            raise ModelError(Outcome.TIMEOUT, "no first byte") from error
        except httpx.HTTPError as error:
            self._working = not isinstance(error, httpx.ConnectError | httpx.ConnectTimeout)
            late = isinstance(error, httpx.TimeoutException)
            outcome = Outcome.TIMEOUT if late else Outcome.SERVER_ERROR
            retryable = isinstance(error, _RETRYABLE)
            raise ModelError(outcome, type(error).__name__, retryable=retryable) from error

    def _judge(self, response: httpx.Response) -> None:
        status = response.status_code
        if status == httpx.codes.OK:
            return
        self._working = False
        detail = f"status {status}"
        wait = retry_after(response.headers)
        if status == httpx.codes.TOO_MANY_REQUESTS:
            raise ModelError(Outcome.RATE_LIMITED, detail, retryable=True, retry_after=wait)
        if status >= 500:
            raise ModelError(Outcome.SERVER_ERROR, detail, retryable=True, retry_after=wait)
        if status >= 400:
            raise ModelError(Outcome.REFUSED, detail, ours=status in _OUR_FAULT)
        raise ModelError(Outcome.SERVER_ERROR, detail)

    async def _read_stream(self, response: httpx.Response) -> None:
        wait = self._limits.first_byte_s
        try:
            async with aclosing(_generator(response)) as lines:
                while (line := await _next_data(lines, wait)) is not None:
                    wait = self._limits.stall_s
                    if self.collected.take(line):
                        return
        except (TimeoutError, httpx.HTTPError) as error:
            if self.collected.finish is not None:
                return  # the text is whole; only the count of tokens is missing
            if isinstance(error, TimeoutError | httpx.TimeoutException):
                raise ModelError(Outcome.TIMEOUT, "the stream stalled") from error
            raise ModelError(Outcome.CUT_OFF, type(error).__name__) from error

    async def _read_whole(self, response: httpx.Response) -> None:
        """Reads the answer of an endpoint that does not stream."""
        try:
            async with asyncio.timeout(self._limits.first_byte_s):
                await response.aread()
            answer: Any = response.json()
        except TimeoutError as error:
            raise ModelError(Outcome.TIMEOUT, "no whole answer") from error
        except httpx.HTTPError as error:
            raise ModelError(Outcome.CUT_OFF, type(error).__name__) from error
        except ValueError as error:
            raise ModelError(Outcome.SERVER_ERROR, "the answer is no JSON") from error
        if not isinstance(answer, dict):
            raise ModelError(Outcome.SERVER_ERROR, "the answer is no JSON object")
        self.collected.add(answer)

    def _judge_finish(self) -> None:
        finish = self.collected.finish
        if finish is None or finish == "length":
            raise ModelError(Outcome.CUT_OFF, f"ended with {finish}")
        if finish == "content_filter":
            raise ModelError(Outcome.REFUSED, "content filter", ours=True)


async def _generator(response: httpx.Response) -> AsyncGenerator[str, None]:
    async for line in response.aiter_lines():
        yield line


async def _next_data(lines: AsyncIterator[str], seconds: float) -> str | None:
    """The next line that carries data; None at the end. Comments keep a connection alive, not an answer."""
    async with asyncio.timeout(seconds):
        async for line in lines:
            if line.startswith("data:"):
                return line
    return None
