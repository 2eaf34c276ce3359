"""Why a person's request is not done now. The words go to whoever asked; none of them names the person."""

from __future__ import annotations


class RefusedError(Exception):
    """Nothing was changed.

    Attributes:
        kind: for a program to tell which.
        hint: what to do about it.
    """

    kind = "refused"

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.hint = hint


class NobodyError(RefusedError):
    """Nothing is held under that id, and nothing ever was erased under it."""

    kind = "unknown_person"


class SpoolError(RefusedError):
    """What was said during an outage is not in the database yet."""

    kind = "spool_not_empty"


class AnsweringError(RefusedError):
    """A reply is being written at this moment."""

    kind = "being_answered"


class OpenPageError(RefusedError):
    """The person is in danger, and nobody has taken that over yet."""

    kind = "open_page"


class UnknownKeyError(RefusedError):
    """Erasures are recorded whose key is not at hand, so nobody can say whom they meant."""

    kind = "unknown_key"


def refuse_spool(waiting: int) -> None:
    """Refuses while something waits in the spool."""
    if waiting:
        raise SpoolError(
            "what was said during an outage waits in the spool and is not in the database yet",
            "try again when the database has been back for some seconds",
        )


def nobody() -> NobodyError:
    """The refusal where an id leads to nothing."""
    return NobodyError(
        "nothing is held of a person of that id", "look at the id, and at --application if you gave it"
    )


def refuse_unknown_keys(entries: int) -> None:
    """Refuses to call it done where erasures are left that nobody can read."""
    if entries:
        raise UnknownKeyError(
            f"{entries} erasures were recorded under another SECRET_KEY and could not be done again",
            "add --old-key-file FILE with the key of then",
        )
