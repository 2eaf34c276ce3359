"""docs/reference/json-output.md: the JSON Schemas of what `--json` prints, from the result types."""

from __future__ import annotations

import inspect
import json
import re
from dataclasses import dataclass, is_dataclass
from typing import Any, Literal

from pydantic import TypeAdapter
from pydantic.json_schema import GenerateJsonSchema

from deployment.docs.markdown import code, joined, notice, table
from xiong.cli.backup import PrunedRepositories, VerifiedSets
from xiong.cli.console import MadeToken, RevokedToken, Visitor, VisitorList
from xiong.model import drill, health, instance, lease, receipt, recovery, release
from xiong.model.backup import Verification
from xiong.model.drill import DrillHistory, DrillRun
from xiong.model.health import HealthReport
from xiong.model.notice import Delivery, Notice
from xiong.model.receipt import Receipt
from xiong.operations import journal, migrate
from xiong.operations.backup.listing import BackupList, ListedBackup, ListedLog, ListedRepository
from xiong.operations.backup.prune import KeptSet, Pruned
from xiong.operations.bundle.contents import Bundle, BundledFile, Manifest
from xiong.operations.conversation import Conversation
from xiong.operations.drill.drill import Limits
from xiong.operations.drill.report import VerifiedReport
from xiong.operations.drill.run import DrillList, ListedDrill
from xiong.operations.init import Initialised
from xiong.operations.migrate import ContractResult
from xiong.operations.notice_trial import Trial, TriedAddress
from xiong.operations.pages import ListedPage, PageList, TakenPage
from xiong.operations.person import PersonErasure, PersonExport
from xiong.operations.prove.matrix import Matrix, Proof
from xiong.operations.recovery.pause import Pause
from xiong.operations.recovery.recover import Recovery
from xiong.operations.recovery.replay import Deed, Replay, Told
from xiong.operations.rehearsal import FollowedDelivery, Rehearsal
from xiong.operations.releases import History, ListedRelease, ReleaseList
from xiong.operations.secrets.rotate import Rotated
from xiong.operations.status import Status
from xiong.operations.up import UpResult
from xiong.platforms.base import PlannedCommand


@dataclass(frozen=True)
class Stopped:
    """What `down` did."""

    stopped: bool
    purged: bool


@dataclass(frozen=True)
class DryRunPlan:
    """What `--dry-run` would do."""

    steps: list[str]
    commands: list[PlannedCommand]


@dataclass(frozen=True)
class ExportedHistory:
    """What `recover --export` wrote."""

    file: str
    observations: int
    actions: int


@dataclass(frozen=True)
class ErrorBody:
    """Why a verb failed, the next command to type, and the exit code."""

    message: str
    hint: str | None
    exit_code: int


@dataclass(frozen=True)
class Failure:
    """What any verb prints when it fails."""

    error: ErrorBody


RESULTS: dict[str, tuple[str, Any]] = {
    "init": ("`init`", Initialised),
    "up": ("`up`", UpResult),
    "down": ("`down`", Stopped),
    "rollout": ("`deploy`, `rollback`, `scale`", Receipt),
    "migrate": ("`migrate --contract`", ContractResult),
    "status": ("`status`", Status),
    "health": ("`health`", HealthReport),
    "releases": ("`releases`", ReleaseList),
    "history": ("`history`", History),
    "pages": ("`pages list`", PageList),
    "page": ("`pages ack`", TakenPage),
    "rehearsal": ("`pages test`", Rehearsal),
    "export": ("`person export`", PersonExport),
    "erasure": ("`person erase`", PersonErasure),
    "notices": ("`notices list`", tuple[Notice, ...]),
    "notice_trial": ("`notices test`", Trial),
    "bundle": ("`bundle`", Bundle),
    "recover": ("`recover`, also with `--shadow`", Recovery),
    "pause": ("`recover --pause`, `recover --resume`", Pause),
    "replay": ("`recover --replay`", Replay),
    "history_file": ("`recover --export`", ExportedHistory),
    "drill": ("`drill`", DrillRun),
    "drill_list": ("`drill --list`", DrillList),
    "drill_history": ("`drill history`", DrillHistory),
    "drill_report": ("`drill verify`", VerifiedReport),
    "backup": ("`backup create`", ListedBackup),
    "backup_list": ("`backup list`", BackupList),
    "backup_verify": ("`backup verify`", VerifiedSets),
    "backup_prune": ("`backup prune`, also with `--dry-run`", PrunedRepositories),
    "secrets": ("`secrets rotate`", Rotated),
    "prove": ("`prove`", Matrix),
    "console_token": ("`console token`", MadeToken),
    "console_tokens": ("`console tokens`", VisitorList),
    "console_revoke": ("`console revoke`", RevokedToken),
    "dry_run": ("every verb with `--dry-run`", DryRunPlan),
    "failure": ("every verb that fails", Failure),
}
_INTRODUCTION = """\
`xiong --json VERB` prints one JSON document on stdout and nothing else there.
Progress and errors for people go to stderr.
`releases`, `history` and `notices list` print a list, newest first; every other verb prints an object.
Times are ISO 8601 in UTC, durations are seconds, every field is always present.
A call that cannot be parsed at all (an unknown verb or flag) ends with code 2 and prints no JSON.
A new field may be added at any time; a field is not renamed or removed without a word in the changelog."""
_SCHEMA = """\
One JSON Schema (draft 2020-12) for all of them.
Take `$defs` as they are and choose the entry of your verb."""


def page() -> str:
    """The whole page."""
    schema = schemas()
    kinds: dict[str, Any] = schema["$defs"]
    blocks: list[list[str]] = [
        [notice("the result types below src/xiong")],
        ["# JSON output"],
        _INTRODUCTION.splitlines(),
        table(("Verb", "Prints", "Entry of `$defs`"), (_result(n, kinds) for n in RESULTS)),
    ]
    for name, kind in kinds.items():
        if "properties" in kind:
            blocks += [[f"## {name}"], [kind["description"]], _fields(kind, kinds)]
    text = json.dumps(schema, ensure_ascii=False, indent=2)
    blocks += [["## Schema"], _SCHEMA.splitlines(), ["```json", text, "```"]]
    return joined(blocks)


def schemas() -> dict[str, Any]:
    """All results and the types they are made of, in one schema."""
    mode: Literal["serialization"] = "serialization"
    adapters = [(name, mode, TypeAdapter(kind)) for name, (_, kind) in RESULTS.items()]
    made, shared = TypeAdapter.json_schemas(adapters, ref_template="#/$defs/{model}")
    types: dict[str, Any] = shared["$defs"]
    for name, kind in types.items():
        _describe(kind, _CLASSES.get(name))
    types |= {name: made[name, mode] for name in RESULTS}
    return {"$schema": GenerateJsonSchema.schema_dialect, "$defs": types}


def _classes() -> dict[str, type]:
    """The result types by name, wherever they are defined."""
    modules = (drill, health, instance, lease, receipt, recovery, release, journal, migrate)
    found = {n: v for m in modules for n, v in vars(m).items() if is_dataclass(v) and isinstance(v, type)}
    own = (
        UpResult,
        Conversation,
        Status,
        ListedRelease,
        PageList,
        ListedPage,
        TakenPage,
        Rehearsal,
        FollowedDelivery,
        PersonExport,
        PersonErasure,
        Notice,
        Delivery,
        Trial,
        TriedAddress,
        Bundle,
        Manifest,
        BundledFile,
        Recovery,
        Pause,
        Replay,
        Deed,
        Told,
        ExportedHistory,
        DrillList,
        ListedDrill,
        Limits,
        VerifiedReport,
        BackupList,
        ListedRepository,
        ListedLog,
        ListedBackup,
        VerifiedSets,
        Verification,
        PrunedRepositories,
        Pruned,
        KeptSet,
        Matrix,
        Proof,
        MadeToken,
        Visitor,
        VisitorList,
        RevokedToken,
        PlannedCommand,
        Stopped,
        DryRunPlan,
        ErrorBody,
        Failure,
    )
    return found | {kind.__name__: kind for kind in own}


_CLASSES = _classes()


def _describe(kind: dict[str, Any], source: type | None) -> None:
    """Puts the docstring's words beside the fields; every field is always printed."""
    if source is None or "properties" not in kind:
        return
    text = inspect.getdoc(source) or ""
    kind["description"] = text.splitlines()[0]
    words = _attributes(text)
    for name, field in kind["properties"].items():
        field.pop("title", None)
        field.pop("default", None)
        if name in words:
            field["description"] = words[name]
    kind["required"] = list(kind["properties"])
    kind.pop("title", None)


def _attributes(docstring: str) -> dict[str, str]:
    """{field: words} of a docstring's Attributes section."""
    _, _, section = docstring.partition("Attributes:\n")
    found: dict[str, str] = {}
    for entry in re.finditer(r"^ {4}(\w[\w, ]*): (.*(?:\n {8}.*)*)", section, re.MULTILINE):
        for name in entry[1].split(", "):
            found[name] = re.sub(r"\bNone\b", "null", " ".join(entry[2].split()))
    return found


def _result(name: str, kinds: dict[str, Any]) -> tuple[str, str, str]:
    verb, _ = RESULTS[name]
    return verb, _type(kinds[name], kinds), code(name)


def _fields(kind: dict[str, Any], kinds: dict[str, Any]) -> list[str]:
    rows = [(code(n), _type(f, kinds), f.get("description", "")) for n, f in kind["properties"].items()]
    return table(("Field", "Type", "Meaning"), rows)


def _type(field: dict[str, Any], kinds: dict[str, Any]) -> str:
    """A schema in a few words."""
    if "$ref" in field:
        name = field["$ref"].rpartition("/")[2]
        values = kinds[name].get("enum")
        return f"one of {', '.join(map(code, values))}" if values else f"[{name}](#{name.lower()})"
    if "anyOf" in field:
        return " or ".join(_type(option, kinds) for option in field["anyOf"])
    if field["type"] == "array":
        return f"list of {_type(field['items'], kinds)}"
    if field["type"] == "object":
        inner = field.get("additionalProperties")
        return f"{{text: {_type(inner, kinds)}}}" if isinstance(inner, dict) else "object"
    words = {"string": "text", "integer": "whole number", "boolean": "true or false"}
    return "time" if field.get("format") == "date-time" else words.get(field["type"], field["type"])
