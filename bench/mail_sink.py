"""A mail server for `pages`: takes everything, and prints when it took which page."""

from __future__ import annotations

import asyncio
import time
from email import message_from_bytes

from aiosmtpd.smtp import SMTP, Envelope, Session


class Sink:
    """Takes every mail."""

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        at = time.time()
        content = envelope.content
        mail = message_from_bytes(content if isinstance(content, bytes) else (content or "").encode())
        print(f"{at:.6f} {mail['X-Page-Id']} {mail['Message-ID']}", flush=True)
        return "250 OK"


async def main() -> None:
    server = await asyncio.get_running_loop().create_server(lambda: SMTP(Sink()), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
