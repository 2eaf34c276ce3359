"""The check that runs inside a container: exit code 0 only where the server answers well."""

from __future__ import annotations

import http.server
import socket
import threading
from contextlib import contextmanager

import pytest

from api import healthcheck


@contextmanager
def server(status: int):
    """A server that gives every path this status; yields (port, what was asked)."""
    asked = []

    class Answer(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            self.send_response(status)
            self.end_headers()

        def log_message(self, *_):
            pass

    with http.server.HTTPServer(("127.0.0.1", 0), Answer) as running:
        threading.Thread(target=running.serve_forever, args=(0.01,), daemon=True).start()
        yield running.server_port, asked
        running.shutdown()


@pytest.mark.parametrize(("status", "code"), [(200, 0), (204, 0), (404, 1), (500, 1), (503, 1)])
def test_only_a_good_answer_is_healthy(status, code):
    with server(status) as (port, asked):
        assert healthcheck.main([str(port), "/healthz"]) == code
    assert asked == ["/healthz"]


def test_a_proxy_is_healthy_with_any_answer():
    with server(404) as (port, _):
        assert healthcheck.main([str(port), "/metrics", "any"]) == 0


def test_the_port_of_the_service_is_asked_where_none_is_named(monkeypatch):
    with server(200) as (port, asked):
        monkeypatch.setenv("PORT", str(port))
        assert healthcheck.main([]) == 0
    assert asked == ["/api/v1/healthz"]


@pytest.mark.parametrize("words", [[], ["any"]])
def test_a_port_where_nobody_listens_is_not_healthy(words):
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        assert healthcheck.main([str(held.getsockname()[1]), "/", *words]) == 1


@pytest.mark.parametrize("words", [[], ["any"]])
def test_a_server_that_accepts_and_says_nothing_is_not_healthy(monkeypatch, words):
    monkeypatch.setattr(healthcheck, "_DEADLINE_S", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        assert healthcheck.main([str(silent.getsockname()[1]), "/", *words]) == 1
