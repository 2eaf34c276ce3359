"""Releases, replicas, the operations daemon, recovery and drills."""

from __future__ import annotations

from deployment.monitoring.grafana.backups import BACKUPS
from deployment.monitoring.grafana.healing import DRILLS, RECOVERY
from deployment.monitoring.grafana.model import SELECTED, Board, Kind, Limit, Panel, Query, Row, Unit

_DEPLOYS = f"increase(xiong_deploys_total{{{SELECTED}}}[$__rate_interval])"

_RELEASES = (
    Panel(
        "服務中的版本",
        "各版本的執行個體數；兩個版本並存超過 30 分鐘即告警。",
        Unit.COUNT,
        (Query(f"count by (job, release) (xiongichat_build_info{{{SELECTED}}})", "{{job}} {{release}}"),),
        kind=Kind.STACK,
    ),
    Panel(
        "部署結果",
        "每次部署、退回與調整的結果，依時間。",
        Unit.COUNT,
        (Query(f"sum by (verb, outcome) (round({_DEPLOYS}))", "{{verb}} {{outcome}}"),),
        kind=Kind.STACK,
    ),
    Panel(
        "距上次部署",
        "上次部署至今的時間。",
        Unit.SECONDS,
        (Query(f"time() - (max(xiong_last_deploy_timestamp_seconds{{{SELECTED}}}) > 0)", "距今"),),
        kind=Kind.STAT,
        width=8,
    ),
    Panel(
        "作業鎖",
        "是否有部署或修復正在進行；持有超過一小時即告警。",
        Unit.YES_NO,
        (Query(f"max(xiong_lease_held{{{SELECTED}}})", "持有"),),
        kind=Kind.STAT,
        width=8,
    ),
    Panel(
        "憑證到期",
        "網站憑證剩餘時間；少於 21 天警告，少於 3 天緊急。沒有 HTTPS 時沒有資料。",
        Unit.SECONDS,
        (Query(f"min(xiong_certificate_expiry_timestamp_seconds{{{SELECTED}}}) - time()", "剩餘"),),
        kind=Kind.STAT,
        width=8,
    ),
)

_RUNNING = (
    Panel(
        "執行個體狀態",
        "各服務的執行個體數，依狀態。",
        Unit.COUNT,
        (Query(f"max by (service, state) (xiong_instances{{{SELECTED}}}) > 0", "{{service}} {{state}}"),),
        kind=Kind.STACK,
    ),
    Panel(
        "應有與回應中",
        "應有與實際回應的執行個體數。",
        Unit.COUNT,
        (
            Query("xiongichat:replicas_wanted:max", "應有"),
            Query("xiongichat:replicas_up:sum", "回應中"),
            Query(f"sum(xiongichat_draining{{{SELECTED}}})", "退場中"),
        ),
    ),
    Panel(
        "重新啟動",
        "三十分鐘內各服務被重新啟動的次數；三次以上即告警。",
        Unit.COUNT,
        (Query("service:xiongichat_restarts:increase30m", "{{service}}"),),
        limits=(Limit(3, "red"),),
    ),
    Panel(
        "維運監看程式",
        "距上一輪檢查結束的時間；超過 5 分鐘即告警。",
        Unit.SECONDS,
        (Query(f"time() - max(xiong_watch_last_cycle_timestamp_seconds{{{SELECTED}}})", "距今"),),
        limits=(Limit(300, "red"),),
    ),
)

BOARD = Board(
    "xiongichat-deployments",
    "部署與修復",
    "哪個版本在服務、何時換上、執行個體是否足夠，以及深度檢查、自動修復與演練。",
    "xiong-watch|xiongichat-api|xiongichat-pager",
    (
        Row("版本", _RELEASES),
        Row("執行個體", _RUNNING),
        Row("檢查與修復", RECOVERY),
        Row("演練", DRILLS),
        Row("備份", BACKUPS),
    ),
)
