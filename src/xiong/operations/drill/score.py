"""What a drill's figures are worth, and the history of them."""

from __future__ import annotations

from dataclasses import dataclass

from xiong.model.documents import from_document, to_document
from xiong.model.drill import DrillResult, Load, Measure
from xiong.operations.drill.drill import Limits, Unanswered
from xiong.operations.drill.load import Sent
from xiong.platforms.base import RecordStore

_KIND = "drills"
_FOREVER = float("inf")


@dataclass(frozen=True)
class Spell:
    """When the fault was, on `clock.monotonic()`.

    Attributes:
        began: right before the blow.
        struck: once it was done.
        healed: when all was well again; infinite where it never was.
    """

    began: float
    struck: float
    healed: float = _FOREVER


def is_excused(one: Sent, limits: Limits, spell: Spell) -> bool:
    """Whether a message may have stayed without an answer at its first try."""
    ended = _FOREVER if one.ended is None else one.ended
    if ended < spell.began:
        return True  # before the drill had done anything
    if limits.unanswered is Unanswered.NONE:
        return False
    last = spell.struck + limits.unanswered_seconds
    return one.begun <= (spell.healed if limits.unanswered is Unanswered.WHILE_ILL else last)


def unexcused(sent: list[Sent], limits: Limits, spell: Spell) -> list[Sent]:
    """The messages that should have been answered at the first try."""
    return [one for one in sent if _unanswered(one) and not is_excused(one, limits, spell)]


def _unanswered(one: Sent) -> bool:
    return one.fault is not None or one.ended is None


def count(sent: list[Sent], not_kept: list[Sent], limits: Limits, spell: Spell) -> Load:
    """What became of the messages; `not_kept` are those that were answered and are not stored."""
    never = [one for one in sent if one.message is None]
    took = [one.ended - one.begun for one in sent if one.ended is not None and one.begun >= spell.began]
    return Load(
        sent=len(sent),
        unanswered=sum(map(_unanswered, sent)),
        unexcused=len(unexcused(sent, limits, spell)),
        lost=len(never) + len(not_kept),
        slowest_seconds=round(max(took, default=0.0), 3),
    )


def broken(measures: tuple[Measure, ...], load: Load) -> list[str]:
    """The promises that were not kept, in words."""
    faults = [_said(measure) for measure in measures if not measure.kept]
    if load.lost:
        faults.append(f"{load.lost} messages were lost: expected none")
    return faults


def left_alone(found: list[Sent], limits: Limits, spell: Spell) -> list[str]:
    """What is to be said about messages that should have been answered at the first try."""
    if not found:
        return []
    last = max(found, key=lambda one: one.begun)
    return [
        f"{len(found)} messages got no answer at the first try: expected {_excuse(limits)}; "
        f"the last was sent {last.begun - spell.struck:.1f} s after it and got {last.fault or 'no answer'}"
    ]


def _said(measure: Measure) -> str:
    seen = measure.why if measure.seconds is None else f"{measure.seconds:.1f} s"
    return f"{measure.name}: {seen}, promised within {measure.limit:g} s"


def _excuse(limits: Limits) -> str:
    if limits.unanswered is Unanswered.NONE:
        return "none"
    if limits.unanswered is Unanswered.WHILE_ILL:
        return "only such as were sent before all was well again"
    later = f" or within {limits.unanswered_seconds:g} s of it" if limits.unanswered_seconds else ""
    return f"only such as were under way at the blow{later}"


async def keep(records: RecordStore, result: DrillResult) -> None:
    """Writes a result into the history."""
    await records.write(_KIND, result.id, to_document(result))


async def history(records: RecordStore) -> list[DrillResult]:
    """All drills that were run, newest first."""
    documents = [await records.read(_KIND, name) for name in await records.names(_KIND)]
    return [from_document(DrillResult, document) for document in reversed(documents) if document]


async def newest(records: RecordStore) -> dict[str, DrillResult]:
    """The newest result of each drill."""
    return {result.drill: result for result in reversed(await history(records))}
