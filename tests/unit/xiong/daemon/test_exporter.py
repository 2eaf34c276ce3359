"""What `xiong watch` shows: every child from the start, counters that survive replacement, no free label."""

from datetime import UTC, datetime

from prometheus_client.parser import text_string_to_metric_families

from xiong.daemon.exporter import SERVICES, VERBS, Exporter
from xiong.daemon.observation import Observation
from xiong.model.instance import Instance, InstanceState
from xiong.model.lease import Lease
from xiong.model.receipt import Outcome, Receipt
from xiong.model.volume import Volume
from xiong.operations.journal import Committed

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
ALERTS = ("APIDown", "Watchdog")


def samples(exporter: Exporter) -> dict[tuple[str, ...], float]:
    """{(name, label values in order of the labels): value}."""
    families = text_string_to_metric_families(exporter.text().decode())
    return {
        (s.name, *(value for _, value in sorted(s.labels.items()))): s.value
        for f in families
        for s in f.samples
    }


def instance(name: str, restarts: int = 0, state: InstanceState = InstanceState.READY) -> Instance:
    return Instance(name, name.partition("-")[0], None, state, None, "1@1", restarts)


def receipt(number: int, verb: str, outcome: Outcome) -> Receipt:
    return Receipt(str(number), verb, "r", None, outcome, "", "a@b", NOW, NOW)


def test_everything_is_there_at_0_before_anything_was_seen():
    shown = samples(Exporter(ALERTS, ("look",)))

    for service in SERVICES:
        assert shown["xiong_instance_restarts_total", service] == 0
        assert all(shown["xiong_instances", service, state.value] == 0 for state in InstanceState)
    for verb in VERBS:
        assert all(shown["xiong_deploys_total", o.name.lower(), verb] == 0 for o in Outcome)
    for alert in (*ALERTS, "other"):
        assert shown["xiong_alert_notifications_total", alert, "firing"] == 0
        assert shown["xiong_alert_notifications_total", alert, "resolved"] == 0
    for name in ("lease_held", "proxy_up", "replicas_wanted", "last_deploy_timestamp_seconds"):
        assert shown[f"xiong_{name}",] == 0
    assert shown["xiong_watch_step_failures_total", "look"] == 0
    assert shown["xiong_watch_last_cycle_timestamp_seconds",] == 0


def test_what_was_seen_last_is_shown():
    exporter = Exporter()
    exporter.show(
        Observation(
            at=NOW,
            instances=(instance("api-0"), instance("api-1"), instance("proxy", state=InstanceState.FAILED)),
            committed=Committed("0.1.0-abc", 2, NOW),
            receipts=(receipt(1, "up", Outcome.COMMITTED), receipt(2, "deploy", Outcome.ROLLED_BACK)),
            lease=Lease("t", "h", "deploy", NOW, NOW, "host", 1, 1.0),
            volumes=(Volume("state", 25, 100),),
            proxy_up=True,
            certificate_expires=NOW,
        )
    )
    exporter.cycle_ended(NOW)

    shown = samples(exporter)

    assert shown["xiong_instances", "api", "ready"] == 2
    assert shown["xiong_instances", "proxy", "failed"] == 1
    assert shown["xiong_instances", "proxy", "ready"] == 0
    assert shown["xiong_replicas_wanted",] == 2
    assert shown["xiong_release_info", "0.1.0-abc"] == 1
    assert shown["xiong_deploys_total", "committed", "up"] == 1
    assert shown["xiong_deploys_total", "rolled_back", "deploy"] == 1
    assert shown["xiong_last_deploy_timestamp_seconds",] == NOW.timestamp()
    assert shown["xiong_lease_held",] == 1
    assert shown["xiong_disk_free_bytes", "state"] == 25
    assert shown["xiong_disk_size_bytes", "state"] == 100
    assert shown["xiong_proxy_up",] == 1
    assert shown["xiong_certificate_expiry_timestamp_seconds",] == NOW.timestamp()
    assert shown["xiong_watch_last_cycle_timestamp_seconds",] == NOW.timestamp()


def test_without_https_there_is_no_certificate():
    exporter = Exporter()
    exporter.show(Observation(NOW))

    assert ("xiong_certificate_expiry_timestamp_seconds",) not in samples(exporter)


def test_only_the_committed_release_is_named():
    exporter = Exporter()
    for release in ("0.1.0-a", "0.1.0-b"):
        exporter.show(Observation(NOW, committed=Committed(release, 2, NOW)))

    assert [key for key in samples(exporter) if key[0] == "xiong_release_info"] == [
        ("xiong_release_info", "0.1.0-b")
    ]


def test_restarts_count_from_the_first_look_and_survive_a_replaced_process():
    exporter = Exporter()
    for looks in (
        (instance("api-0", restarts=7),),  # before us
        (instance("api-0", restarts=9),),
        (instance("api-1", restarts=0),),  # a roll replaced it
        (instance("api-1", restarts=1), instance("api-0", restarts=0)),
        (instance("api-1", restarts=0),),  # started anew: what it shows is all new
    ):
        exporter.show(Observation(NOW, instances=looks))

    assert samples(exporter)["xiong_instance_restarts_total", "api"] == 3


def test_an_alert_of_an_unknown_name_makes_no_label():
    exporter = Exporter(ALERTS)
    exporter.notified("APIDown", "firing")
    exporter.notified("Unheard", "resolved")
    exporter.notified("Unheard", "odd")

    shown = samples(exporter)

    assert shown["xiong_alert_notifications_total", "APIDown", "firing"] == 1
    assert shown["xiong_alert_notifications_total", "other", "resolved"] == 1
    assert shown["xiong_alert_notifications_total", "other", "firing"] == 1
    assert {key[1] for key in shown if key[0] == "xiong_alert_notifications_total"} == {*ALERTS, "other"}
