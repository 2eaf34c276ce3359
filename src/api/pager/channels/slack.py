"""A page to a Slack incoming webhook.

Slack knows no idempotency key: the delivery id stands in the text, so that people see a repetition.
"""

from __future__ import annotations

import json

from api.pager.channels.addresses import resolve
from api.pager.channels.base import SEND_DEADLINE_S, Notice
from api.pager.channels.posting import Poster
from api.pager.channels.settings import SlackSettings
from api.pager.channels.wording import words_for


class SlackChannel:
    """Posts blocks and a fallback text; the contact's address is the webhook's URL."""

    def __init__(self, settings: SlackSettings, deadline_s: float = SEND_DEADLINE_S) -> None:
        self._poster = Poster(settings.ca_file, deadline_s)

    async def send(self, notice: Notice, address: str) -> None:
        """See `Channel.send`."""
        url = resolve("slack", address)
        body = json.dumps(payload(notice), ensure_ascii=False).encode()
        await self._poster.post(url, body, lambda: {"content-type": "application/json; charset=utf-8"})

    async def aclose(self) -> None:
        """See `Channel.aclose`."""
        await self._poster.aclose()


def payload(notice: Notice) -> dict[str, object]:
    """Returns the body; `text` is what a notification and a screen reader show."""
    words = words_for(notice)
    return {
        "text": _escaped(words.text()),
        "blocks": [
            {"type": "header", "text": {"type": "plain_text", "text": words.title[:150]}},
            _section(words.what),
            _section(words.todo),
            {"type": "context", "elements": [_markdown("\n".join(words.marks))]},
        ],
        # Slack would open the link to show a picture of it
        "unfurl_links": False,
        "unfurl_media": False,
    }


def _section(lines: tuple[str, ...]) -> dict[str, object]:
    return {"type": "section", "text": _markdown("\n".join(lines))}


def _markdown(text: str) -> dict[str, str]:
    return {"type": "mrkdwn", "text": _escaped(text)}


def _escaped(text: str) -> str:
    """Slack's three control characters; an address among the words becomes a link by itself."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
