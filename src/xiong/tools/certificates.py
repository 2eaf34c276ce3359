"""When a server's certificate expires, also when it already has: read from what it shows in the handshake."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from datetime import UTC, datetime

_SEQUENCE, _VERSION, _UTC_TIME = 0x30, 0xA0, 0x17


async def expiry(host: str, port: int, server_name: str, *, timeout_seconds: float) -> datetime | None:
    """When the certificate for `server_name` expires; None when no certificate is shown.

    Nothing is verified: an expired or foreign certificate must be told about too.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    try:
        async with asyncio.timeout(timeout_seconds):
            _, writer = await asyncio.open_connection(host, port, ssl=context, server_hostname=server_name)
    except (OSError, TimeoutError):
        return None
    shown = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()
    return not_after(shown) if shown else None


def not_after(certificate: bytes) -> datetime:
    """The end of validity of a certificate in DER.

    Raises:
        ValueError: it is none.
    """
    _, body, _ = _element(certificate)
    _, fields, _ = _element(body)
    if fields[:1] == bytes([_VERSION]):
        _, _, fields = _element(fields)
    for _ in ("serial", "algorithm", "issuer"):
        _, _, fields = _element(fields)
    kind, validity, _ = _element(fields)
    if kind != _SEQUENCE:
        raise ValueError("no certificate")
    _, _, rest = _element(validity)
    kind, moment, _ = _element(rest)
    pattern = "%y%m%d%H%M%SZ" if kind == _UTC_TIME else "%Y%m%d%H%M%SZ"
    return datetime.strptime(moment.decode("ascii"), pattern).replace(tzinfo=UTC)


def _element(data: bytes) -> tuple[int, bytes, bytes]:
    """The first element in DER: its kind, its content, and what follows it."""
    if len(data) < 2:
        raise ValueError("no certificate")
    size, at = data[1], 2
    if size & 0x80:
        count = size & 0x7F
        size, at = int.from_bytes(data[2 : 2 + count], "big"), 2 + count
    return data[0], data[at : at + size], data[at + size :]
