"""A page to a LINE user, as a push message of the Messaging API.

LINE takes a message with a retry key once: 409 to a repeated key means that it has it already.
"""

from __future__ import annotations

import json

from api.pager.channels.addresses import resolve
from api.pager.channels.base import SEND_DEADLINE_S, Notice
from api.pager.channels.mounted import read_secret
from api.pager.channels.posting import Poster
from api.pager.channels.settings import LineSettings
from api.pager.channels.wording import words_for

PUSH = "/v2/bot/message/push"
_HAS_IT_ALREADY = 409


class LineChannel:
    """Pushes one text; the contact's address is the LINE user id."""

    def __init__(self, settings: LineSettings, deadline_s: float = SEND_DEADLINE_S) -> None:
        self._settings = settings
        self._poster = Poster(settings.ca_file, deadline_s)

    async def send(self, notice: Notice, address: str) -> None:
        """See `Channel.send`."""
        message = {"type": "text", "text": words_for(notice).text()}
        body = json.dumps({"to": resolve("line", address), "messages": [message]}, ensure_ascii=False)
        token = read_secret(self._settings.token_file)
        await self._poster.post(
            self._settings.endpoint + PUSH,
            body.encode(),
            lambda: {
                "content-type": "application/json",
                "authorization": f"Bearer {token.reveal()}",
                "x-line-retry-key": str(notice.delivery_id),
            },
            accepted=(_HAS_IT_ALREADY,),
        )

    async def aclose(self) -> None:
        """See `Channel.aclose`."""
        await self._poster.aclose()
