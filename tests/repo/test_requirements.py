"""The lock files name packages, versions and hashes, and nothing else."""

from __future__ import annotations

import re
import tomllib

import pytest

from repo import tree

LOCKS = ("run", "dev", "service", "bench", "uv")


def entries(lock: str) -> dict[str, tuple[str, frozenset[str]]]:
    """{package: (version, hashes)} of a lock file."""
    text = re.sub(r"^\s*#.*\n", "", tree.read(f"requirements/{lock}.txt"), flags=re.MULTILINE)
    found = {}
    for entry in re.split(r"\n(?=\S)", text.replace("\\\n", " ").strip()):
        pin = re.match(r"([\w.\-]+(?:\[[\w,\-]+\])?)==([^\s;]+)", entry)
        assert pin, f"{lock}.txt: no pin in {entry[:60]!r}"
        found[pin[1]] = (pin[2], frozenset(re.findall(r"--hash=sha256:([0-9a-f]{64})\b", entry)))
    return found


@pytest.mark.parametrize("lock", LOCKS)
def test_every_locked_package_has_a_hash(lock):
    assert [name for name, (_, hashes) in entries(lock).items() if not hashes] == []


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_file_holds_no_address(lock):
    text = tree.read(f"requirements/{lock}.txt")

    assert "://" not in text
    assert re.findall(r"^\s*--?[a-z-]+", re.sub(r"--hash=\S+", "", text), re.MULTILINE) == []


def test_uv_is_pinned_once():
    assert list(entries("uv")) == ["uv"]
    assert entries("uv")["uv"] == entries("run")["uv"]


def test_the_tests_run_against_what_is_installed():
    run, dev = entries("run"), entries("dev")

    assert {name for name in run if dev.get(name) != run[name]} == set()


def test_every_dependency_of_the_project_is_locked():
    project = tomllib.loads(tree.read("pyproject.toml"))
    wanted = {
        "run": project["project"]["dependencies"],
        "dev": project["project"]["dependencies"] + project["dependency-groups"]["dev"],
    }
    for lock, lines in wanted.items():
        locked = {re.sub(r"\[.*", "", name).lower() for name in entries(lock)}
        names = {re.match(r"[\w.\-]+", line)[0].lower() for line in lines}
        assert names - locked == set(), lock


def test_lock_files_that_record_addresses_stay_out():
    assert [n for n in ("uv.lock", "pylock.toml", "poetry.lock") if (tree.ROOT / n).exists()] == []
