"""How long and how much: the bounds of one question to the language model. Frozen; tests set smaller ones."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ModelLimits:
    """Bounds of one message.

    Attributes:
        deadline_s: whole time for the model, retries and back-off included; a person is waiting.
        crisis_deadline_s: the same where the crisis script is ready to be shown and must not wait long.
        connect_s: time to open a connection.
        first_byte_s: time until the first piece of an answer.
        stall_s: time between two pieces.
        attempts: requests a message may cost at most.
        wait_initial_s: first back-off; doubles.
        wait_max_s: longest back-off.
        max_tokens: length that is asked for.
        most_characters: longest answer that is shown; longer ones are rambling.
        crisis_characters: the same below a crisis script.
    """

    deadline_s: float = 20.0
    crisis_deadline_s: float = 6.0
    connect_s: float = 3.0
    first_byte_s: float = 10.0
    stall_s: float = 5.0
    attempts: int = 3
    wait_initial_s: float = 0.2
    wait_max_s: float = 2.0
    max_tokens: int = 600
    most_characters: int = 1200
    crisis_characters: int = 400
