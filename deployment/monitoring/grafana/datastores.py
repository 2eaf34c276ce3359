"""The data stores, and what waits for them."""

from __future__ import annotations

from deployment.monitoring.grafana.model import SELECTED, Board, Limit, Panel, Query, Row, Unit
from deployment.monitoring.grafana.overview import rows_touched

_TRANSACTIONS = f"rate(xiongichat_database_transactions_total{{{SELECTED}}}[$__rate_interval])"

_DATABASE = (
    Panel(
        "連線數",
        "資料庫伺服器已用連線佔上限的比例（全部資料庫合計）；超過 80 % 即告警。",
        Unit.SHARE,
        (Query("xiongichat:database_connections:ratio", "已用"),),
        limits=(Limit(0.8, "red"),),
    ),
    Panel(
        "連線池",
        "每個執行個體自己的連線池：使用中、大小、等待中。有人等待即告警。",
        Unit.COUNT,
        (
            Query(
                f"max by (instance) (xiongichat_database_pool_in_use{{{SELECTED}}})", "{{instance}} 使用中"
            ),
            Query(f"max by (instance) (xiongichat_database_pool_size{{{SELECTED}}})", "{{instance}} 大小"),
            Query(f"max by (instance) (xiongichat_database_pool_waiters{{{SELECTED}}})", "{{instance}} 等待"),
        ),
    ),
    rows_touched(),
    Panel(
        "交易",
        "每秒結束的交易，依結果；回復（rolled_back）變多代表有錯誤。",
        Unit.ROWS,
        (Query(f"max by (outcome) ({_TRANSACTIONS})", "{{outcome}}"),),
    ),
    Panel(
        "資料庫大小",
        "服務資料庫佔用的磁碟空間。",
        Unit.BYTES,
        (Query(f"max(xiongichat_database_size_bytes{{{SELECTED}}})", "大小"),),
    ),
    Panel(
        "磁碟剩餘空間",
        "各磁碟剩餘比例；低於 15 % 警告，低於 5 % 緊急。",
        Unit.SHARE,
        (Query("volume:xiongichat_disk_free:ratio", "{{volume}}"),),
    ),
)

_CACHE = (
    Panel(
        "快取記憶體",
        "快取已用記憶體佔上限的比例；超過 90 % 即告警。沒有上限時沒有資料。",
        Unit.SHARE,
        (Query("xiongichat:cache_memory:ratio", "已用"),),
        limits=(Limit(0.9, "red"),),
    ),
    Panel(
        "快取用量",
        "快取使用的記憶體。",
        Unit.BYTES,
        (
            Query(f"max(xiongichat_cache_memory_bytes{{{SELECTED}}})", "已用"),
            Query(f"max(xiongichat_cache_memory_limit_bytes{{{SELECTED}}})", "上限"),
        ),
    ),
    Panel(
        "暫存訊息",
        "資料庫連不上時寫在本機磁碟、等待寫回的訊息數；應回到 0。",
        Unit.COUNT,
        (Query(f"sum(xiongichat_spooled_messages{{{SELECTED}}})", "等待中"),),
        limits=(Limit(1, "orange"),),
    ),
    Panel(
        "遺失的訊息",
        "資料庫與本機磁碟都存不下的訊息；任何一件都要處理。",
        Unit.COUNT,
        (
            Query(
                f"sum(round(increase(xiongichat_spool_failures_total{{{SELECTED}}}[$__rate_interval])))",
                "遺失",
            ),
        ),
        limits=(Limit(1, "red"),),
    ),
)

BOARD = Board(
    "xiongichat-datastores",
    "資料庫與快取",
    "資料庫、快取，以及等待它們的訊息。",
    "xiongichat-api",
    (Row("資料庫", _DATABASE), Row("快取與暫存", _CACHE)),
)
