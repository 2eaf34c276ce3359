"""`python -m api.risk predict FILE | score FILE | learn OUT FILE...`: the assessor over JSONL.

Used by whoever tunes the rules and by the release gate. FILE lines have "id" and "text", may have "history"
(earlier messages, oldest first), and for `score` and `learn` the labels "level" and "categories".
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from api.risk.labelled import prediction, read_lines, score_lines
from api.risk.learning import Example, as_yaml, learn
from api.risk.rule_engine import RuleEngine


def main(arguments: list[str] | None = None) -> int:
    """Runs one command; the exit status tells whether the file could be read."""
    parser = argparse.ArgumentParser(prog="python -m api.risk", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    for name in ("predict", "score"):
        commands.add_parser(name).add_argument("file", type=Path)
    learning = commands.add_parser("learn")
    learning.add_argument("out", type=Path)
    learning.add_argument("files", type=Path, nargs="+")
    options = parser.parse_args(arguments)
    try:
        if options.command == "learn":
            _learn(options.out, options.files)
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
    engine = RuleEngine.shipped()
    examples = [
        Example(engine.features(line.text), line.level, line.categories)
        for file in files
        for line in read_lines(file)
        if line.level is not None
    ]
    out.write_text(as_yaml(learn(examples)), encoding="utf-8")
    sys.stderr.write(f"learnt from {len(examples)} lines\n")


if __name__ == "__main__":
    sys.exit(main())
