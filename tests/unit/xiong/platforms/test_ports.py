"""Ports are chosen once and kept, outside the kernel's range for outgoing connections."""

import socket

import pytest

from xiong.config.settings import Settings
from xiong.platforms.local.services import foreign_ports
from xiong.platforms.onehost.ports import owner_of, ports_for


def settings(**proxy):
    return Settings.model_validate({"proxy": {"port": 0, **proxy}, "service": {"max_replicas": 3}})


def test_chosen_ports_are_kept(tmp_path):
    first = ports_for(settings(), tmp_path / "ports.json")

    assert ports_for(settings(), tmp_path / "ports.json") == first
    assert len({first.proxy, first.database, first.cache, *first.slots}) == 7


def test_there_is_one_slot_more_than_replicas(tmp_path):
    assert len(ports_for(settings(), tmp_path / "ports.json").slots) == 4


def test_no_chosen_port_can_be_taken_by_an_outgoing_connection(tmp_path):
    with open("/proc/sys/net/ipv4/ip_local_port_range") as file:
        lowest = int(file.read().split()[0])
    ports = ports_for(settings(), tmp_path / "ports.json")

    assert all(port < lowest for port in (ports.proxy, ports.database, ports.cache, *ports.slots))


def test_a_named_port_wins_over_a_kept_one(tmp_path):
    kept = ports_for(settings(), tmp_path / "ports.json")

    assert ports_for(settings(port=8123), tmp_path / "ports.json").proxy == 8123
    assert ports_for(settings(port=8123), tmp_path / "ports.json").cache == kept.cache


def test_a_verb_without_the_setting_finds_the_copy_where_it_was_started(tmp_path):
    started = ports_for(settings(port=0), tmp_path / "ports.json")

    assert ports_for(Settings(), tmp_path / "ports.json").proxy == started.proxy


def test_without_any_setting_the_default_port_is_taken(tmp_path):
    assert ports_for(Settings(), tmp_path / "ports.json").proxy == 8080


@pytest.fixture
def listener():
    with socket.socket() as opened:
        opened.bind(("127.0.0.1", 0))
        opened.listen()
        yield opened.getsockname()[1]


def test_the_owner_of_a_port_is_named(listener):
    assert "python" in str(owner_of(listener))


def test_a_foreign_listener_is_told_with_the_setting_to_change(listener, tmp_path):
    ports = ports_for(settings(port=listener), tmp_path / "ports.json")

    (fault,) = foreign_ports(ports, tmp_path)

    assert f"port {listener} for the proxy is taken by" in fault
    assert "set proxy.port" in fault
