"""What channels read from files: secrets at every use, certificate authorities when their file changes.

Files, because a mounted secret can be renewed while the pager runs. Used by the channels only.
"""

from __future__ import annotations

import os
import ssl
from pathlib import Path

import httpx

from api.pager.channels.base import ChannelError
from api.settings import Secret


def read_secret(path: Path) -> Secret:
    """Returns what stands in the file now; raises ChannelError where it cannot be read or is empty."""
    secret = _text(path)
    if not secret:
        raise ChannelError("authentication", "the file with our own secret cannot be read or is empty")
    return secret


def _text(path: Path) -> Secret | None:
    try:
        return Secret(path.read_text(encoding="utf-8").strip())
    except (OSError, UnicodeDecodeError):
        return None


class Trust:
    """Whose certificates count: those of `ca_file`, or the usual authorities where there is none.

    The context is made once (it takes tens of milliseconds) and made anew when the file changes.
    """

    def __init__(self, ca_file: Path | None) -> None:
        self._ca_file = ca_file
        self._seen: tuple[int, ...] = ()
        self._context: ssl.SSLContext | None = None

    def context(self) -> ssl.SSLContext:
        """Returns a context that verifies certificate and host name; raises ChannelError without the file."""
        seen = self._look()
        if self._context is None or seen != self._seen:
            context = None if seen is None else self._make()
            if context is None:
                raise ChannelError("certificate", "ca_file cannot be read or holds no certificate")
            self._context, self._seen = context, seen or ()
        return self._context

    def _look(self) -> tuple[int, ...] | None:
        """What tells one version of the file from the next."""
        if self._ca_file is None:
            return ()
        try:
            found = os.stat(self._ca_file)
        except OSError:
            return None
        return found.st_ino, found.st_mtime_ns, found.st_size

    def _make(self) -> ssl.SSLContext | None:
        if self._ca_file is None:
            return httpx.create_ssl_context()
        try:
            return ssl.create_default_context(cafile=self._ca_file)
        except OSError:
            return None
