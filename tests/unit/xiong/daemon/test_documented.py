"""The page about the daemon lists its metrics, steps and settings, and nothing besides."""

import re
from pathlib import Path

import pytest

from xiong.config.settings import Settings
from xiong.daemon.cycle import LOOK
from xiong.daemon.exporter import Exporter
from xiong.daemon.watch import Parts, parts_for, steps_for
from xiong.platforms.registry import platform_for
from xiong.tools.clock import SystemClock

PAGE = (Path(__file__).parents[4] / "docs" / "reference" / "monitoring-local.md").read_text(encoding="utf-8")


@pytest.fixture
async def parts(tmp_path) -> Parts:
    """Those of a daemon that has not looked at anything yet."""
    settings = Settings.model_validate({"state": tmp_path / "state"})
    async with parts_for(platform_for(settings), settings, SystemClock(), print) as made:
        yield made


def rows(after: str) -> list[list[str]]:
    """The cells of the first table after a heading."""
    table = re.search(r"^\|.*\n\|[-|]+\n((?:\|.*\n)+)", PAGE.partition(after)[2], re.MULTILINE)
    assert table
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table[1].splitlines()]


async def test_every_metric_is_listed_with_its_type_and_labels(parts):
    exporter = Exporter(("APIDown",), ("look",))
    shown = {}
    for family in (family for one in (exporter, *parts.metrics) for family in one.collect()):
        name = f"{family.name}_total" if family.type == "counter" else family.name
        labels = {label for sample in family.samples for label in sample.labels}
        shown[name] = (family.type, labels)

    listed = {r[0].strip("`"): (r[1], set(re.findall(r"`(\w+)`", r[2]))) for r in rows("### Its metrics")}

    certificate = {"xiong_certificate_expiry_timestamp_seconds"}  # absent without HTTPS
    assert set(listed) == set(shown) | certificate
    without_children = {"xiong_release_info", "xiong_disk_free_bytes", "xiong_disk_size_bytes"}
    for name in set(shown) - without_children:
        assert listed[name] == shown[name], name


async def test_every_step_of_a_cycle_is_listed(parts):
    listed = [row[0].strip("`") for row in rows("## xiong watch")]

    assert listed == [LOOK, *(step.name for step in steps_for(parts))]
