"""Makes Grafana's JSON (classic model) of a `Board`; called by `deployment.monitoring`.

No data source is named: `$datasource` is chosen on the page. Boards are read-only there, since the next
release would overwrite what somebody changed by hand.
"""

from __future__ import annotations

import json
from collections.abc import Callable

from grafana_foundation_sdk.builders import common as options
from grafana_foundation_sdk.builders import dashboard as builders
from grafana_foundation_sdk.builders import piechart, prometheus, stat, timeseries
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models import common, dashboard
from grafana_foundation_sdk.models.piechart import PieChartType

from deployment.monitoring.grafana.model import Board, Kind, Panel, Query, Row, Unit

_SOURCE = dashboard.DataSourceRef(type_val="prometheus", uid="${datasource}")
_HEIGHT = 8
_TAG = "xiongichat"
_ALL = dashboard.VariableOption(selected=True, text=["All"], value=["$__all"])
# the value of the series is the moment of the deploy, so the mark stands there and not at the scrape
_DEPLOYS = {
    "expr": 'xiong_release_info{job="xiong-watch"} * on () group_left () '
    '(max(xiong_last_deploy_timestamp_seconds{job="xiong-watch"}) > 0) * 1000',
    "step": "60s",
    "titleFormat": "部署",
    "textFormat": "{{release}}",
    "useValueForTime": True,
}

_Drawn = timeseries.Panel | stat.Panel | piechart.Panel


def text(board: Board) -> str:
    """Returns the file of a dashboard."""
    made = json.loads(json.dumps(_builder(board).build(), cls=JSONEncoder))
    for number, panel in enumerate(made["panels"], start=1):
        panel["id"] = number
    made["annotations"]["list"] = [mark | _DEPLOYS for mark in made["annotations"]["list"]]
    return json.dumps(made, ensure_ascii=False, indent=2, sort_keys=True) + "\n"


def _builder(board: Board) -> builders.Dashboard:
    made = (
        builders.Dashboard(board.title)
        .uid(board.uid)
        .description(board.description)
        .tags([_TAG])
        .readonly()
        .timezone("browser")
        .time("now-6h", "now")
        .refresh("30s")
        .tooltip(dashboard.DashboardCursorSync.CROSSHAIR)
        .annotation(
            builders.AnnotationQuery().name("部署").datasource(_SOURCE).enable(True).icon_color("blue")
        )
        .link(
            builders.DashboardLink("雄i聊")
            .type(dashboard.DashboardLinkType.DASHBOARDS)
            .tags([_TAG])
            .as_dropdown(True)
            .keep_time(True)
            .include_vars(True)
        )
        .with_variable(builders.DatasourceVariable("datasource").label("Data source").type("prometheus"))
        .with_variable(_variable("job", "Job", f'label_values(up{{job=~"{board.jobs}"}}, job)'))
        .with_variable(_variable("instance", "Instance", 'label_values(up{job=~"$job"}, instance)'))
    )
    for row in board.rows:
        _add(made, row)
    return made


def _variable(name: str, label: str, query: str) -> builders.QueryVariable:
    return (
        builders.QueryVariable(name)
        .label(label)
        .datasource(_SOURCE)
        .query(query)
        .refresh(dashboard.VariableRefresh.ON_TIME_RANGE_CHANGED)
        .sort(dashboard.VariableSort.ALPHABETICAL_ASC)
        .multi(True)
        .include_all(True)
        .all_value(".+")
        .current(_ALL)
    )


def _add(made: builders.Dashboard, row: Row) -> None:
    made.with_row(builders.Row(row.title))
    for panel in row.panels:
        made.with_panel(_panel(panel))


def _panel(panel: Panel) -> _Drawn:
    drawn = _DRAW[panel.kind]()
    drawn.title(panel.title).description(panel.description).unit(panel.unit.value)
    drawn.datasource(_SOURCE).span(panel.width).height(_HEIGHT)
    for ref, query in zip("ABCDEFGH", panel.queries, strict=False):
        drawn.with_target(_target(ref, query, at_once=panel.kind is Kind.PIE))
        if query.unit is not None:
            drawn.override_by_query(ref, _on_the_right(query.unit))
    steps = [dashboard.Threshold(value=None, color="green")]
    steps += [dashboard.Threshold(value=limit.value, color=limit.color) for limit in panel.limits]
    drawn.thresholds(builders.ThresholdsConfig().mode(dashboard.ThresholdsMode.ABSOLUTE).steps(steps))
    return drawn


def _target(ref: str, query: Query, at_once: bool) -> prometheus.Dataquery:
    target = (
        prometheus.Dataquery().ref_id(ref).expr(query.expr).legend_format(query.legend).datasource(_SOURCE)
    )
    return target.instant() if at_once else target.range()


def _on_the_right(unit: Unit) -> list[dashboard.DynamicConfigValue]:
    placement = common.AxisPlacement.RIGHT.value
    return [
        dashboard.DynamicConfigValue(id_val="unit", value=unit.value),
        dashboard.DynamicConfigValue(id_val="custom.axisPlacement", value=placement),
    ]


def _lines() -> timeseries.Panel:
    legend = (
        options.VizLegendOptions()
        .display_mode(common.LegendDisplayMode.LIST)
        .placement(common.LegendPlacement.BOTTOM)
        .show_legend(True)
    )
    tooltip = options.VizTooltipOptions().mode(common.TooltipDisplayMode.MULTI)
    return timeseries.Panel().legend(legend).tooltip(tooltip).line_width(1).fill_opacity(8)


def _stack() -> timeseries.Panel:
    return _lines().stacking(options.StackingConfig().mode(common.StackingMode.NORMAL)).fill_opacity(40)


def _stat() -> stat.Panel:
    return stat.Panel().reduce_options(_last()).graph_mode(common.BigValueGraphMode.AREA)


def _pie() -> piechart.Panel:
    return piechart.Panel().pie_type(PieChartType.DONUT).reduce_options(_last())


def _last() -> options.ReduceDataOptions:
    return options.ReduceDataOptions().calcs(["lastNotNull"]).values(False)


_DRAW: dict[Kind, Callable[[], _Drawn]] = {
    Kind.LINES: _lines,
    Kind.STACK: _stack,
    Kind.STAT: _stat,
    Kind.PIE: _pie,
}
