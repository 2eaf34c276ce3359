"""What an address looks like on each kind of channel. Used where the file is read and by the channels.

`file:/path` instead of an address means that the address stands in that file: for a Slack webhook,
whose URL is a secret, and for anybody who keeps addresses out of the configuration.
"""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import urlsplit

from api.pager.channels.base import ChannelError

_IN_FILE = "file:"
_MAIL = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,250}[A-Za-z0-9])?")
_LINE_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
EXPECTED = {
    "smtp": "a mail address",
    "webhook": "an https:// address",
    "slack": "an https:// address",
    "line": "a LINE user id",
}


def suits(kind: str, address: str) -> bool:
    """Says whether an address can be one of this kind of channel."""
    if kind == "smtp":
        return _MAIL.fullmatch(address) is not None
    if kind == "line":
        return _LINE_ID.fullmatch(address) is not None
    return _is_https(address)


def file_of(address: str) -> Path | None:
    """Returns the file in which the address stands, None where it is the address itself."""
    return Path(address.removeprefix(_IN_FILE)) if address.startswith(_IN_FILE) else None


def resolve(kind: str, address: str) -> str:
    """Returns the address itself, read anew from its file where it stands in one."""
    path = file_of(address)
    text = address if path is None else _read(path)
    if text is None:
        raise ChannelError("unreachable", "the file with the contact's address cannot be read")
    if not suits(kind, text):
        raise ChannelError("unreachable", f"the contact's address is not {EXPECTED[kind]}")
    return text


def _read(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        return None


def _is_https(address: str) -> bool:
    if not address.isascii() or not address.isprintable() or " " in address:
        return False
    try:
        parts = urlsplit(address)
        return parts.scheme == "https" and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
