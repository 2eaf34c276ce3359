"""Names as keys of a ConfigMap, and that every kind of record is made before `watch` needs it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

import xiong
from xiong.platforms.kubernetes.records import KINDS, _key, _name, map_name

MODULES = sorted(Path(xiong.__file__).parent.rglob("*.py"))


@given(st.text(st.characters(codec="utf-8"), min_size=1, max_size=40))
def test_any_name_is_a_key_that_the_api_server_takes_and_is_read_back(name: str) -> None:
    assert re.fullmatch(r"[-._A-Za-z0-9]+", _key(name))
    assert _name(_key(name)) == name


@given(st.text(max_size=10), st.text(max_size=10))
def test_two_names_never_share_a_key(one: str, other: str) -> None:
    assert (_key(one) == _key(other)) == (one == other)


def test_the_names_of_times_and_releases_stay_readable() -> None:
    assert _key("0.1.0-3f9a1c2b7d4e") == "0.1.0-3f9a1c2b7d4e"


def test_every_kind_that_is_written_anywhere_is_known() -> None:
    trees = [(file.stem, ast.parse(file.read_text())) for file in MODULES]
    elsewhere = {
        f"{module}.{name}": text for module, tree in trees for name, text in named_texts(tree).items()
    }
    found = {kind for _, tree in trees for kind in kinds_written(tree, elsewhere)}

    assert found == set(KINDS)
    assert all(re.fullmatch(r"[-a-z]+", map_name(kind)) for kind in KINDS)


def kinds_written(tree: ast.Module, elsewhere: dict[str, str]) -> Iterator[str]:
    """The first argument of every `records.write(…)` of a module."""
    known = elsewhere | named_texts(tree)
    for call in ast.walk(tree):
        if isinstance(call, ast.Call) and re.search(r"records\.write$", ast.unparse(call.func)):
            first = call.args[0]
            kind = (
                first.value if isinstance(first, ast.Constant) else known.get(ast.unparse(first).lstrip("*"))
            )
            if isinstance(kind, str):
                yield kind


def named_texts(tree: ast.Module) -> dict[str, str]:
    """{name: its text, or the first of its texts} of what a module names at its top."""
    found = {}
    for node in tree.body:
        if isinstance(node, ast.Assign):
            several = isinstance(node.targets[0], ast.Tuple) and isinstance(node.value, ast.Tuple)
            names = node.targets[0].elts if several else node.targets
            values = node.value.elts if several else [node.value]
            for name, value in zip(names, values, strict=True):
                first = value.elts[0] if isinstance(value, ast.Tuple) and value.elts else value
                if isinstance(first, ast.Constant) and isinstance(first.value, str):
                    found[ast.unparse(name)] = first.value
    return found
