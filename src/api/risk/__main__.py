"""`python -m api.risk`: `predict FILE`, `score FILE`, `learn OUT FILE...` and `across FILE...` over JSONL.

Used by whoever tunes the rules and by the release gate. FILE lines have "id" and "text", may have "history"
(earlier messages, oldest first), and for all but `predict` the labels "level" and "categories".
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from api.risk.across import across, examples_of
from api.risk.labelled import prediction, read_lines, score_lines
from api.risk.learning import learn
from api.risk.rule_engine import RuleEngine
from api.risk.rule_files import shipped_rules


def main(arguments: list[str] | None = None) -> int:
    """Runs one command; the exit status tells whether the file could be read."""
    parser = argparse.ArgumentParser(prog="python -m api.risk", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    for name in ("predict", "score"):
        commands.add_parser(name).add_argument("file", type=Path)
    learning = commands.add_parser("learn")
    learning.add_argument("out", type=Path)
    learning.add_argument("files", type=Path, nargs="+")
    commands.add_parser("across").add_argument("files", type=Path, nargs="+")
    options = parser.parse_args(arguments)
    try:
        if options.command == "learn":
            _learn(options.out, options.files)
        elif options.command == "across":
            for row in across(shipped_rules(), options.files):
                sys.stdout.write(row + "\n")
                sys.stdout.flush()
        else:
            _judge(options.file, score=options.command == "score")
    except (OSError, ValueError, KeyError, TypeError) as error:
        sys.stderr.write(f"risk: {type(error).__name__}: {error}\n")
        return 2
    return 0


def _judge(file: Path, *, score: bool) -> None:
    engine = RuleEngine.shipped()
    pairs = ((line, engine.assess(line.text, line.history)) for line in read_lines(file))
    if score:
        sys.stdout.write(score_lines(pairs).report() + "\n")
        return
    for line, assessment in pairs:
        sys.stdout.write(json.dumps(prediction(line, assessment), ensure_ascii=False) + "\n")


def _learn(out: Path, files: list[Path]) -> None:
    lines = [line for file in files for line in read_lines(file)]
    examples = examples_of(RuleEngine.shipped(), lines)
    out.write_bytes(learn(examples))
    sys.stderr.write(f"learnt from {len(examples)} lines\n")


if __name__ == "__main__":
    sys.exit(main())
