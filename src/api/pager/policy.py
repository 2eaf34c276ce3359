"""The escalation policy: whom to tell first, whom next, and when. Read by `configuration`."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from api.pager.places import Part
from api.pager.rota import known_contact

ON_CALL = "on-call"
_MOST_MINUTES = 24 * 60


@dataclass(frozen=True)
class Step:
    """One step.

    Attributes:
        notify: contacts; `on-call` is whoever the rota names when the step begins.
        channels: names of channels, None for all that the contact has.
        acknowledge_minutes: how long to wait for an acknowledgement before the next step.
    """

    notify: tuple[str, ...]
    channels: tuple[str, ...] | None = None
    acknowledge_minutes: float = 5.0


@dataclass(frozen=True)
class Policy:
    """All steps.

    Attributes:
        repeat: how often all steps are gone through; afterwards the last step repeats.
    """

    steps: tuple[Step, ...]
    repeat: int = 1

    def at(self, step: int) -> Step:
        """Returns a step by its number from 0; beyond the last one (the file became shorter) the last."""
        return self.steps[min(step, len(self.steps) - 1)]

    def following(self, round_: int, step: int) -> tuple[int, int]:
        """Returns round and number of the step after this one; it never ends. Before the first: (0, -1)."""
        if step + 1 < len(self.steps) and round_ < self.repeat:
            return round_, step + 1
        if round_ + 1 < self.repeat:
            return round_ + 1, 0
        # the round goes on counting: each repetition is a delivery of its own
        return round_ + 1, len(self.steps) - 1


def read_policy(part: Part, contacts: Collection[str], channels: Collection[str]) -> Policy:
    """Reads the policy; every name in it must be known."""
    fields = part.fields(("steps",), ("repeat",))
    steps = tuple(_read_step(step, contacts, channels) for step in fields["steps"].items())
    return Policy(steps, fields["repeat"].whole(1, 100) if "repeat" in fields else 1)


def _read_step(part: Part, contacts: Collection[str], channels: Collection[str]) -> Step:
    fields = part.fields(("notify",), ("channels", "acknowledge_minutes"))
    notify = fields["notify"]
    for name in notify.texts():
        if name != ON_CALL:
            # the place of the whole list: its entries are short
            known_contact(Part(name, notify.place), contacts)
    chosen = fields["channels"].texts() if "channels" in fields else None
    for name in chosen or ():
        if name not in channels:
            raise fields["channels"].wrong(f"no channel '{name}'; there are {', '.join(channels)}")
    minutes = fields["acknowledge_minutes"].minutes(_MOST_MINUTES) if "acknowledge_minutes" in fields else 5.0
    return Step(notify.texts(), chosen, minutes)
