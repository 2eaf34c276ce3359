"""The outermost responder: tries one after the other and, when all fail, gives the safe reply.

Made by `build_responder`; what the chat route holds. Nothing but cancellation gets out of `reply`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

import structlog

from api.hotlines import SAFE_REPLY
from api.replies.breaker import Breaker, State
from api.replies.model import Reply, Responder, Source, Turn
from api.risk.model import Assessment

_log = structlog.get_logger(__name__)

SAFE = Reply(SAFE_REPLY, Source.SAFE)


class ReplyChain:
    """Responders, best first, and the safe reply after them."""

    def __init__(
        self,
        responders: Sequence[Responder],
        model: Breaker | None = None,
        closing: Sequence[Callable[[], Awaitable[None]]] = (),
    ) -> None:
        self._responders = tuple(responders)
        self._model = model
        self._closing = tuple(closing)

    @property
    def model_up(self) -> bool:
        """Whether the language model answers, for readiness and metrics; True where none is configured."""
        return self._model is None or self._model.state is not State.OPEN

    async def reply(self, message: str, history: Sequence[Turn], assessment: Assessment) -> Reply:
        """The first answer that comes; always one."""
        for responder in self._responders:
            try:
                reply = await responder.reply(message, history, assessment)
            except Exception as error:
                _log.error("responder_failed", responder=type(responder).__name__, error=type(error).__name__)
                continue
            if reply.text.strip():
                return reply
        return SAFE

    async def aclose(self) -> None:
        """Closes connections to the model; call once, when the service stops."""
        for close in self._closing:
            await close()
