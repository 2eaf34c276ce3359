"""`python -m redaction` and the cost of importing the package."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from redaction.__main__ import main
from redaction.scoring import Score, covered


def written(path: Path) -> Path:
    lines = [
        {"id": "1", "text": "手機0912345678", "spans": [{"start": 2, "end": 12, "type": "PHONE_MOBILE"}]},
        {"id": "2", "text": "撥打1925", "spans": []},
    ]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return path


def test_predict_prints_one_json_line_per_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["predict", str(written(tmp_path / "in.jsonl"))]) == 0
    assert [json.loads(line) for line in capsys.readouterr().out.splitlines()] == [
        {"id": "1", "spans": [{"start": 2, "end": 12, "type": "PHONE_MOBILE"}]},
        {"id": "2", "spans": []},
    ]


def test_score_prints_recall_and_the_share_of_clean_lines_changed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["score", str(written(tmp_path / "in.jsonl"))]) == 0
    out = capsys.readouterr().out
    assert "PHONE_MOBILE" in out
    assert "100.0%" in out
    assert "clean lines changed: 0 of 1 (0.00%)" in out


def test_a_miss_and_a_false_mask_are_counted_and_named() -> None:
    total = Score()
    total.add({"id": "a", "text": "什麼都沒有", "spans": [{"start": 0, "end": 2, "type": "NAME"}]})
    total.add({"id": "b", "text": "手機0912345678", "spans": []})
    assert (total.found["NAME"], total.false_masks["PHONE_MOBILE"], total.clean_changed) == (0, 1, 1)
    assert len(total.remarks) == 2


def test_coverage_is_the_share_of_characters() -> None:
    assert covered((0, 10, "NAME"), [(0, 4, "NAME"), (2, 8, "NAME"), (8, 10, "PLATE")]) == 0.8


def test_a_file_that_cannot_be_read_is_reported_with_exit_code_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["score", str(tmp_path / "absent.jsonl")]) == 2
    assert "absent.jsonl" in capsys.readouterr().err


def test_importing_the_package_loads_no_rules() -> None:
    code = (
        "import sys, redaction; print(sorted(name for name in sys.modules if name.startswith('redaction')))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert run.stdout.strip() == "['redaction', 'redaction.model']"
