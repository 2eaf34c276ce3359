"""The exported table on Ruby's own engine: it must do to every test line what Python's does.

Runs on every `ruby` and `jruby` (whose engine, Joni, is Logstash's) on PATH. Without one there is nothing
to parametrize over, and pytest counts and prints the tests as not run.
"""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from redaction import export
from redaction.scoring import read_lines
from unit.redaction.marked import DATA, lines, parse

RUBIES = [path for name in ("ruby", "jruby") if (path := shutil.which(name))]
# As logstash-filter-mutate does it: one Regexp without flags for each pair, one gsub after another.
GSUB = """
require "json"
$stdin.set_encoding("UTF-8"); $stdout.set_encoding("UTF-8")
pairs = JSON.parse(File.read(ARGV[0], encoding: "UTF-8")).map { |p, r| [Regexp.new(p), r] }
$stdin.each_line { |l| puts JSON.generate(pairs.inject(JSON.parse(l)) { |t, (p, r)| t.gsub(p, r) }) }
"""


def every_line() -> list[str]:
    """All test lines, with personal data and without."""
    held_out = [line["text"] for name in sorted(DATA.glob("*.jsonl")) for line in read_lines(name)]
    return [*held_out, *(parse(line)[0] for line in lines("tricky.txt")), *lines("clean.txt")]


def in_python(text: str) -> str:
    for pattern, replacement in export.table()["pairs"]:
        text = re.sub(pattern, replacement, text)
    return text


@pytest.mark.parametrize("ruby", RUBIES)
def test_ruby_does_to_every_line_what_python_does(ruby: str, tmp_path: Path) -> None:
    table = tmp_path / "pairs.json"
    table.write_text(json.dumps(export.table()["pairs"]), encoding="utf-8")
    texts = every_line()
    run = subprocess.run(
        [ruby, "-e", GSUB, str(table)],
        input="".join(f"{json.dumps(text)}\n" for text in texts),
        capture_output=True,
        check=True,
        encoding="utf-8",
        timeout=200,
    )
    got = [json.loads(line) for line in run.stdout.splitlines()]
    assert len(got) == len(texts) > 3000
    assert [(text, value) for text, value in zip(texts, got, strict=True) if value != in_python(text)] == []


@pytest.mark.parametrize("ruby", RUBIES)
def test_ruby_reads_every_pattern_without_a_warning(ruby: str, tmp_path: Path) -> None:
    table = tmp_path / "pairs.json"
    table.write_text(json.dumps(export.table()["pairs"]), encoding="utf-8")
    run = subprocess.run(
        [ruby, "-W2", "-e", GSUB, str(table)],
        input="",
        capture_output=True,
        check=True,
        encoding="utf-8",
        timeout=100,
    )
    assert run.stderr == ""
