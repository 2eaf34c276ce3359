"""What Prometheus and Alertmanager of one machine read: settings, rules, and where everybody answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from urllib.parse import quote

import orjson
import yaml

from xiong.config.settings import Settings
from xiong.platforms import shipped
from xiong.platforms.onehost.layout import Layout
from xiong.tools import files

HOOK = "/alerts/"


def prometheus_texts(settings: Settings, layout: Layout, name: str) -> dict[Path, bytes]:
    """{file: its text} of the shipped configuration of that name, and of all rules."""
    document = shipped.load(shipped.folder() / "prometheus" / name)
    own = shipped.with_runbooks(document, settings.monitoring.runbooks_url)
    texts = {layout.monitoring / "prometheus.yml": yaml.safe_dump(own, sort_keys=False).encode()}
    rules = layout.monitoring / "rules"
    return texts | {rules / file.name: file.read_bytes() for file in shipped.rule_files()}


def put_rules(layout: Layout, texts: Mapping[Path, bytes]) -> None:
    """Writes them; rules that no longer ship go."""
    put(texts)
    for stray in set((layout.monitoring / "rules").glob("*.yml")) - set(texts):
        stray.unlink()


def alertmanager_text(hook: str) -> bytes:
    """The shipped routes, with every receiver below that address."""
    document = shipped.load(shipped.folder() / "alertmanager" / "alertmanager.yml")
    own = shipped.with_receivers(document, lambda name: f"{hook}{quote(name, safe='')}")
    return yaml.safe_dump(own, sort_keys=False, allow_unicode=True).encode()


def write_targets(layout: Layout, found: Mapping[str, Sequence[tuple[str, str]]]) -> None:
    """Writes where Prometheus finds each instance; a file whose content stands already is left alone.

    The release is no label of a target: every series would begin anew with each deploy. It is read from
    `xiongichat_build_info`.

    Args:
        layout: of the copy.
        found: {job: (address, instance) of each target}.
    """
    for job, targets in found.items():
        named = [
            {"targets": [address], "labels": {"instance": name}}
            for address, name in sorted(targets, key=_name)
        ]
        document = orjson.dumps(named, option=orjson.OPT_INDENT_2)
        put({layout.monitoring / "targets" / f"{job}.json": document})


def put(texts: Mapping[Path, bytes]) -> None:
    """Writes what differs."""
    for file, text in texts.items():
        if not file.is_file() or file.read_bytes() != text:
            files.write_atomic(file, text, mode=0o644)


def _name(target: tuple[str, str]) -> str:
    return target[1]
