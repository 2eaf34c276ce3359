"""`python -m redaction predict|score|export [FILE]`.

The rules on the command line, for evaluation and for Logstash.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from redaction import export, scoring


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m redaction", description="Taiwanese personal data in text."
    )
    commands = parser.add_subparsers(dest="command", required=True)
    predict = commands.add_parser("predict", help='print {"id","spans"} for each JSON line of FILE')
    predict.add_argument("file", type=Path)
    score = commands.add_parser(
        "score", help="print recall and false masks per kind, and clean lines changed"
    )
    score.add_argument("file", type=Path)
    score.add_argument(
        "--misses", action="store_true", help="also print every miss and false mask, with its text"
    )
    commands.add_parser("export", help="print the rule table for Logstash as JSON")
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; the exit code is 0 when it could be carried out."""
    arguments = _arguments(argv)
    if arguments.command == "export":
        sys.stdout.write(export.as_json() + "\n")
        return 0
    try:
        lines = list(scoring.read_lines(arguments.file))
        if arguments.command == "predict":
            predicted = [scoring.prediction_line(line) for line in lines]
        else:
            total = scoring.score(lines)
    except (OSError, ValueError, KeyError) as error:
        sys.stderr.write(f"{arguments.file}: {type(error).__name__}: {error}\n")
        return 2
    if arguments.command == "predict":
        sys.stdout.writelines(f"{line}\n" for line in predicted)
        return 0
    sys.stdout.write(total.report() + "\n")
    if arguments.misses:
        sys.stdout.write("".join(f"{remark}\n" for remark in total.remarks))
    return 0


if __name__ == "__main__":
    sys.exit(main())
