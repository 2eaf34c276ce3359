"""What the code offers is in the reference pages, and what they list is in the code."""

from __future__ import annotations

import ast
import re

import typer
from prometheus_client import CollectorRegistry
from prometheus_client.metrics import MetricWrapperBase

from api.metrics import BUCKETS, Metrics
from api.replies.metrics import ModelMetrics
from api.risk.second_opinion import OpinionMetrics
from api.vitals import Vitals
from repo import commands, rules, tree
from xiong import errors
from xiong.cli.main import app
from xiong.config.settings import Section, Settings
from xiong.errors import ExitCode
from xiong.operations.backup.keys import MORE_IDENTITIES

REFERENCE = "docs/reference"


def setting_paths() -> set[str]:
    """Every setting as it stands in a file: section.name."""
    found = set()
    for name, field in Settings.model_fields.items():
        inner = field.annotation
        if isinstance(inner, type) and issubclass(inner, Section):
            found |= {f"{name}.{key}" for key in inner.model_fields}
        else:
            found.add(name)
    return found


def environment_names() -> set[str]:
    """The names that the service's settings read."""
    tree_of = ast.parse(tree.read("src/api/settings.py"))
    calls = [n for n in ast.walk(tree_of) if isinstance(n, ast.Call) and n.args]
    words = {n.args[0].value for n in calls if isinstance(n.args[0], ast.Constant)}
    return {w.removesuffix("_FILE") for w in words if isinstance(w, str) and re.fullmatch(r"[A-Z][A-Z_]+", w)}


def metric_rows() -> dict[str, tuple[str, tuple[str, ...]]]:
    """{name: (type, labels)} of the service's own metrics."""
    service = Metrics("0", "0").registry
    model = CollectorRegistry()
    ModelMetrics(model)
    OpinionMetrics(model)
    found = {}
    for registry in (service, model):
        for collector in registry._collector_to_names:
            if isinstance(collector, MetricWrapperBase):
                name = collector._name + ("_total" if collector._type == "counter" else "")
                found[name] = (collector._type, tuple(collector._labelnames))
    for family in Vitals.describe():
        name = family.name + ("_total" if family.type == "counter" else "")
        found[name] = (family.type, tuple(getattr(family, "_labelnames", ())))
    return found


def test_every_verb_and_flag_is_documented():
    page = tree.read(f"{REFERENCE}/cli.md")
    for name, verb in commands.leaves().items():
        section = page.partition(f"## xiong {name}\n")[2].partition("\n## ")[0]
        wanted = {o for p in verb.params for o in p.opts if o.startswith("--") and o != "--help"}
        assert wanted <= set(re.findall(r"--[\w-]+", section)), name


def test_every_verb_is_shown_in_a_page_that_people_read():
    read = "\n".join(tree.read(p) for p in tree.pages() if p.name not in {"cli.md", "json-output.md"})
    assert [verb for verb in commands.leaves() if f"xiong {verb}" not in read] == []


def test_every_setting_is_documented_and_in_the_example():
    rows = {row[0].strip("`") for row in tree.tables(tree.read(f"{REFERENCE}/configuration.md"))}
    example = tree.read("xiong.example.toml")

    assert rows == setting_paths()
    for path in setting_paths():
        assert re.search(rf"^(# )?{path.rpartition('.')[2]} = ", example, re.MULTILINE), path


def test_settings_and_variables_that_pages_name_exist():
    variables = {f"XIONG_{path.replace('.', '__').upper()}" for path in setting_paths()}
    sections = {path.partition(".")[0] for path in setting_paths() if "." in path}
    unknown = []
    for page in tree.pages():
        text = tree.read(page)
        named = set(re.findall(r"\bXIONG_[A-Z_]+[A-Z]\b", text)) - {"XIONG_SECTION__NAME", MORE_IDENTITIES}
        paths = {c for c in tree.inline_code(text) if re.fullmatch(rf"({'|'.join(sections)})\.[a-z_]+", c)}
        paths -= {
            "api.metrics",
            "compose.yaml",
            "paging.yaml",
            "proxy.log",
            "health.json",
            "cache.rdb",
            "database.dump",
        }
        unknown += [f"{tree.named(page)}: {word}" for word in (named - variables) | (paths - setting_paths())]
    assert unknown == []


def test_every_exit_code_and_error_is_documented():
    page = tree.read(f"{REFERENCE}/exit-codes.md")
    kinds = [v for v in vars(errors).values() if isinstance(v, type) and issubclass(v, errors.XiongError)]

    assert all(f"| {int(code)} |" in page for code in ExitCode)
    assert [k.__name__ for k in kinds if k is not errors.XiongError and f"`{k.__name__}`" not in page] == []


def test_every_variable_of_the_service_is_documented_and_none_besides():
    page = tree.read(f"{REFERENCE}/environment.md")
    listed = {row[0].strip("`") for row in tree.tables(page) if re.fullmatch(r"`[A-Z][A-Z_]+`", row[0])}

    assert len(environment_names()) > 10
    assert listed == environment_names()


def test_every_metric_is_documented_with_its_type_and_labels():
    rows = tree.tables(tree.read(f"{REFERENCE}/metrics.md"))
    listed = {row[0].strip("`"): (row[1], tuple(re.findall(r"`(\w+)`", row[2]))) for row in rows}

    assert listed == metric_rows()


def test_the_documented_buckets_are_those_of_the_histogram():
    page = tree.read(f"{REFERENCE}/metrics.md")
    listed = re.search(r"^Buckets of the histogram, in seconds: (.*)\.$", page, re.MULTILINE)

    assert listed is not None
    assert [float(bound) for bound in listed[1].split(", ")] == list(BUCKETS)


def test_hints_name_verbs_that_exist():
    verbs = set(typer.main.get_command(app).commands)
    named = {
        (tree.named(path), verb)
        for path in tree.python("src")
        for hint in re.findall(r'hint=f?"([^"]*)"', path.read_text(encoding="utf-8"))
        for verb in re.findall(r"\bxiong ([a-z]+)\b", hint)
    }

    assert named
    assert {(path, verb) for path, verb in named if verb not in verbs} == set()


def test_the_words_of_the_reference_are_not_vague():
    assert not any(rules.vague(path) for path in setting_paths())
