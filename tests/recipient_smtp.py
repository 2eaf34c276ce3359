"""The process of the mail server (aiosmtpd); started and told what to do by `recipients.Mailbox`."""

from __future__ import annotations

import asyncio
import ssl
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from recipient_side import Orders, forever, pause, run

USER = "xiong"


class Server(SMTP):
    """aiosmtpd with a greeting that may go wrong."""

    def __init__(self, orders: Orders, **options: Any) -> None:
        super().__init__(Handler(self, orders), **options)
        self.orders = orders

    async def _handle_client(self) -> None:
        self.orders.note("connected")
        behaviour = self.orders.take("hang_up", "silent", "busy")
        kind = behaviour["kind"] if behaviour else None
        if kind == "silent":
            await forever()
        if kind == "busy":
            await self.push("421 too many nobody@example.invalid")
        if kind is not None:
            self.transport.close()
            return
        await super()._handle_client()

    def cut(self) -> None:
        """Ends the connection without a word."""
        self.transport.abort()


class Handler:
    """Takes mails, or does with them what the test said."""

    def __init__(self, server: Server, orders: Orders) -> None:
        self._server = server
        self._orders = orders

    async def handle_RCPT(  # noqa: N802 - the name that aiosmtpd calls
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        behaviour = self._orders.take("recipient")
        if behaviour:
            self._orders.note("refused")
            return f"{behaviour['code']} {behaviour['text']}"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(  # noqa: N802 - the name that aiosmtpd calls
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        behaviour = self._orders.take("data", "cut", "stall", "slow") or {"kind": "accept"}
        if behaviour["kind"] == "data":
            self._orders.note("refused")
            return f"{behaviour['code']} {behaviour['text']}"
        if behaviour["kind"] == "slow":
            await pause(behaviour["seconds"])
        outcome = {"cut": "cut", "stall": "stalled"}.get(behaviour["kind"], "accepted")
        self._orders.note(
            "mail",
            outcome=outcome,
            to=envelope.rcpt_tos,
            content=(envelope.original_content or b"").decode("ascii"),
            authenticated=bool(session.authenticated),
        )
        if outcome == "cut":
            self._server.cut()
        if outcome != "accepted":
            await forever()
        return "250 taken"


async def listen(orders: Orders, port: int, security: str, context: ssl.SSLContext) -> None:
    """Listens; with TLS only for those who log in."""

    def check(server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
        expected = LoginPassword(USER.encode(), orders.secret.encode())
        return AuthResult(success=isinstance(data, LoginPassword) and data == expected, handled=False)

    def make() -> Server:
        return Server(
            orders,
            hostname="mail.example.invalid",
            loop=asyncio.get_running_loop(),
            tls_context=context if security == "starttls" else None,
            require_starttls=security == "starttls",
            auth_required=security != "none",
            auth_require_tls=security == "starttls",
            authenticator=check,
        )

    implicit = context if security == "tls" else None
    await asyncio.get_running_loop().create_server(make, "127.0.0.1", port, ssl=implicit, backlog=500)


if __name__ == "__main__":
    run(listen)
