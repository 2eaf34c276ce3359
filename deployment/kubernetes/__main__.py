"""`python -m deployment.kubernetes [--check]`: writes what is made from other files, the monitoring's first.

Kustomize reads no file outside its own folder, so the rules lie here again: as files for the component
prometheus, and as one PrometheusRule for the component monitoring. Then Kustomize (`kustomize` or `kubectl`)
puts each overlay together in `rendered/`, which `xiong` applies without it; each names the digest of what it
was made from, so that one that is stale is found also where there is no Kustomize. `--check` writes nothing
and says which are stale; tests/deployment/kubernetes checks. Exit code 0: every file is as its source; 1:
`--check` found one that is not, or there is no Kustomize to make one; 2: wrong usage.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import yaml

HERE = Path(__file__).resolve().parent
PROMETHEUS = HERE.parent / "monitoring" / "prometheus"
_HEAD = (
    "# Made by `python -m deployment.kubernetes` from deployment/monitoring/prometheus: change it there.\n"
)
RENDERED = HERE / "rendered"
_SOURCES = ("base", "components", "jobs", "overlays")
_HEAD_RENDERED = (
    "# Made by `python -m deployment.kubernetes` from base/, components/ and overlays/: change it there.\n"
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


def kustomize() -> list[str]:
    """The command that puts an overlay together; empty where there is none."""
    if program := shutil.which("kustomize"):
        return [program, "build"]
    return [program, "kustomize"] if (program := shutil.which("kubectl")) else []


def digest() -> str:
    """Of everything that the rendered files are made from."""
    found = hashlib.sha256()
    for file in sorted(path for part in _SOURCES for path in (HERE / part).rglob("*") if path.is_file()):
        found.update(f"{file.relative_to(HERE)}\0".encode() + file.read_bytes() + b"\0")
    return found.hexdigest()[:16]


def targets() -> list[Path]:
    """The rendered files: one for each overlay, and the migration's Job beside them."""
    overlays = sorted(folder.name for folder in (HERE / "overlays").iterdir() if folder.is_dir())
    return [RENDERED / f"{name}.yaml" for name in (*overlays, "migrate")]


def rendered(target: Path, command: Sequence[str]) -> str:
    """What a rendered file must hold."""
    head = f"{_HEAD_RENDERED}# sources: {digest()}\n"
    if target.name == "migrate.yaml":
        return head + (HERE / "jobs" / "migrate.yaml").read_text(encoding="utf-8")
    overlay = str(HERE / "overlays" / target.stem)
    return head + subprocess.run([*command, overlay], capture_output=True, text=True, check=True).stdout


def stale() -> list[Path]:
    """The files that are not what their source says."""
    return [file for file, text in files().items() if _text(file) != text] + stale_renderings()


def stale_renderings() -> list[Path]:
    """The rendered files that were made from something else, or are not all of what it gives."""
    command, told = kustomize(), f"# sources: {digest()}\n"
    found = []
    for target in targets():
        text = _text(target)
        # Versions of Kustomize differ in how they write the same objects.
        same = told in text and (not command or _objects(text) == _objects(rendered(target, command)))
        found += [] if same else [target]
    return found


def _objects(text: str) -> list[object]:
    return list(yaml.load_all(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)))


def _text(file: Path) -> str:
    return file.read_text(encoding="utf-8") if file.is_file() else ""


def _write(file: Path, text: str) -> None:
    file.parent.mkdir(exist_ok=True)
    file.write_text(text, encoding="utf-8")
    sys.stdout.write(f"wrote {file}\n")


def _make() -> int:
    for file, text in files().items():
        if _text(file) != text:
            _write(file, text)
    # Only now, since Kustomize reads those.
    left, command = stale_renderings(), kustomize()
    if left and not command:
        sys.stderr.write(f"{left[0]} is out of date, and neither kustomize nor kubectl is on PATH\n")
        return 1
    for target in left:
        _write(target, rendered(target, command))
    return 0


def main(arguments: Sequence[str]) -> int:
    """Runs the command; returns its exit code."""
    if arguments not in ([], ["--check"]):
        sys.stderr.write("usage: python -m deployment.kubernetes [--check]\n")
        return 2
    if not arguments:
        return _make()
    found = stale()
    for file in found:
        sys.stderr.write(f"{file} is out of date: run `python -m deployment.kubernetes`\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
