"""A page to any HTTPS receiver, signed as Standard Webhooks say (webhook-id is the delivery id)."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from standardwebhooks import Webhook

from api.pager.channels.addresses import resolve
from api.pager.channels.base import SEND_DEADLINE_S, Notice
from api.pager.channels.mounted import read_secret
from api.pager.channels.posting import Poster
from api.pager.channels.settings import WebhookSettings
from api.pager.channels.wording import words_for


class WebhookChannel:
    """Posts JSON; the contact's address is the URL."""

    def __init__(self, settings: WebhookSettings, deadline_s: float = SEND_DEADLINE_S) -> None:
        self._settings = settings
        self._poster = Poster(settings.ca_file, deadline_s)

    async def send(self, notice: Notice, address: str) -> None:
        """See `Channel.send`."""
        url = resolve("webhook", address)
        body = json.dumps(payload(notice), ensure_ascii=False, separators=(",", ":"))
        secrets = read_secret(self._settings.secret_file).reveal().split()
        await self._poster.post(url, body.encode(), lambda: _signed(secrets, notice, body))

    async def aclose(self) -> None:
        """See `Channel.aclose`."""
        await self._poster.aclose()


def payload(notice: Notice) -> dict[str, object]:
    """Returns the body; a test holds docs/reference/paging.md to it."""
    words = words_for(notice)
    return {
        "type": f"page.{notice.kind.value}",
        "timestamp": notice.opened_at.astimezone(UTC).isoformat(),
        "data": {
            "delivery_id": str(notice.delivery_id),
            "page_id": str(notice.page_id),
            "level": notice.level.name,
            "events": notice.events,
            "step": notice.step,
            "link": notice.link,
            "title": words.title,
            "text": words.text(),
        },
    }


def _signed(secrets: list[str], notice: Notice, body: str) -> dict[str, str]:
    """The headers; one signature for each secret, so that a receiver can change to a new one in peace."""
    message, now = str(notice.delivery_id), datetime.now(UTC)
    signatures = [Webhook(secret).sign(message, now, body) for secret in secrets]
    return {
        "content-type": "application/json",
        "webhook-id": message,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": " ".join(signatures),
    }
