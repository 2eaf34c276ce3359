"""Kibana's objects: a view of the log, three searches that people on duty need, a page of all three."""

from __future__ import annotations

import json
from typing import Any

_VIEW = "xiongichat-logs"
_COLUMNS = ["log.level", "instance", "event.action", "message", "trace.id"]
_SEARCHES = {
    "xiongichat-errors": ("XiongiChat 錯誤日誌", "log.level: (error or critical)"),
    "xiongichat-risk": ("XiongiChat 高風險事件", "xiongichat.risk_level: (HIGH or IMMINENT)"),
    "xiongichat-request": ("XiongiChat 單一請求", "trace.id: *"),
}


def objects() -> str:
    """One JSON object a line, as Kibana imports them (8.19)."""
    view = _object(
        "index-pattern",
        _VIEW,
        {"title": "logs-xiongichat-*", "name": "XiongiChat", "timeFieldName": "@timestamp"},
        [],
    )
    found = [view, *(_search(name, *told) for name, told in _SEARCHES.items()), _dashboard()]
    return "".join(json.dumps(one, ensure_ascii=False, sort_keys=True) + "\n" for one in found)


def _search(name: str, title: str, query: str) -> dict[str, Any]:
    source: dict[str, Any] = {
        "query": {"query": query, "language": "kuery"},
        "filter": [],
        "indexRefName": "kibanaSavedObjectMeta.searchSourceJSON.index",
    }
    attributes = {
        "title": title,
        "columns": _COLUMNS,
        "sort": [["@timestamp", "desc"]],
        "kibanaSavedObjectMeta": {"searchSourceJSON": json.dumps(source)},
    }
    reference = {"id": _VIEW, "name": source["indexRefName"], "type": "index-pattern"}
    return _object("search", name, attributes, [reference])


def _dashboard() -> dict[str, Any]:
    panels = [
        {
            "type": "search",
            "panelIndex": str(number),
            "panelRefName": f"panel_{number}",
            "gridData": {"x": 0, "y": 15 * number, "w": 48, "h": 15, "i": str(number)},
            "embeddableConfig": {},
        }
        for number in range(len(_SEARCHES))
    ]
    attributes = {
        "title": "XiongiChat 日誌",
        "timeRestore": True,
        "timeFrom": "now-24h",
        "timeTo": "now",
        "optionsJSON": json.dumps({"hidePanelTitles": False}),
        "panelsJSON": json.dumps(panels),
        "kibanaSavedObjectMeta": {
            "searchSourceJSON": json.dumps({"query": {"query": "", "language": "kuery"}, "filter": []})
        },
    }
    references = [
        {"id": name, "name": f"{number}:panel_{number}", "type": "search"}
        for number, name in enumerate(_SEARCHES)
    ]
    return _object("dashboard", "xiongichat-logs", attributes, references)


def _object(
    kind: str, name: str, attributes: dict[str, Any], references: list[dict[str, str]]
) -> dict[str, Any]:
    return {
        "type": kind,
        "id": name,
        "attributes": attributes,
        "references": references,
        "managed": False,
        "coreMigrationVersion": "8.8.0",
    }
