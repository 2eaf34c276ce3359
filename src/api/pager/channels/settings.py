"""The settings of each kind of channel, as they stand in PAGING_FILE below `channels`.

Read by `api.pager.configuration`, given to the channels by `build`. A secret stands there only as the
path of a file, and is read from it at every use.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Literal, cast

from api.pager.channels.addresses import suits
from api.pager.places import Part

Security = Literal["none", "starttls", "tls"]
_PORTS: dict[Security, int] = {"none": 25, "starttls": 587, "tls": 465}
LINE_ENDPOINT = "https://api.line.me"


@dataclass(frozen=True)
class SmtpSettings:
    """A mail server that takes our mail.

    Attributes:
        security: `starttls` and `tls` both insist; `none` is for a relay nearby, without a password.
        sender: the address in From and in the envelope; its domain is also that of the message ids.
        ca_file: who signed the server's certificate, None for the usual authorities.
    """

    kind: ClassVar[str] = "smtp"
    host: str
    port: int
    security: Security
    sender: str
    user: str | None = None
    password_file: Path | None = None
    ca_file: Path | None = None


@dataclass(frozen=True)
class WebhookSettings:
    """Any HTTPS receiver that verifies Standard Webhooks; a contact's address is its URL."""

    kind: ClassVar[str] = "webhook"
    secret_file: Path
    ca_file: Path | None = None


@dataclass(frozen=True)
class SlackSettings:
    """Slack's incoming webhooks; a contact's address is the webhook's URL, which is a secret."""

    kind: ClassVar[str] = "slack"
    ca_file: Path | None = None


@dataclass(frozen=True)
class LineSettings:
    """LINE's Messaging API; a contact's address is the LINE user id."""

    kind: ClassVar[str] = "line"
    token_file: Path
    endpoint: str = LINE_ENDPOINT
    ca_file: Path | None = None


ChannelSettings = SmtpSettings | WebhookSettings | SlackSettings | LineSettings


def read_channel(part: Part) -> ChannelSettings:
    """Reads the settings of one channel; `kind` says which."""
    kind = part.entries().get("kind")
    if kind is None:
        raise part.wrong("'kind' is missing")
    return _READERS[kind.one_of(*_READERS)](part)


def secret_files(settings: ChannelSettings) -> dict[str, Path]:
    """Returns the files that this channel reads when it sends, by the name of the setting."""
    names = ("password_file", "secret_file", "token_file", "ca_file")
    found = {name: getattr(settings, name, None) for name in names}
    return {name: path for name, path in found.items() if path is not None}


def _read_smtp(part: Part) -> SmtpSettings:
    fields = part.fields(("kind", "host", "security", "sender"), ("port", "user", "password_file", "ca_file"))
    security = cast("Security", fields["security"].one_of(*_PORTS))
    sender = fields["sender"].text()
    if not suits("smtp", sender):
        raise fields["sender"].wrong("must be a mail address")
    if ("user" in fields) != ("password_file" in fields):
        raise part.wrong("'user' and 'password_file' go together")
    if "user" in fields and security == "none":
        raise fields["security"].wrong("a password needs starttls or tls")
    return SmtpSettings(
        host=fields["host"].text(),
        port=fields["port"].whole(1, 65535) if "port" in fields else _PORTS[security],
        security=security,
        sender=sender,
        user=fields["user"].text() if "user" in fields else None,
        password_file=_path(fields, "password_file"),
        ca_file=_path(fields, "ca_file"),
    )


def _read_webhook(part: Part) -> WebhookSettings:
    fields = part.fields(("kind", "secret_file"), ("ca_file",))
    return WebhookSettings(fields["secret_file"].path(), _path(fields, "ca_file"))


def _read_slack(part: Part) -> SlackSettings:
    return SlackSettings(_path(part.fields(("kind",), ("ca_file",)), "ca_file"))


def _read_line(part: Part) -> LineSettings:
    fields = part.fields(("kind", "token_file"), ("endpoint", "ca_file"))
    endpoint = fields["endpoint"].text() if "endpoint" in fields else LINE_ENDPOINT
    if not suits("webhook", endpoint):
        raise fields["endpoint"].wrong("must be an https:// address")
    return LineSettings(fields["token_file"].path(), endpoint.rstrip("/"), _path(fields, "ca_file"))


def _path(fields: dict[str, Part], name: str) -> Path | None:
    return fields[name].path() if name in fields else None


_READERS: dict[str, Callable[[Part], ChannelSettings]] = {
    "smtp": _read_smtp,
    "webhook": _read_webhook,
    "slack": _read_slack,
    "line": _read_line,
}
