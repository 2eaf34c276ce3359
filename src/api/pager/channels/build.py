"""Makes the channels that the configuration names. Called by the pager at its start."""

from __future__ import annotations

from collections.abc import Mapping
from typing import assert_never

from api.pager.channels.base import SEND_DEADLINE_S, Channel
from api.pager.channels.line import LineChannel
from api.pager.channels.settings import (
    ChannelSettings,
    LineSettings,
    SlackSettings,
    SmtpSettings,
    WebhookSettings,
)
from api.pager.channels.slack import SlackChannel
from api.pager.channels.smtp import SmtpChannel
from api.pager.channels.webhook import WebhookChannel


def build_channels(
    settings: Mapping[str, ChannelSettings], deadline_s: float = SEND_DEADLINE_S
) -> dict[str, Channel]:
    """Returns {name: channel}; opens nothing and reads no secret yet."""
    return {name: _build(one, deadline_s) for name, one in settings.items()}


def _build(settings: ChannelSettings, deadline_s: float) -> Channel:
    if isinstance(settings, SmtpSettings):
        return SmtpChannel(settings, deadline_s)
    if isinstance(settings, WebhookSettings):
        return WebhookChannel(settings, deadline_s)
    if isinstance(settings, SlackSettings):
        return SlackChannel(settings, deadline_s)
    if isinstance(settings, LineSettings):
        return LineChannel(settings, deadline_s)
    assert_never(settings)
