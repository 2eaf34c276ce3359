"""The steps around the images: what is in them, and whether anything in them is known to be vulnerable."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
STEPS = ROOT / "deployment" / "ci-cd" / "steps"
FLAW = {"id": "CVE-2000-1", "fix_versions": ["1.1"]}


def ran(*argv, **environment):
    return subprocess.run(
        [*map(str, argv)],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )


@pytest.mark.parametrize(("image", "lock"), [("service", "service"), ("operations", "run")])
def test_the_bill_of_materials_names_every_locked_package(tmp_path, image, lock):
    assert ran(STEPS / "sbom.sh", tmp_path).returncode == 0
    bill = json.loads((tmp_path / f"sbom-{image}.json").read_text())
    locked = re.findall(
        r"^([\w.-]+)(?:\[.*\])?==([^\s;]+)", (ROOT / "requirements" / f"{lock}.txt").read_text(), re.M
    )

    assert bill["bomFormat"] == "CycloneDX"
    assert sorted((c["name"], c["version"]) for c in bill["components"]) == sorted(locked)
    assert all(c["purl"].startswith("pkg:pypi/") for c in bill["components"])


def test_the_same_lock_gives_the_same_bill(tmp_path):
    for name in ("one", "two"):
        ran(STEPS / "sbom.sh", tmp_path / name)
    first, second = ((tmp_path / name / "sbom-service.json").read_bytes() for name in ("one", "two"))

    assert first == second


@pytest.mark.parametrize(
    ("packages", "code"),
    [
        ([{"name": "a", "version": "1", "vulns": []}], 0),
        ([{"name": "a", "version": "1", "vulns": [FLAW]}], 1),
        ([{"name": "a", "version": "1", "vulns": []}, {"name": "b", "skip_reason": "not found"}], 4),
        ([{"name": "a", "version": "1", "vulns": [FLAW]}, {"name": "b", "skip_reason": "not found"}], 1),
        ([], 4),
    ],
)
def test_a_report_passes_only_when_everything_was_looked_up(tmp_path, packages, code):
    report = tmp_path / "report.json"
    report.write_text(json.dumps({"dependencies": packages}))

    done = ran(sys.executable, STEPS / "audited.py", report)

    assert done.returncode == code
    assert ("CVE-2000-1, fixed in 1.1" in done.stdout) == (code == 1)


def test_an_audit_that_reaches_no_source_says_that_it_was_not_run():
    nowhere = "http://127.0.0.1:9"
    done = ran(
        STEPS / "audit.sh",
        VULNERABILITY_SOURCES="osv",
        https_proxy=nowhere,
        HTTPS_PROXY=nowhere,
        no_proxy="",
        NO_PROXY="",
    )

    assert (done.returncode, done.stderr) == (4, "not run: no vulnerability source reached\n")
