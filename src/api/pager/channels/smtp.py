"""A page by mail. The message id is the delivery id: a mail that arrives twice shows as one.

A mail is handed over when the server confirmed its data. Without that word (a cut, a stall) nobody
knows, so the try failed and the same mail goes out again.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTP as MAIL_POLICY
from email.utils import format_datetime, formataddr

import aiosmtplib

from api.pager.channels.addresses import resolve
from api.pager.channels.base import SEND_DEADLINE_S, ChannelError, Notice
from api.pager.channels.failures import of_exception
from api.pager.channels.mounted import Trust, read_secret
from api.pager.channels.settings import SmtpSettings
from api.pager.channels.wording import SENDER_NAME, words_for

# mail servers limit connections of one client, and mails over one connection
_CONNECTIONS = 20
_KEPT = 5
_KEPT_S = 30.0
_MAILS_EACH = 50
_PROBE_S = 1.0


class _Client(aiosmtplib.SMTP):
    """Closes at once: the usual way waits for a server that may be the one that does not answer."""

    def close(self) -> None:
        # asked by name: uvloop's transports are of no class of asyncio's
        abort = getattr(self.transport, "abort", None)
        if abort is not None:
            abort()
        super().close()


@dataclass
class _Kept:
    """A connection that waits for its next mail, and since when."""

    client: _Client
    mails: int = 0
    since: float = 0.0


class SmtpChannel:
    """Sends mails; the contact's address is a mail address."""

    def __init__(self, settings: SmtpSettings, deadline_s: float = SEND_DEADLINE_S) -> None:
        self._settings = settings
        self._deadline_s = deadline_s
        self._trust = Trust(settings.ca_file)
        self._turns = asyncio.Semaphore(_CONNECTIONS)
        self._idle: list[_Kept] = []

    async def send(self, notice: Notice, address: str) -> None:
        """See `Channel.send`; the wait for one of the connections is within the deadline."""
        error = await self._attempt(notice, address)
        if error is not None:
            raise error

    async def aclose(self) -> None:
        """See `Channel.aclose`."""
        while self._idle:
            await _part(self._idle.pop().client)

    async def _attempt(self, notice: Notice, address: str) -> ChannelError | None:
        try:
            to = resolve("smtp", address)
            mail = compose(notice, self._settings.sender, to)
            async with asyncio.timeout(self._deadline_s), self._turns:
                spare = await self._hand_over(mail, to)
        except Exception as error:
            return _failure(error)
        if spare is not None:
            # outside the deadline: the mail is handed over, whatever the farewell says
            await _part(spare)
        return None

    async def _hand_over(self, mail: EmailMessage, to: str) -> _Client | None:
        """Returns a connection that is not kept for the next mail, if so."""
        kept = await self._probed() or _Kept(await self._connect())
        try:
            await kept.client.send_message(mail, sender=self._settings.sender, recipients=[to])
        except BaseException:
            kept.client.close()
            raise
        kept.mails, kept.since = kept.mails + 1, asyncio.get_running_loop().time()
        enough = len(self._idle) >= _KEPT and not self._turns.locked()
        if kept.mails >= _MAILS_EACH or enough:
            return kept.client
        self._idle.append(kept)
        return None

    async def _probed(self) -> _Kept | None:
        """Returns a kept connection that still answers, None where there is none."""
        while self._idle:
            kept = self._idle.pop()
            fresh = asyncio.get_running_loop().time() - kept.since < _KEPT_S
            if fresh and kept.client.is_connected:
                if await _answers(kept.client):
                    return kept
                # whatever silenced this one has silenced the others
                self._drop_idle()
            kept.client.close()
        return None

    async def _connect(self) -> _Client:
        settings = self._settings
        secret = read_secret(settings.password_file) if settings.password_file else None
        client = _Client(
            hostname=settings.host,
            port=settings.port,
            username=settings.user,
            password=secret.reveal() if secret else None,
            # the machine's own name would cost a look-up, and is nobody's business
            local_hostname=_domain(settings.sender),
            timeout=None,
            use_tls=settings.security == "tls",
            start_tls=settings.security == "starttls",
            tls_context=None if settings.security == "none" else self._trust.context(),
        )
        await client.connect()
        return client

    def _drop_idle(self) -> None:
        for kept in self._idle:
            kept.client.close()
        self._idle.clear()


def compose(notice: Notice, sender: str, to: str) -> EmailMessage:
    """Returns the mail: text only, in UTF-8; the mails of one page form one thread."""
    words, domain = words_for(notice), _domain(sender)
    mail = EmailMessage(policy=MAIL_POLICY)
    mail["From"] = formataddr((SENDER_NAME, sender))
    mail["To"] = to
    mail["Subject"] = words.title
    mail["Date"] = format_datetime(notice.opened_at)
    mail["Message-ID"] = f"<{notice.delivery_id}@{domain}>"
    mail["References"] = f"<{notice.page_id}@{domain}>"
    mail["X-Page-Id"] = str(notice.page_id)
    # no out-of-office answers, please
    mail["Auto-Submitted"] = "auto-generated"
    mail["Importance"] = "high"
    mail.set_content(words.text(), charset="utf-8", cte="base64")
    return mail


async def _answers(client: _Client) -> bool:
    try:
        await client.noop(timeout=_PROBE_S)
    except (aiosmtplib.SMTPException, OSError):
        return False
    return True


async def _part(client: _Client) -> None:
    """Says goodbye, but waits for no answer that does not come."""
    with suppress(aiosmtplib.SMTPException, OSError):
        await client.quit(timeout=_PROBE_S)
    client.close()


def _domain(sender: str) -> str:
    return sender.rpartition("@")[2]


def _failure(error: Exception) -> ChannelError:
    """An SMTP answer in our words; by its code only."""
    if isinstance(error, aiosmtplib.SMTPAuthenticationError):
        return ChannelError("authentication", f"the mail server does not accept our password ({error.code})")
    if isinstance(error, aiosmtplib.SMTPRecipientsRefused) and error.recipients:
        return _by_code(error.recipients[0].code)
    if isinstance(error, aiosmtplib.SMTPResponseException):
        return _by_code(error.code)
    return of_exception(error)


def _by_code(code: int) -> ChannelError:
    if 400 <= code < 500:
        return ChannelError("throttled", f"the mail server wants us to come back later ({code})")
    if 500 <= code < 600:
        return ChannelError("rejected", f"the mail server does not take the mail ({code})")
    return ChannelError("broken", "the mail server answered what is no answer")
