"""Releases that replace each other while requests come on kept and on new connections; for every platform."""

from __future__ import annotations

import asyncio

from bench.load import load
from bench.load_result import LoadResult
from copies import Copy

BATCH = 1000


async def rolled_under_load(
    copy: Copy, address: str, *, host: str = "", requests: int, rolls: int
) -> LoadResult:
    """Rolls until both counts are reached; gives what the load saw.

    Args:
        copy: whose releases they are; each differs from the last by a comment.
        address: where the requests go.
        host: the name that they ask for, where it is not the address.
        requests: at least so many.
        rolls: at least so many.
    """
    token = (copy.state / "secrets" / "operator-token").read_text()
    seen: list[LoadResult] = []
    over = asyncio.Event()

    async def press(*, keep_alive: bool) -> None:
        while not over.is_set():
            one = load(address, token, requests=BATCH, connections=8, keep_alive=keep_alive, host=host)
            seen.append(await one)

    pressing = [asyncio.create_task(press(keep_alive=kept)) for kept in (True, False)]
    done = 0
    while done < rolls or sum(result.sent for result in seen) < requests:
        copy.change("src/api/main.py", append=f"# roll {done}")
        receipt = (await asyncio.to_thread(copy.deploy)).json
        assert (receipt["outcome"], receipt["probe"]["failed"]) == ("committed", 0)
        done += 1
    over.set()
    await asyncio.gather(*pressing)
    return sum(seen, LoadResult())
