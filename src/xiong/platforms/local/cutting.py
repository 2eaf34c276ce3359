"""Keeps packets from one port of the loopback: a filter of the kernel's traffic control, given by `tc`.

`tc` comes with iproute2, which every distribution has, where nft and iptables may be absent. The filter is
four comparisons in the kernel's classic packet language; its number is the port, so that no two copies share
one.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import orjson

from xiong.errors import PlatformError, XiongError
from xiong.platforms.local import commands
from xiong.tools import process

_SECONDS = 10.0
_NOBODY = 1  # a port that no copy listens on, to try with
_DROP, _GO_ON = 2, 0xFFFFFFFF
_ETHERNET_BYTES = 14  # the loopback has such a header too
# classic BPF: load half-word, load byte, load the IP header's length, load from there, compare, return
_LDH, _LDB, _LDXB_LENGTH, _LDH_X, _JEQ, _RET = 0x28, 0x30, 0xB1, 0x48, 0x15, 0x06
_IPV4, _TCP = 0x0800, 6


def bytecode(port: int) -> str:
    """The filter as `tc` reads it: drops TCP over IPv4 to that port, lets all else go on."""
    program = (
        (_LDH, 0, 0, 12),  # the Ethernet type
        (_JEQ, 0, 6, _IPV4),
        (_LDB, 0, 0, _ETHERNET_BYTES + 9),  # the protocol
        (_JEQ, 0, 4, _TCP),
        (_LDXB_LENGTH, 0, 0, _ETHERNET_BYTES),
        (_LDH_X, 0, 0, _ETHERNET_BYTES + 2),  # the port it goes to
        (_JEQ, 0, 1, port),
        (_RET, 0, 0, _DROP),
        (_RET, 0, 0, _GO_ON),
    )
    return f"{len(program)}," + ",".join(" ".join(map(str, step)) for step in program)


def add_filter(tc: Path, port: int) -> list[str]:
    place = ["filter", "add", "dev", "lo", "egress", "pref", str(port), "protocol", "ip"]
    return [str(tc), *place, "bpf", "direct-action", "bytecode", bytecode(port)]


def delete_filter(tc: Path, port: int) -> list[str]:
    return [str(tc), "filter", "del", "dev", "lo", "egress", "pref", str(port)]


async def impossible() -> str | None:
    """Why packets cannot be kept back here, in words; found out by trying it on a port that nobody has."""
    if os.geteuid() != 0:
        return "it needs root: packets to the database are dropped by the kernel"
    if shutil.which("tc") is None:
        return "it needs the program tc, which iproute2 brings"
    try:
        await cut_off(_NOBODY)
    except XiongError as error:
        return f"the kernel does not let us drop packets: {error.message}"
    finally:
        await reconnect(_NOBODY)
    return None


async def cut_off(port: int) -> None:
    """No packet reaches that port of the loopback any more.

    Raises:
        PlatformError: the system does not let us.
    """
    tc = _program()
    if "clsact" not in await _kinds(tc, "qdisc"):
        await _run("a place for filters", [str(tc), "qdisc", "add", "dev", "lo", "clsact"])
    await _run("dropping packets", add_filter(tc, port))


async def ports_cut_off() -> set[int]:
    """The ports that packets are kept from now, whoever did it."""
    tc = _program()
    if "clsact" not in await _kinds(tc, "qdisc"):
        return set()
    return {int(str(entry["pref"])) for entry in await _shown(tc, "filter", "egress") if "pref" in entry}


async def reconnect(port: int) -> None:
    """Packets reach that port; what we put into the kernel is gone, and what others put there stays."""
    if shutil.which("tc") is None:
        return
    tc = _program()
    if "clsact" not in await _kinds(tc, "qdisc"):
        return
    if port in await ports_cut_off():
        await _run("letting packets through", delete_filter(tc, port))
    if not await _shown(tc, "filter", "egress") and not await _shown(tc, "filter", "ingress"):
        await _run("removing the place for filters", [str(tc), "qdisc", "del", "dev", "lo", "clsact"])


def _program() -> Path:
    found = shutil.which("tc")
    if found is None:
        raise PlatformError("no program tc: iproute2 is not installed", hint="apt-get install iproute2")
    return Path(found)


async def _kinds(tc: Path, what: str) -> list[object]:
    return [entry["kind"] for entry in await _shown(tc, what)]


async def _shown(tc: Path, what: str, where: str = "") -> list[dict[str, object]]:
    argv = [str(tc), "-json", what, "show", "dev", "lo", *([where] if where else [])]
    done = await _run("asking for filters", argv)
    return list(orjson.loads(done.stdout)) if done.stdout.strip() else []


async def _run(what: str, argv: list[str]) -> process.Completed:
    done = await process.run(argv, environment=commands.BASE_ENVIRONMENT, timeout_seconds=_SECONDS)
    try:
        return done.checked(what)
    except XiongError as error:
        raise PlatformError(error.message) from error
