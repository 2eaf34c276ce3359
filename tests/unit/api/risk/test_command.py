"""`python -m api.risk`: predict, score, learn, across."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from api.risk.__main__ import main
from api.risk.rule_files import shipped_rules


def _write(path: Path, *entries: dict[str, object]) -> Path:
    path.write_text(
        "\n".join(json.dumps(entry, ensure_ascii=False) for entry in entries) + "\n\n", encoding="utf-8"
    )
    return path


def test_predict_prints_one_verdict_a_line_in_order(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = _write(
        tmp_path / "lines.jsonl",
        {"id": "1", "text": "早安"},
        {"id": "2", "text": "我真的很想自殺"},
        {"id": "3", "text": "東西準備好了", "history": ["我真的很想自殺"]},
    )
    assert main(["predict", str(lines)]) == 0
    said = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [entry["id"] for entry in said] == ["1", "2", "3"]
    assert said[0] == {"id": "1", "level": "NONE", "categories": ["none"], "rules": []}
    assert [entry["level"] for entry in said[1:]] == ["HIGH", "IMMINENT"]
    assert said[1]["categories"] == ["suicide"]
    assert "suicide_wish" in said[1]["rules"]


def test_score_counts_what_was_raised_and_the_confusion(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = _write(
        tmp_path / "lines.jsonl",
        {"id": "1", "text": "早安", "level": "NONE", "categories": ["none"]},
        {"id": "2", "text": "我站在頂樓，再見", "level": "IMMINENT", "categories": ["suicide"]},
    )
    assert main(["score", str(lines)]) == 0
    out = capsys.readouterr().out
    assert "lines of IMMINENT raised to HIGH or above: 1/1 (100.0%)" in out
    assert "lines of NONE raised to HIGH or above: 0/1 (0.0%)" in out
    assert "exact level: 2/2" in out


def test_a_line_without_a_label_cannot_be_scored(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = _write(tmp_path / "lines.jsonl", {"id": "7", "text": "早安"})
    assert main(["score", str(lines)]) == 2
    assert "line 7" in capsys.readouterr().err


def test_a_missing_file_is_said_and_fails(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["predict", str(tmp_path / "absent.jsonl")]) == 2
    assert "absent.jsonl" in capsys.readouterr().err


def test_learning_twice_from_the_same_lines_gives_the_same_weights(tmp_path: Path) -> None:
    lines = _write(
        tmp_path / "lines.jsonl",
        *(
            {"id": f"n{i}", "text": f"今天天氣很好{i}", "level": "NONE", "categories": ["none"]}
            for i in range(4)
        ),
        *(
            {"id": f"h{i}", "text": f"我想死{i}", "level": "HIGH", "categories": ["suicide"]}
            for i in range(4)
        ),
    )
    outs = [tmp_path / "first.json", tmp_path / "second.json"]
    for out in outs:
        assert main(["learn", str(out), str(lines)]) == 0
    assert outs[0].read_text(encoding="utf-8") == outs[1].read_text(encoding="utf-8")
    assert outs[0].read_text(encoding="utf-8") != ""


def test_across_scores_each_file_with_weights_learnt_from_the_others(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = [
        _write(
            tmp_path / f"{name}.jsonl",
            *(
                {"id": f"n{i}", "text": f"下午喝茶{i}", "level": "NONE", "categories": ["none"]}
                for i in range(4)
            ),
            *(
                {
                    "id": f"h{i}",
                    "text": f"我站在{place}頂樓邊緣",
                    "level": "IMMINENT",
                    "categories": ["suicide"],
                }
                for i in range(4)
            ),
        )
        for name, place in (("first", "學校"), ("second", "公司"))
    ]
    assert main(["across", *map(str, files)]) == 0
    rows = capsys.readouterr().out.splitlines()
    assert [row.split()[0] for row in rows] == ["left", "first", "second", "all"]
    assert rows[1].split()[1:6] == ["8", "4/4", "100.0%", "0/4", "0.0%"]
    assert rows[3].split()[1:3] == ["16", "8/8"]


def test_the_shipped_weights_are_not_empty() -> None:
    evidence = shipped_rules().scorer.weigh("我在頂樓準備好了要跳下去")
    assert evidence.fields
    assert max(evidence.chances.values()) > 0.3
