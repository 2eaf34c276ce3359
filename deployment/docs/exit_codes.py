"""docs/reference/exit-codes.md from the errors of the tool."""

from __future__ import annotations

from api import migrate
from deployment.docs.markdown import code, joined, notice, table
from xiong import errors
from xiong.errors import ExitCode, XiongError

_MEANINGS = {
    ExitCode.DONE: "What was asked for is done.",
    ExitCode.FAILED: "It was not done, or it was refused; a refused release leaves the old one serving.",
    ExitCode.USAGE: "The call, the configuration or a name in it is wrong; nothing was changed.",
    ExitCode.UNHEALTHY: "Something runs and does not answer as it should.",
    ExitCode.LEASE_HELD: "Another verb is changing this copy; try again when it is done.",
    ExitCode.DEADLINE: "It did not happen in its time; try again, the next verb ends what was begun.",
}
_INTRODUCTION = """\
The exit code of `xiong` tells the truth: a refused rollback or an unhealthy service is never 0.
With `--json` the same number is `error.exit_code` on stdout."""
_INTERRUPTED = "Ctrl-C ends a verb with 130, as shells expect; the lease is given back."
_COMMANDS = "`python -m api.migrate` uses the same numbers:"
_MIGRATE = {
    migrate.DONE: "done; its JSON line is on stdout",
    migrate.FAILED: "the database refused, or `lint` found something",
    migrate.USAGE: "the environment or a revision file is unusable",
    migrate.DEADLINE: "another run held the schema's lock for too long",
}


def page() -> str:
    """The whole page."""
    rows = [(str(int(c)), c.name.lower().replace("_", " "), _MEANINGS[c], _errors(c)) for c in ExitCode]
    return joined(
        [
            [notice("src/xiong/errors.py")],
            ["# Exit codes"],
            _INTRODUCTION.splitlines(),
            table(("Code", "Name", "Meaning", "Errors that end with it"), rows),
            [_INTERRUPTED],
            ["## What each error means"],
            table(("Error", "Code", "Worth a retry", "Meaning"), (_row(e) for e in _kinds())),
            ["## The service's commands"],
            [_COMMANDS],
            table(("Code", "Meaning"), ((str(c), m) for c, m in _MIGRATE.items())),
        ]
    )


def _kinds() -> list[type[XiongError]]:
    found = [v for v in vars(errors).values() if isinstance(v, type) and issubclass(v, XiongError)]
    return [kind for kind in found if kind is not XiongError]


def _errors(exit_code: ExitCode) -> str:
    return ", ".join(code(kind.__name__) for kind in _kinds() if kind.exit_code is exit_code)


def _row(kind: type[XiongError]) -> tuple[str, str, str, str]:
    meaning = str(kind.__doc__).strip().splitlines()[0]
    return code(kind.__name__), str(int(kind.exit_code)), "yes" if kind.retryable else "no", meaning
