"""How each alert is provoked: by the input series of the promtool case in which it fires.

The cases lie beside the rules, so an alert without one is a gap, and none is provoked in two ways.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from xiong.operations.prove import scaling
from xiong.operations.prove.series import Series, parse
from xiong.platforms import shipped


@dataclass(frozen=True)
class Alert:
    """One alerting rule.

    Attributes:
        name: of the alert; several rules may share it.
        labels: that the rule gives.
        expr: as written.
    """

    name: str
    labels: dict[str, str]
    expr: str

    @property
    def title(self) -> str:
        """As it stands in the matrix."""
        told = [self.labels[key] for key in ("severity", "window") if key in self.labels]
        return f"{self.name} ({', '.join(told)})"

    def made(self, labels: dict[str, str]) -> bool:
        """Whether an alert with these labels came from this rule."""
        named = {**self.labels, "alertname": self.name}
        return all(labels.get(key) == value for key, value in named.items())


@dataclass(frozen=True)
class Scenario:
    """A provocation.

    Attributes:
        case: name of the promtool case.
        interval: seconds from one sample to the next.
        fires_at: when the case expects the alert, in seconds from its beginning.
        series: what the exporters show.
    """

    case: str
    interval: float
    fires_at: float
    series: tuple[Series, ...]


def alerts() -> list[Alert]:
    """All alerting rules, in the order of the files."""
    found = [rule for group in shipped.groups() for rule in group["rules"] if "alert" in rule]
    return [Alert(r["alert"], dict(r.get("labels", {})), r["expr"]) for r in found]


def recorded() -> dict[str, str]:
    """{name: expression} of the recording rules."""
    rules = [rule for group in shipped.groups() for rule in group["rules"] if "record" in rule]
    return {rule["record"]: rule["expr"] for rule in rules}


def scenario_for(alert: Alert) -> Scenario | None:
    """The case that provokes it soonest; one in which it fires alone comes first: nothing inhibits it."""
    found = sorted(_firing(alert), key=lambda entry: entry[:2])
    if not found:
        return None
    _, fires_at, case = found[0]
    series = tuple(parse(one["series"], one["values"]) for one in case["input_series"])
    return Scenario(case.get("name", ""), scaling.seconds(case["interval"]), fires_at, series)


def _firing(alert: Alert) -> Iterator[tuple[int, float, dict[str, Any]]]:
    """(how many rules of that name fire, when, case)."""
    for file in sorted((shipped.folder() / "prometheus" / "tests").glob("*.yml")):
        for case in shipped.load(file)["tests"]:
            for check in case.get("alert_rule_test", []):
                expected = check.get("exp_alerts") or []
                labels = [{**one["exp_labels"], "alertname": check["alertname"]} for one in expected]
                if any(alert.made(one) for one in labels):
                    yield len(expected), scaling.seconds(check["eval_time"]), case
