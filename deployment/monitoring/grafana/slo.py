"""The error budgets: how much is left, and how fast it burns in the windows that the alerts look at."""

from __future__ import annotations

from deployment.monitoring.grafana.model import Board, Kind, Limit, Panel, Query, Row, Unit

_WINDOWS = ("5m", "30m", "1h", "6h", "3d")


def _burn(record: str, budget: str) -> tuple[Query, ...]:
    return tuple(Query(f"{record}{window} / {budget}", window) for window in _WINDOWS)


def _row(title: str, what: str, record: str, budget: str) -> Row:
    """The panels of one SLO; `budget` is the share that may be bad."""
    return Row(
        title,
        (
            Panel(
                f"{title}：三天內達成率",
                f"{what}（最近三天）。",
                Unit.SHARE,
                (Query(f"1 - {record}3d", "達成率"),),
                kind=Kind.STAT,
                width=6,
            ),
            Panel(
                f"{title}：燃燒速度",
                "錯誤預算的消耗倍數；1 代表一個月剛好用完。"
                "1h 超過 14.4、6h 超過 6 立即處理，3d 超過 1 排入工作。",
                Unit.COUNT,
                _burn(record, budget),
                width=18,
                limits=(Limit(1, "yellow"), Limit(6, "orange"), Limit(14.4, "red")),
            ),
        ),
    )


_TRAFFIC = Row(
    "樣本數",
    (
        Panel(
            "請求數",
            "各時間窗內的請求數；太少時不告警，以免一次錯誤就算事故。",
            Unit.COUNT,
            tuple(Query(f"xiongichat:requests:increase{w}", w) for w in ("1h", "6h", "3d")),
        ),
        Panel(
            "聊天回覆數",
            "各時間窗內的聊天回覆數。",
            Unit.COUNT,
            tuple(Query(f"xiongichat:chat_requests:increase{w}", w) for w in ("1h", "6h", "3d")),
        ),
        Panel(
            "每秒請求數",
            "五分鐘平均的請求率；不含健康檢查與不存在的路徑。",
            Unit.REQUESTS,
            (Query("xiongichat:requests:rate5m", "請求"),),
        ),
        Panel(
            "緩慢請求比例",
            "各路由超過目標時間的比例：聊天 10 秒，其他 1 秒。超過 5 % 即告警。",
            Unit.SHARE,
            (Query("path:xiongichat_slow_requests:ratio_rate5m", "{{path}}"),),
            limits=(Limit(0.05, "red"),),
        ),
    ),
)

BOARD = Board(
    "xiongichat-slo",
    "服務水準",
    "可用性 99.5 %，聊天 95 % 在 10 秒內：還剩多少錯誤預算，消耗得多快。",
    "xiongichat-api",
    (
        _row(
            "可用性",
            "未以 5xx 或備用安全回覆作答的比例",
            "xiongichat:availability_errors:ratio_rate",
            "0.005",
        ),
        _row("回應速度", "聊天在 10 秒內回覆的比例", "xiongichat:latency_errors:ratio_rate", "0.05"),
        _TRAFFIC,
    ),
)
