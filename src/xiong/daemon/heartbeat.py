"""The dead man's switch of `xiong watch`: somebody outside raises the alarm when it stays silent."""

from __future__ import annotations

from datetime import datetime, timedelta
from urllib.parse import urlsplit

from pydantic import SecretStr

from xiong.daemon.observation import Observation
from xiong.errors import PlatformError
from xiong.tools.clock import Clock
from xiong.tools.http import Http

_EVERY = timedelta(seconds=60)
_ANSWER_SECONDS = 10.0


class Heartbeat:
    """One GET a minute, as long as the cycle goes round."""

    def __init__(self, address: SecretStr | None, clock: Clock) -> None:
        self._address = address
        self._clock = clock
        self._beaten: datetime | None = None

    async def beat(self, _: Observation) -> None:
        """The step `heartbeat`.

        Raises:
            PlatformError: nobody took it; the next cycle tries again.
        """
        now = self._clock.now()
        if self._address is None or (self._beaten is not None and now - self._beaten < _EVERY):
            return
        where = urlsplit(self._address.get_secret_value())
        path = f"{where.path or '/'}{f'?{where.query}' if where.query else ''}"
        async with Http(f"{where.scheme}://{where.netloc}", timeout_seconds=_ANSWER_SECONDS) as http:
            answer = await http.request("GET", path)
        if answer is None or answer.status >= 400:
            said = f"HTTP {answer.status}" if answer else "no answer"
            raise PlatformError(f"the address of watch.heartbeat_url gave {said}")  # which one is a secret
        self._beaten = now
