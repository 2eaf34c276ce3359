"""`python -m deployment.kubernetes [--check]`: writes what the manifests take over from the monitoring.

Kustomize reads no file outside its own folder, so the rules lie here again: as files for the component
prometheus, and as one PrometheusRule for the component monitoring. `--check` writes nothing and says which
are stale; tests/deployment/kubernetes checks. Exit code 0: every file is as its source; 1: `--check` found
one that is not; 2: wrong usage.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import yaml

HERE = Path(__file__).resolve().parent
PROMETHEUS = HERE.parent / "monitoring" / "prometheus"
_HEAD = (
    "# Made by `python -m deployment.kubernetes` from deployment/monitoring/prometheus: change it there.\n"
)


def configuration(text: str) -> str:
    """The shipped configuration for a Prometheus that lies in the copy's own namespace, whatever its name."""
    own = text.replace("namespaces: {names: [xiongichat]}", "namespaces: {own_namespace: true}")
    return own.replace(".xiongichat.svc", "")


def operator_rules(texts: Sequence[str]) -> str:
    """All rule groups as one object of the Prometheus operator."""
    groups = [group for text in texts for group in yaml.safe_load(text)["groups"]]
    document = {
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": "PrometheusRule",
        "metadata": {"name": "xiongichat"},
        "spec": {"groups": groups},
    }
    return yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=110)


def files() -> dict[Path, str]:
    """Each made file with its text."""
    rules = sorted((PROMETHEUS / "rules").glob("*.yml"))
    texts = [file.read_text(encoding="utf-8") for file in rules]
    folder = HERE / "components" / "prometheus" / "files"
    made = {folder / file.name: _HEAD + text for file, text in zip(rules, texts, strict=True)}
    source = (PROMETHEUS / "prometheus.kubernetes.yml").read_text(encoding="utf-8")
    made[folder / "prometheus.yml"] = _HEAD + configuration(source)
    made[HERE / "components" / "monitoring" / "rules.yaml"] = _HEAD + operator_rules(texts)
    return made


def stale() -> list[Path]:
    """The files that are not what their source says."""
    return [file for file, text in files().items() if not file.is_file() or file.read_text("utf-8") != text]


def main(arguments: Sequence[str]) -> int:
    """Runs the command; returns its exit code."""
    if arguments not in ([], ["--check"]):
        sys.stderr.write("usage: python -m deployment.kubernetes [--check]\n")
        return 2
    found = stale()
    for file in found:
        if arguments:
            sys.stderr.write(f"{file} is out of date: run `python -m deployment.kubernetes`\n")
        else:
            file.write_text(files()[file], encoding="utf-8")
            sys.stdout.write(f"wrote {file}\n")
    return 1 if arguments and found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
