"""Redaction beside the seed's two patterns and beside Presidio: lines a second, recall, clean lines changed.

Presidio is installed by this benchmark, with hashes, into a folder of its own below `results/`; where
that cannot be done its rows say so. A value counts as found when 80 % of it is covered by a finding of
any kind, since the others know other kinds than we do. Seconds are seconds of CPU.
"""

from __future__ import annotations

import asyncio
import json
import re
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from uv import find_uv_bin

from bench import report
from redaction import find, redact
from redaction.scoring import covered, read_lines

_ROOT = Path(__file__).parents[1]
_DATA = _ROOT / "tests" / "unit" / "redaction" / "data"
_SETS = {"patterns": _DATA / "held_out.jsonl", "lines": _DATA / "held_out_600.jsonl"}
_FOLDER = report.RESULTS / "presidio"
_SEED = re.compile(r"\b[A-Z][12]\d{8}\b|\b09\d{8}\b")
_UNSTRUCTURED = ("NAME", "ADDRESS")
_INSTALL_S, _RUN_S = 500, 900

Spans = list[tuple[int, int]]


@dataclass
class Side:
    """One way to redact, and what it did with each group of texts."""

    name: str
    seconds: dict[str, list[float]] = field(default_factory=dict)
    spans: dict[str, list[Spans]] = field(default_factory=dict)


async def run(*, quick: bool) -> None:
    """Called by `python -m bench redaction`."""
    rounds = 2 if quick else 7
    labelled = {name: list(read_lines(path)) for name, path in _SETS.items()}
    texts = {name: [line["text"] for line in lines] for name, lines in labelled.items()}
    every = [line for lines in labelled.values() for line in lines]
    texts["clean"] = [line["text"] for line in every if not line["spans"]]
    texts["with data"] = [line["text"] for line in every if line["spans"]]
    ours = _timed("redaction", redact, lambda text: [(s.start, s.end) for s in find(text)], texts, rounds)
    seed = _timed("the seed's two patterns", _seed_redact, _seed_spans, texts, rounds)
    sides = [ours, seed, *await _presidio(texts, rounds)]
    _show(sides, labelled, texts, rounds)


def _seed_redact(text: str) -> str:
    return _SEED.sub("[REDACTED]", text)


def _seed_spans(text: str) -> Spans:
    return [match.span() for match in _SEED.finditer(text)]


def _timed(
    name: str,
    replace: Callable[[str], str],
    look: Callable[[str], Spans],
    texts: dict[str, list[str]],
    rounds: int,
) -> Side:
    side = Side(name)
    replace("0912 345 678 王小明")  # what is built at the first text belongs to the start
    for group, lines in texts.items():
        side.spans[group] = [look(text) for text in lines]
        for _ in range(rounds):
            began = time.process_time()
            for text in lines:
                replace(text)
            side.seconds.setdefault(group, []).append(time.process_time() - began)
    return side


async def _presidio(texts: dict[str, list[str]], rounds: int) -> list[Side]:
    try:
        python = await _installed()
        return [
            await _ask(python, "Presidio, general recognisers", [], texts, min(rounds, 3)),
            await _ask(python, "Presidio, all recognisers", ["--all"], texts, min(rounds, 3)),
        ]
    except (OSError, RuntimeError, TimeoutError) as error:
        report.note(f"Presidio: not run ({error or type(error).__name__})")
        return []


async def _installed() -> Path:
    python = _FOLDER / "bin" / "python"
    done = _FOLDER / "installed"
    wanted = (_ROOT / "requirements" / "bench.txt").read_text()
    if not done.exists() or done.read_text() != wanted:
        uv = find_uv_bin()
        await _output([uv, "venv", "-q", "--clear", "--python", sys.executable, str(_FOLDER)])
        lock = str(_ROOT / "requirements" / "bench.txt")
        install = [uv, "pip", "install", "-q", "--python", str(python), "--require-hashes", "-r", lock]
        await _output(install)
        done.write_text(wanted)
    return python


async def _ask(python: Path, name: str, options: list[str], texts: dict[str, list[str]], rounds: int) -> Side:
    asked = json.dumps({"rounds": rounds, "texts": texts}).encode()
    script = str(Path(__file__).with_name("presidio_side.py"))
    answer = json.loads(await _output([str(python), script, *options], asked))
    side = Side(name)
    for group, seen in answer.items():
        side.seconds[group] = seen["seconds"]
        side.spans[group] = [[(start, end) for start, end in spans] for spans in seen["spans"]]
    return side


async def _output(argv: Sequence[str], given: bytes = b"") -> bytes:
    process = await asyncio.create_subprocess_exec(
        *argv,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        cwd=_ROOT,
    )
    try:
        out, err = await asyncio.wait_for(process.communicate(given), _RUN_S if given else _INSTALL_S)
    except TimeoutError:
        process.kill()
        await process.wait()
        raise
    if process.returncode:
        raise RuntimeError(err.decode(errors="replace").strip().splitlines()[-1][:200] if err else argv[0])
    return out


def _recall(side: Side, group: str, lines: list[dict[str, Any]], *, kinds: Callable[[str], bool]) -> str:
    wanted = found = 0
    for line, spans in zip(lines, side.spans[group], strict=True):
        got = [(start, end, "") for start, end in spans]
        for span in line["spans"]:
            if kinds(span["type"]):
                wanted += 1
                found += covered((span["start"], span["end"], ""), got) >= 0.8
    return f"{found / wanted:.1%}"


def _show(
    sides: list[Side], labelled: dict[str, list[dict[str, Any]]], texts: dict[str, list[str]], rounds: int
) -> None:
    speed = []
    for side in sides:
        row = [side.name]
        for group in ("clean", "with data"):
            rate = len(texts[group]) / report.median(side.seconds[group])
            base = len(texts[group]) / report.median(sides[0].seconds[group])
            row += [f"{rate:,.0f}", report.ratio(rate, base)]
        speed.append(row)
    heads = ["way", "clean lines per CPU second", "ratio", "lines with data per CPU second", "ratio"]
    report.table(f"redaction: medians of {rounds} rounds (Presidio of at most 3)", heads, speed)
    for group, lines in labelled.items():
        rows = [_row(side, group, lines) for side in sides]
        heads = ["way", "structured kinds", "names", "addresses", "clean lines changed"]
        report.table(f"redaction: found in `{group}`, {len(lines):,} lines", heads, rows)
    report.save("redaction", {side.name: side.seconds for side in sides})


def _row(side: Side, group: str, lines: list[dict[str, Any]]) -> list[str]:
    clean = [spans for line, spans in zip(lines, side.spans[group], strict=True) if not line["spans"]]
    return [
        side.name,
        _recall(side, group, lines, kinds=lambda kind: kind not in _UNSTRUCTURED),
        _recall(side, group, lines, kinds=lambda kind: kind == "NAME"),
        _recall(side, group, lines, kinds=lambda kind: kind == "ADDRESS"),
        f"{sum(map(bool, clean)) / len(clean):.1%}",
    ]
