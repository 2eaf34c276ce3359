"""Backups, and how commits leave the data folder: a row of the board `deployments`."""

from __future__ import annotations

from deployment.monitoring.grafana.model import SELECTED, Kind, Panel, Query, Unit

BACKUPS = (
    Panel(
        "可能遺失的資料",
        "此刻若遺失資料目錄或整台機器，會失去多久的資料，以及上限；超過上限即告警。",
        Unit.SECONDS,
        (
            Query(f"max(xiong_backup_rpo_seconds{{{SELECTED}}} >= 0)", "資料目錄"),
            Query(f"max(xiong_backup_rpo_stored_seconds{{{SELECTED}}} >= 0)", "整台機器"),
            Query(f"max(xiong_backup_rpo_limit_seconds{{{SELECTED}}})", "上限"),
        ),
    ),
    Panel(
        "備份的年齡",
        "最新一份完好備份距今的時間，以及期限；超過期限即告警。",
        Unit.SECONDS,
        (
            Query(f"time() - max(xiong_backup_last_timestamp_seconds{{{SELECTED}}} > 0)", "最新"),
            Query(f"max(xiong_backup_stale_seconds{{{SELECTED}}})", "期限"),
        ),
    ),
    Panel(
        "備份的大小與耗時",
        "最新一份備份在儲存庫中的大小，以及製作花了多久。",
        Unit.BYTES,
        (
            Query(f"max(xiong_backup_stored_bytes{{{SELECTED}}})", "大小"),
            Query(f"max(xiong_backup_seconds{{{SELECTED}}})", "耗時", Unit.SECONDS),
        ),
    ),
    Panel(
        "備份次數",
        "監看程序製作的備份，依結果與時間。",
        Unit.COUNT,
        (
            Query(
                f"sum by (outcome) (round(increase(xiong_backups_total{{{SELECTED}}}[$__rate_interval])))",
                "{{outcome}}",
            ),
        ),
        kind=Kind.STACK,
    ),
    Panel(
        "交易紀錄的傳送",
        "每秒寫入儲存庫的物件數、等待寫入的位元組，以及距上次傳送的時間；停止兩分鐘即告警。",
        Unit.COUNT,
        (
            Query(f"sum(rate(xiong_backup_log_objects_total{{{SELECTED}}}[$__rate_interval]))", "物件"),
            Query(f"max(xiong_backup_log_waiting_bytes{{{SELECTED}}})", "等待", Unit.BYTES),
            Query(
                f"time() - max(xiong_backup_log_last_pass_timestamp_seconds{{{SELECTED}}} > 0)",
                "距上次",
                Unit.SECONDS,
            ),
        ),
    ),
    Panel(
        "備份失敗",
        "最近一次備份是否失敗、最新一份是否驗證為損壞、交易紀錄是否送不出去；失敗即告警。",
        Unit.YES_NO,
        (
            Query(f"max(xiong_backup_last_failed{{{SELECTED}}})", "失敗"),
            Query(f"max(xiong_backup_verified{{{SELECTED}}} == bool 0)", "損壞"),
            Query(f"max(xiong_backup_log_failing{{{SELECTED}}})", "送不出去"),
        ),
        kind=Kind.STAT,
    ),
)
