"""Servers that receive pages, for tests: a mail server, and an HTTPS server for webhook, Slack and LINE.

Each runs in a process of its own (`recipient_smtp.py`, `recipient_https.py`), so that a test may stop,
freeze and kill -9 it and start it again on the same port with everything that it received. What it does
next is in a file that it reads at every step: `server.will("cut", times=2)`.
"""

from __future__ import annotations

import base64
import contextlib
import json
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email import message_from_string, policy
from pathlib import Path
from typing import Any

import trustme

from servers import DEADLINE_S, wait_until

HOST = "127.0.0.1"
USER = "xiong"
# what a test must never find in an error: a server's words
WORDS = "no such person nobody@example.invalid, your password is wrong"


def certificates(folder: Path) -> None:
    """Writes an authority and the server certificates: good, expired, wrong_name, stranger."""
    authority, stranger = trustme.CA(), trustme.CA()
    authority.cert_pem.write_to_path(folder / "authority.pem")
    past = datetime(2020, 1, 1, tzinfo=UTC)
    issued = {
        "good": authority.issue_cert(HOST, "localhost"),
        "expired": authority.issue_cert(HOST, not_after=past),
        "wrong_name": authority.issue_cert("other.example.invalid"),
        "stranger": stranger.issue_cert(HOST),
    }
    for name, certificate in issued.items():
        certificate.private_key_and_cert_chain_pem.write_to_path(folder / f"{name}.pem")


@dataclass
class Recipient:
    """A server in its own process.

    Attributes:
        port: held for us while the server is stopped: nobody else gets it, and connections are refused.
        security: none, starttls or tls.
        certificate: which one it shows from its next start on.
    """

    program: str
    folder: Path
    port: int
    security: str
    secret: str
    certificate: str = "good"
    process: subprocess.Popen[bytes] | None = None
    _serial: int = 0

    @property
    def ca_file(self) -> Path:
        """Who signed the good certificate."""
        return self.folder / "authority.pem"

    @property
    def secret_file(self) -> Path:
        """The password, the webhook secret, or the LINE token."""
        return self.folder / "secret"

    def start(self) -> None:
        """Starts the server and waits until it listens."""
        program = Path(__file__).with_name(self.program)
        arguments = [sys.executable, str(program), str(self.folder), str(self.port)]
        before = len(self.events("listening"))
        with (self.folder / "log").open("ab") as log:
            # it ends when its standard input does: also when this process dies at once
            self.process = subprocess.Popen(
                [*arguments, self.security, self.certificate], stdin=subprocess.PIPE, stdout=log, stderr=log
            )
        wait_until(lambda: len(self.events("listening")) > before, f"{self.program} listens")

    def stop(self) -> None:
        """Ends the server in order; connections are cut, new ones refused."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """Ends the server as a crash would."""
        self._end(signal.SIGKILL)

    def freeze(self) -> None:
        """Stops the server in its tracks: connections are taken by the kernel, nothing answers."""
        assert self.process is not None
        self.process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Lets a frozen server go on."""
        assert self.process is not None
        self.process.send_signal(signal.SIGCONT)

    def will(self, kind: str, times: int | None = None, **details: Any) -> None:
        """Says what the server does from now on, the next `times` times or until told otherwise."""
        self._serial += 1
        behaviour = {"serial": self._serial, "kind": kind, "times": times, **details}
        new = self.folder / "behaviour.new"
        new.write_text(json.dumps(behaviour))
        new.rename(self.folder / "behaviour.json")

    def events(self, kind: str | None = None) -> list[dict[str, Any]]:
        """Returns what the server wrote down, oldest first, over all its lives."""
        path = self.folder / "events.jsonl"
        lines = path.read_bytes().split(b"\n")[:-1] if path.exists() else []
        found = [json.loads(line) for line in lines]
        return [event for event in found if kind in (None, event["event"])]

    def forget(self) -> None:
        """Starts afresh: nothing received, everything accepted."""
        (self.folder / "events.jsonl").unlink(missing_ok=True)
        self.will("accept")

    def _end(self, number: signal.Signals) -> None:
        if self.process is None:
            return
        self.process.send_signal(signal.SIGCONT)
        self.process.send_signal(number)
        self.process.wait(DEADLINE_S)
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process = None


@dataclass(frozen=True)
class Mail:
    """A mail that the server took.

    Attributes:
        outcome: accepted; cut or stalled where the sender never got the answer.
        authenticated: whether the sender had logged in.
    """

    message_id: str
    page_id: str
    to: tuple[str, ...]
    subject: str
    text: str
    outcome: str
    authenticated: bool
    at: float
    headers: dict[str, str] = field(repr=False)


class Mailbox(Recipient):
    """The mail server.

    Behaviours: accept; hang_up, silent, busy (421) at the greeting; recipient, data (`code`, `text`)
    refuse there; cut, stall after the data; slow (`seconds`) then accept.
    """

    def mails(self) -> list[Mail]:
        """Returns every mail that it took, also those whose sender was not told."""
        return [_mail(event) for event in self.events("mail")]


class Hookbox(Recipient):
    """The HTTPS server; which path is what: /hook… webhook, /services/… Slack, /v2/bot/… LINE, else any.

    Behaviours: accept; status (`status`, `headers`, `body`); hang_up before it reads; cut, stall after
    it read; slow (`seconds`) then accept; endless: 200 and a body without end; stall_body.
    `accept` verifies signature, token and shape, and answers as the real one would.
    """

    @property
    def url(self) -> str:
        """Its address."""
        return f"https://{HOST}:{self.port}"

    def requests(self, path: str = "/") -> list[dict[str, Any]]:
        """Returns the requests below a path: path, headers, body (parsed), accepted, status, at."""
        return [event for event in self.events("request") if event["path"].startswith(path)]


def _mail(event: dict[str, Any]) -> Mail:
    parsed = message_from_string(event["content"], policy=policy.default)
    return Mail(
        message_id=parsed["Message-ID"],
        page_id=parsed["X-Page-Id"],
        to=tuple(event["to"]),
        subject=parsed["Subject"],
        text=parsed.get_content(),
        outcome=event["outcome"],
        authenticated=event["authenticated"],
        at=event["at"],
        headers={name.lower(): str(value) for name, value in parsed.items()},
    )


@contextlib.contextmanager
def mailbox(security: str = "starttls") -> Iterator[Mailbox]:
    """Runs a mail server while the block runs; with TLS it demands the user `xiong` and its password."""
    with _held_port() as port, _folder(secrets.token_urlsafe(18)) as (folder, secret):
        box = Mailbox("recipient_smtp.py", folder, port, security, secret)
        with _running(box):
            yield box


@contextlib.contextmanager
def hookbox() -> Iterator[Hookbox]:
    """Runs an HTTPS server while the block runs; webhooks, LINE and it share one secret."""
    made = "whsec_" + base64.b64encode(secrets.token_bytes(24)).decode()
    with _held_port() as port, _folder(made) as (folder, secret):
        box = Hookbox("recipient_https.py", folder, port, "tls", secret)
        with _running(box):
            yield box


@contextlib.contextmanager
def _running(box: Recipient) -> Iterator[None]:
    try:
        box.start()
        yield
    finally:
        box.stop()


@contextlib.contextmanager
def _folder(secret: str) -> Iterator[tuple[Path, str]]:
    folder = Path(tempfile.mkdtemp(prefix="xiong-recipient-"))
    try:
        certificates(folder)
        (folder / "secret").write_text(secret + "\n")
        yield folder, secret
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def _held_port() -> Iterator[int]:
    """A port that is bound here and listened on only by our server: it stays ours between its lives."""
    with socket.socket() as held:
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        held.bind((HOST, 0))
        yield int(held.getsockname()[1])
