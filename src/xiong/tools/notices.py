"""Sends a notice to Apprise addresses. They hold secrets: none ever stands in an error, a log or a record."""

from __future__ import annotations

import hashlib
import os
import re
import sys
from pathlib import Path

import orjson

from xiong.config.secrets import Secret
from xiong.errors import ConfigurationError, DeadlineError, XiongError
from xiong.tools import process
from xiong.tools.notice_sender import REFUSED, TAKEN, UNKNOWN

_WORDS = {
    REFUSED: "it was not reached, or it refused",
    UNKNOWN: "it is no address that Apprise knows",
}
_PASSED_ON = re.compile(
    r"PATH|PYTHONPATH|HOME|LANG|TZ|SSL_CERT_\w+|REQUESTS_CA_BUNDLE|(https?|all|no)_proxy", re.I
)


def read_addresses(file: Path) -> list[Secret]:
    """The addresses in a file, one a line; empty lines and those that begin with # do not count.

    Raises:
        ConfigurationError: it cannot be read, or holds none.
    """
    try:
        lines = [line.strip() for line in file.read_text(encoding="utf-8").splitlines()]
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no UTF-8 text"
        raise ConfigurationError(f"notices.urls_file cannot be read: {file}: {reason}") from error
    found = [Secret(line) for line in dict.fromkeys(lines) if line and not line.startswith("#")]
    if not found:
        raise ConfigurationError(f"notices.urls_file holds no address: {file}", hint="one Apprise URL a line")
    return found


def label(address: Secret) -> str:
    """What an address is called where people read it.

    The digest is short and slow to compute, so that a password in the address cannot be guessed from it.
    """
    kind = re.match(r"([a-z][a-z0-9+.-]{0,19}):", address.reveal(), re.I)
    digest = hashlib.scrypt(address.reveal().encode(), salt=b"xiong notices", n=2**14, r=8, p=1, dklen=4)
    return f"{kind[1].lower() if kind else 'address'} {digest.hex()}"


async def send(address: Secret, title: str, body: str, *, timeout_seconds: float) -> str | None:
    """Tries once; the process that sends is killed at the deadline.

    Returns:
        Why the address did not take it, in words; None when it did.
    """
    document = orjson.dumps({"url": address.reveal(), "title": title, "body": body})
    environment = {name: value for name, value in os.environ.items() if _PASSED_ON.fullmatch(name)}
    argv = [sys.executable, "-m", "xiong.tools.notice_sender"]
    try:
        done = await process.run(
            argv, environment=environment, timeout_seconds=timeout_seconds, stdin=document
        )
    except DeadlineError:
        return f"no answer within {timeout_seconds:g} s"
    except XiongError as error:
        return error.message
    if done.exit_code == TAKEN:
        return None
    return _WORDS.get(done.exit_code, f"the process that sends ended with exit code {done.exit_code}")
