"""Deep checks, the healer, its notices, and drills: rows of the board `deployments`."""

from __future__ import annotations

from deployment.monitoring.grafana.model import SELECTED, Kind, Limit, Panel, Query, Unit


def _more(metric: str) -> str:
    """How much a counter grew."""
    return f"increase({metric}{{{SELECTED}}}[$__rate_interval])"


RECOVERY = (
    Panel(
        "深度檢查結果",
        "各項深度檢查：0 健康、1 降級、2 不健康、-1 此處不檢查；不健康兩分鐘即告警。",
        Unit.COUNT,
        (Query("check:xiong_check_status:max", "{{check}}"),),
        limits=(Limit(1, "orange"), Limit(2, "red")),
    ),
    Panel(
        "修復狀態",
        "深度檢查在自動修復眼中的狀態，依項數：健康、可疑、觀察中、停手；停手表示需要人處理，即告警。",
        Unit.COUNT,
        (
            Query(
                f"sum by (condition) (max by (check, condition) (xiong_recovery_condition{{{SELECTED}}}))",
                "{{condition}}",
            ),
        ),
        kind=Kind.STACK,
    ),
    Panel(
        "修復動作",
        "自動修復做了什麼、結果如何，依時間；半小時內四次以上即告警。",
        Unit.COUNT,
        (
            Query(
                f"sum by (check, action, outcome) (round({_more('xiong_recovery_actions_total')}))",
                "{{check}} {{action}} {{outcome}}",
            ),
            Query("xiongichat:recovery_actions:increase30m", "三十分鐘內"),
        ),
    ),
    Panel(
        "未動手的原因",
        "哪一道防護不讓自動修復動手，依時間。",
        Unit.COUNT,
        (
            Query(
                f"sum by (check, guard) (round({_more('xiong_recovery_refusals_total')}))",
                "{{check}} {{guard}}",
            ),
        ),
        kind=Kind.STACK,
    ),
    Panel(
        "檢查耗時",
        "各項深度檢查最近一次的耗時。",
        Unit.SECONDS,
        (Query(f"max by (check) (xiong_check_seconds{{{SELECTED}}})", "{{check}}"),),
    ),
    Panel(
        "距上次檢查",
        "各項深度檢查距上次結束的時間；超過應有間隔的五倍（至少兩分鐘）即告警。",
        Unit.SECONDS,
        (Query("check:xiong_check_age:seconds", "{{check}}"),),
    ),
    Panel(
        "修復暫停",
        "自動修復是否暫停；超過四小時即告警。",
        Unit.YES_NO,
        (Query("xiongichat:recovery_paused:max", "暫停"),),
        kind=Kind.STAT,
        width=8,
    ),
    Panel(
        "請人處理",
        "自動修復請人處理的次數，依時間。",
        Unit.COUNT,
        (
            Query(
                f"sum by (check) (round({_more('xiong_recovery_escalations_total')}))",
                "{{check}}",
            ),
        ),
        kind=Kind.STACK,
        width=8,
    ),
    Panel(
        "維運通知",
        "通知送達、失敗與僅記錄的次數，以及最久未送達的時間；超過十分鐘即告警。",
        Unit.COUNT,
        (
            Query(f"sum by (outcome) (round({_more('xiong_notices_total')}))", "{{outcome}}"),
            Query(
                f"time() - max(xiong_notice_oldest_waiting_timestamp_seconds{{{SELECTED}}} > 0)",
                "最久未送達",
                Unit.SECONDS,
            ),
        ),
        width=8,
    ),
)

DRILLS = (
    Panel(
        "距上次演練",
        "各項故障演練距上次執行的時間，以及期限；超過期限即告警。從未演練的項目沒有資料。",
        Unit.SECONDS,
        (
            Query("drill:xiong_drill_age:seconds", "{{drill}}"),
            Query(f"max(xiong_drill_stale_seconds{{{SELECTED}}})", "期限"),
        ),
        width=8,
    ),
    Panel(
        "演練通過",
        "各項故障演練最近一次是否通過；未通過即告警。",
        Unit.YES_NO,
        (
            Query(
                f"max by (drill) (xiong_drill_last_passed{{{SELECTED}}})"
                " and on (drill) drill:xiong_drill_age:seconds",
                "{{drill}}",
            ),
        ),
        kind=Kind.STAT,
        width=8,
    ),
    Panel(
        "復原耗時",
        "各項故障演練最近一次從注入故障到恢復正常的時間。",
        Unit.SECONDS,
        (Query(f"max by (drill) (xiong_drill_heal_seconds{{{SELECTED}}} > 0)", "{{drill}}"),),
        width=8,
    ),
)
