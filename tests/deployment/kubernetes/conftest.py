"""What the tests of the manifests share: combinations of base, components and overlays, built."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

FOLDER = Path(__file__).parents[3] / "deployment" / "kubernetes"
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
Objects = list[dict[str, Any]]


def _kustomize() -> list[tuple[str, ...]]:
    """The command that builds; none: what asks for it is counted as not run."""
    if kustomize := shutil.which("kustomize"):
        return [(kustomize, "build")]
    return [(kubectl, "kustomize")] if (kubectl := shutil.which("kubectl")) else []


@cache
def _built(command: tuple[str, ...], combination: str) -> str:
    """`overlay+component+component`; the overlay may be `base`."""
    root, *components = combination.split("+")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name).resolve()
        base = "base" if root == "base" else f"overlays/{root}"
        kustomization = {
            "apiVersion": "kustomize.config.k8s.io/v1beta1",
            "kind": "Kustomization",
            "namespace": "xiongichat-staging" if root == "staging" else "xiongichat",
            "resources": [os.path.relpath(FOLDER / base, folder)],
            "components": [os.path.relpath(FOLDER / "components" / one, folder) for one in components],
        }
        (folder / "kustomization.yaml").write_text(yaml.safe_dump(kustomization))
        done = subprocess.run(
            [*command, str(folder)], capture_output=True, text=True, timeout=60, check=False
        )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="session", params=_kustomize(), ids=lambda command: Path(command[0]).name)
def build(request: pytest.FixtureRequest) -> Callable[[str], Objects]:
    """Gives the objects of a combination."""

    def objects(combination: str) -> Objects:
        text = _built(request.param, combination)
        return list(yaml.load_all(text, Loader=_LOADER))

    return objects


@pytest.fixture
def job() -> dict[str, Any]:
    """The shipped migration job, read anew."""
    return yaml.safe_load((FOLDER / "jobs" / "migrate.yaml").read_text())
