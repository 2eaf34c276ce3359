"""The first page: the seed's six panels, and what says at a glance whether anything is broken."""

from __future__ import annotations

from deployment.monitoring.grafana.model import SELECTED, Board, Kind, Limit, Panel, Query, Row, Unit

_HTTP = f'{SELECTED},path!="unmatched"'


def _quantile(share: str, name: str) -> Query:
    buckets = f"sum by (le) (rate(http_request_duration_seconds_bucket{{{_HTTP}}}[$__rate_interval]))"
    return Query(f"histogram_quantile({share}, {buckets})", name)


def _share(status: str, name: str) -> Query:
    wanted = f'sum(rate(http_requests_total{{{_HTTP},status=~"{status}"}}[$__rate_interval]))'
    return Query(f"{wanted} / sum(rate(http_requests_total{{{_HTTP}}}[$__rate_interval]))", name)


def rows_touched() -> Panel:
    """資料庫效能, shared with the board of the data stores."""
    every = f"max by (operation) (rate(xiongichat_database_tuples_total{{{SELECTED}}}[$__rate_interval]))"
    return Panel(
        "資料庫效能",
        "資料庫每秒讀取、新增、更新、刪除的列數。各執行個體回報同一台伺服器，故取最大值。",
        Unit.ROWS,
        (Query(every, "{{operation}}"),),
    )


_TRAFFIC = (
    Panel(
        "API QPS",
        "每秒請求數，依路由分列；不含健康檢查、指標抓取與不存在的路徑。",
        Unit.REQUESTS,
        (
            Query(
                f"sum by (method, path) (rate(http_requests_total{{{_HTTP}}}[$__rate_interval]))",
                "{{method}} {{path}}",
            ),
        ),
    ),
    Panel(
        "延遲分佈",
        "全部執行個體合計的回應時間。聊天的目標為 95 % 在 10 秒內，其他路由為 1 秒內。",
        Unit.SECONDS,
        (_quantile("0.5", "P50"), _quantile("0.95", "P95"), _quantile("0.99", "P99")),
        limits=(Limit(10, "red"),),
    ),
    Panel(
        "錯誤率",
        "5xx 與 4xx 佔全部請求的比例。5xx 超過 5 % 即告警。",
        Unit.SHARE,
        (_share("5..", "5xx"), _share("4..", "4xx")),
        limits=(Limit(0.05, "red"),),
    ),
    Panel(
        "活躍使用者",
        "時間窗內寫過訊息的人數，由快取以 HyperLogLog 估計，不記錄任何人的身分。",
        Unit.COUNT,
        (Query(f"max by (window) (xiongichat_active_users{{{SELECTED}}})", "{{window}}"),),
        kind=Kind.STAT,
        width=6,
    ),
    Panel(
        "風險事件",
        "所選時間內各風險等級的訊息數。",
        Unit.COUNT,
        (Query(f"sum by (level) (round(increase(risk_events_total{{{SELECTED}}}[$__range])))", "{{level}}"),),
        kind=Kind.PIE,
        width=6,
    ),
    rows_touched(),
)

_HEALTH = (
    Panel(
        "執行個體",
        "應有與實際回應的執行個體數；兩線分開超過 5 分鐘即告警。",
        Unit.COUNT,
        (Query("xiongichat:replicas_wanted:max", "應有"), Query("xiongichat:replicas_up:sum", "回應中")),
        width=8,
    ),
    Panel(
        "依賴服務",
        "資料庫、快取、語言模型是否至少有一個執行個體連得到。",
        Unit.YES_NO,
        (Query("dependency:xiongichat_dependency_up:max", "{{dependency}}"),),
        width=8,
    ),
    Panel(
        "回覆來源",
        "回覆由誰寫成。備用安全回覆（safe）變多，代表聊天其實壞了，雖然狀態碼仍是 200。",
        Unit.REQUESTS,
        (Query(f"sum by (source) (rate(chat_replies_total{{{SELECTED}}}[$__rate_interval]))", "{{source}}"),),
        kind=Kind.STACK,
        width=8,
    ),
    Panel(
        "語言模型",
        "需要語言模型的訊息，依結果分列。",
        Unit.REQUESTS,
        (
            Query(
                f"sum by (outcome) (rate(model_requests_total{{{SELECTED}}}[$__rate_interval]))",
                "{{outcome}}",
            ),
        ),
        kind=Kind.STACK,
        width=8,
    ),
    Panel(
        "語言模型用量",
        "每秒使用的 token 數。",
        Unit.COUNT,
        (Query(f"sum by (kind) (rate(model_tokens_total{{{SELECTED}}}[$__rate_interval]))", "{{kind}}"),),
        width=8,
    ),
    Panel(
        "記憶體",
        "左軸：每個執行個體佔用的記憶體。右軸：容器或行程用掉其上限的比例，超過 90 % 即告警；"
        "沒有上限者只有左軸。",
        Unit.BYTES,
        (
            Query(f"process_resident_memory_bytes{{{SELECTED}}}", "{{instance}}"),
            Query("instance:xiongichat_memory:ratio", "{{pod}} {{container}} {{instance}} 比例", Unit.SHARE),
        ),
        width=8,
    ),
    Panel(
        "處理中的請求",
        "此刻正在回應的請求數。",
        Unit.COUNT,
        (Query(f"sum(http_requests_in_flight{{{SELECTED}}})", "處理中"),),
        width=12,
    ),
    Panel(
        "CPU",
        "每個執行個體使用的 CPU 核心數。",
        Unit.COUNT,
        (
            Query(
                f"sum by (instance) (rate(process_cpu_seconds_total{{{SELECTED}}}[$__rate_interval]))",
                "{{instance}}",
            ),
        ),
        width=12,
    ),
)

BOARD = Board(
    "xiongichat-overview",
    "雄i聊系統監控",
    "一眼看出服務是否正常：流量、延遲、錯誤、使用者、風險事件與資料庫。",
    "xiongichat-api",
    (Row("流量與風險", _TRAFFIC), Row("健康", _HEALTH)),
)
