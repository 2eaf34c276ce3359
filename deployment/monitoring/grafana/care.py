"""The care path: is anybody in danger, does anybody know, and would a page arrive."""

from __future__ import annotations

from deployment.monitoring.grafana.model import SELECTED, Board, Kind, Limit, Panel, Query, Row, Unit


def _quantiles(metric: str, by: str = "le") -> tuple[Query, ...]:
    buckets = f"sum by ({by}) (rate({metric}_bucket{{{SELECTED}}}[$__rate_interval]))"
    suffix = " {{hop}}" if "hop" in by else ""
    return tuple(
        Query(f"histogram_quantile({share}, {buckets})", f"{name}{suffix}")
        for share, name in (("0.5", "P50"), ("0.95", "P95"))
    )


_NOW = (
    Panel(
        "待接手的通報",
        "尚無人接手的危機通報數。不是 0 就有人在等。",
        Unit.COUNT,
        (Query(f"max by (level) (xiongichat_pages_open{{{SELECTED}}})", "{{level}}"),),
        kind=Kind.STAT,
        width=8,
        limits=(Limit(1, "red"),),
    ),
    Panel(
        "最久的等待",
        "最早一件未接手通報已等待的時間。IMMINENT 超過 5 分鐘、HIGH 超過 15 分鐘即告警；無人等待時沒有資料。",
        Unit.SECONDS,
        (Query("level:xiongichat_oldest_page:age_seconds", "{{level}}"),),
        kind=Kind.STAT,
        width=8,
        limits=(Limit(300, "red"),),
    ),
    Panel(
        "距上次演練成功",
        "演練通報定時走完整條路徑。「距今」高過「上限」（兩次間隔加十分鐘），就沒人知道真的通報是否送得到。",
        Unit.SECONDS,
        (Query("xiongichat:canary:age_seconds", "距今"), Query("xiongichat:canary:limit_seconds", "上限")),
        width=8,
    ),
    Panel(
        "通報程式",
        "通報程式數量、是否以備援方式運作、是否已設定、是否有人值班。",
        Unit.COUNT,
        (
            Query("xiongichat:pagers_up:sum", "執行中"),
            Query(f"max(xiongichat_pager_outage{{{SELECTED}}})", "備援中"),
            Query(f"max(xiongichat_paging_configured{{{SELECTED}}})", "已設定"),
            Query(f"max(xiongichat_on_call{{{SELECTED}}})", "有人值班"),
        ),
    ),
    Panel(
        "各等級風險訊息",
        "每秒判定的訊息數，依風險等級。",
        Unit.REQUESTS,
        (Query(f"sum by (level) (rate(risk_events_total{{{SELECTED}}}[$__rate_interval]))", "{{level}}"),),
    ),
)

_WAY = (
    Panel(
        "通報數",
        "每秒開始的通報，依種類與等級。",
        Unit.REQUESTS,
        (
            Query(
                f"sum by (kind, level) (rate(xiongichat_pages_total{{{SELECTED}}}[$__rate_interval]))",
                "{{kind}} {{level}}",
            ),
        ),
    ),
    Panel(
        "通報送達結果",
        "交給各管道的嘗試，依結果；sent 以外皆為失敗並會重試。",
        Unit.REQUESTS,
        (
            Query(
                "sum by (channel, outcome) "
                f"(rate(xiongichat_page_deliveries_total{{{SELECTED}}}[$__rate_interval])) > 0",
                "{{channel}} {{outcome}}",
            ),
        ),
    ),
    Panel(
        "通報延遲",
        "從訊息送出到第一個管道收下通報的時間；超過一分鐘即告警。",
        Unit.SECONDS,
        _quantiles("xiongichat_page_latency_seconds"),
        limits=(Limit(60, "red"),),
    ),
    Panel(
        "通報路徑各段",
        "placed 到開始處理、queued 到管道、channel 管道本身、receipt 到收件人。",
        Unit.SECONDS,
        _quantiles("xiongichat_page_hop_seconds", "le, hop"),
    ),
    Panel(
        "接手時間",
        "從通報建立到有人接手的時間。",
        Unit.SECONDS,
        _quantiles("xiongichat_page_acknowledge_seconds"),
    ),
    Panel(
        "送達失敗",
        "十五分鐘內各管道失敗的次數。",
        Unit.COUNT,
        (
            Query("channel:xiongichat_page_deliveries_failed:increase15m", "{{channel}} 失敗"),
            Query("channel:xiongichat_page_deliveries_sent:increase15m", "{{channel}} 送達"),
        ),
    ),
)

BOARD = Board(
    "xiongichat-care",
    "關懷路徑",
    "是否有人在危險中、是否有人知道、通報是否送得到。",
    "xiongichat-pager|xiongichat-api",
    (Row("現在", _NOW), Row("通報的路", _WAY)),
)
