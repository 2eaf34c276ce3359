"""The signed report of a run of drills: JSON that `xiong drill verify` checks, HTML for people.

The key never leaves the copy, so a report is checked where it was made; it holds no personal data.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson
from jinja2 import Environment, PackageLoader, StrictUndefined

from xiong import __version__
from xiong.errors import UsageError, XiongError
from xiong.model.documents import from_document, to_document
from xiong.model.drill import DrillOutcome, DrillRun, Measure
from xiong.platforms.base import Platform
from xiong.tools import files

KEY = "drill-report"
_ALGORITHM = "HMAC-SHA256"
_READABLE = 0o644

_environment = Environment(
    loader=PackageLoader("xiong.operations.drill"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


class ForgedReportError(XiongError):
    """A report is not what this copy wrote."""


@dataclass(frozen=True)
class VerifiedReport:
    """A report that is as it was written here.

    Attributes:
        file: which.
        begun_at: when its run began, UTC.
        passed, failed, not_run: drills.
    """

    file: str
    begun_at: datetime
    passed: int
    failed: int
    not_run: int


async def write(platform: Platform, made: DrillRun, folder: Path) -> Path:
    """Writes `drills-TIME.json` and `.html` into the folder; returns the first.

    Raises:
        XiongError: the folder cannot be written.
    """
    report = {"tool": f"xiong {__version__}", **to_document(made)}
    report.pop("report")
    signature = await _signature(platform, report)
    file = folder / f"drills-{made.begun_at:%Y%m%dT%H%M%SZ}.json"
    files.write_json(file, {"report": report, "signature": signature}, mode=_READABLE)
    page = _environment.get_template("report.html").render(
        made=made, tool=report["tool"], signature=signature, file=file.name, cell=cell, outcomes=DrillOutcome
    )
    files.write_atomic(file.with_suffix(".html"), page.encode(), mode=_READABLE)
    return file


async def verify(platform: Platform, file: Path) -> VerifiedReport:
    """Checks that nothing in it was changed since this copy wrote it.

    Raises:
        UsageError: it is no report.
        ForgedReportError: it was changed, or another copy wrote it.
    """
    try:
        document = orjson.loads(file.read_bytes())
        report, signature = document["report"], document["signature"]
        given, key = str(signature["value"]), str(signature["key"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UsageError(
            f"{file} is no report of drills: expected the .json that `xiong drill --report DIR` writes",
            hint="xiong drill --all --report DIR",
        ) from error
    own = await _signature(platform, report)
    if key != own["key"]:
        raise ForgedReportError(
            f"{file} was signed with key {key}, this copy's is {own['key']}: it was written elsewhere"
        )
    if not hmac.compare_digest(given, own["value"]):
        raise ForgedReportError(f"{file} was changed after it was signed")
    made = from_document(DrillRun, {k: v for k, v in report.items() if k != "tool"})
    counts = {outcome: made.count(outcome) for outcome in DrillOutcome}
    return VerifiedReport(
        str(file),
        made.begun_at,
        counts[DrillOutcome.PASSED],
        counts[DrillOutcome.FAILED],
        counts[DrillOutcome.NOT_RUN],
    )


async def _signature(platform: Platform, report: dict[str, Any]) -> dict[str, str]:
    """Over the report's canonical bytes: keys sorted, no blanks."""
    key = (await platform.secret(KEY)).reveal().encode()
    canonical = orjson.dumps(report, option=orjson.OPT_SORT_KEYS)
    return {
        "algorithm": _ALGORITHM,
        "key": hashlib.sha256(key).hexdigest()[:16],
        "value": hmac.new(key, canonical, hashlib.sha256).hexdigest(),
    }


def cell(measure: Measure | None) -> str:
    """A measure against its limit, as tables show it."""
    if measure is None or (measure.seconds is None and not measure.judged):
        return "–"
    seconds = "not" if measure.seconds is None else f"{measure.seconds:.1f} s"
    return seconds if measure.limit is None else f"{seconds} / {measure.limit:g}"
