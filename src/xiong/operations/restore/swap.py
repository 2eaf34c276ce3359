"""Puts restored data in the place of the live data, nobody let in meanwhile; and ends what was cut off."""

from __future__ import annotations

from pathlib import Path

from xiong.config.settings import Settings
from xiong.datastores import postgres
from xiong.errors import XiongError
from xiong.operations.backup import history
from xiong.operations.backup.receiver import begin_again
from xiong.operations.leasing import hold_lease
from xiong.operations.restore import journal
from xiong.operations.restore.identity import begin_anew
from xiong.operations.restore.journal import Exchange, Step
from xiong.platforms.base import Platform, Progress
from xiong.tools.clock import Clock, wait_for

_ANSWER_SECONDS = 600.0


async def swap(
    platform: Platform, settings: Settings, clock: Clock, progress: Progress, exchange: Exchange
) -> float:
    """Carries an exchange through; returns for how many seconds nobody was let in.

    Raises:
        XiongError: a step failed; the next verb, `up` or `watch` goes on from the journal.
    """
    records = platform.records
    exchange = await journal.write(records, exchange, Step.GATING)
    begun = clock.monotonic()
    progress("the proxy answers 503 with Retry-After from now on")
    await platform.stores.gate(closed=True)
    exchange = await journal.write(records, exchange, Step.EXCHANGING)
    await _exchanged(platform, clock, progress, exchange)
    if exchange.new_key:
        await begin_anew(platform)
    exchange = await journal.write(records, exchange, Step.OPENING)
    await platform.stores.gate(closed=False)
    seconds = clock.monotonic() - begun
    progress(f"the restored data serves; nobody was let in for {seconds:.1f} s")
    await _log_again(platform, settings, progress)
    await journal.clear(records)
    return seconds


async def _exchanged(platform: Platform, clock: Clock, progress: Progress, exchange: Exchange) -> None:
    for store, folder in exchange.folders.items():
        await platform.stores.stop(store)
        await platform.stores.exchange(store, Path(folder), exchange.id)
        await platform.stores.start(store)
        progress(f"{store} runs on {exchange.backup}")
    if "postgres" in exchange.folders and await platform.instances("postgres"):  # else `up` starts it
        await wait_for(
            lambda: postgres.answers(platform.run_store_tool),
            what="the restored database, answering",
            seconds=_ANSWER_SECONDS,
            clock=clock,
        )


async def _log_again(platform: Platform, settings: Settings, progress: Progress) -> None:
    """The restored database has a new timeline; without a receiver it serves all the same."""
    try:
        await begin_again(platform, settings, anew=True)
    except XiongError as error:
        await history.want_full(platform.records, "the data was restored, so WAL is missing")
        progress(f"the write-ahead log is not received: {error.message}")


async def finish_interrupted(
    platform: Platform, settings: Settings, clock: Clock, progress: Progress
) -> bool:
    """Ends what a killed restore left, lease in hand: before its exchange the old serves, after it the new.

    Returns:
        Whether there was one.
    """
    left = await journal.read(platform.records)
    if left is None:
        return False
    progress(f"restore {left.id} was cut off while {left.step}; it is ended now")
    if left.step in {Step.PREPARING, Step.GATING}:
        await platform.stores.sweep(left.id)
    else:
        await platform.stores.gate(closed=True)
        await _exchanged(platform, clock, progress, left)
        if left.new_key:
            await begin_anew(platform)
        await _log_again(platform, settings, progress)
    if left.step is not Step.PREPARING:
        await platform.stores.gate(closed=False)
    await journal.clear(platform.records)
    return True


async def mend(platform: Platform, settings: Settings, clock: Clock, progress: Progress) -> None:
    """For `watch`: where a restore was cut off and nobody is at work.

    Raises:
        LeaseHeldError: somebody is.
    """
    if await journal.read(platform.records) is not None:
        async with hold_lease(platform, "finish restore", settings.deploy.lease_seconds, clock):
            await finish_interrupted(platform, settings, clock, progress)
