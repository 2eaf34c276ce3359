"""What the log pipeline needs is made once, for nobody else to read, and the two sides trust each other."""

import os
import socket
import ssl
import stat
import subprocess
import threading
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[3] / "deployment" / "scripts" / "logging_secrets.sh"


def made(state: Path, *, expect: int = 0) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [SCRIPT, state, "127.0.0.1"], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == expect, done.stderr
    return done


@pytest.fixture(scope="module")
def state(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("state")
    made(folder)
    return folder / "logging"


def contents(folder: Path) -> dict[str, bytes]:
    return {str(f.relative_to(folder)): f.read_bytes() for f in folder.rglob("*") if f.is_file()}


def test_what_is_there_stays(state):
    before = contents(state)

    made(state.parent)

    assert {"passwords/writer", "certificates/logstash.key", "authority/ca.key"} <= set(before)
    assert contents(state) == before


def test_nobody_else_reads_anything_and_the_authority_is_the_owners_alone(state):
    modes = {name: stat.S_IMODE(os.stat(state / name).st_mode) for name in contents(state)}

    assert {name: mode for name, mode in modes.items() if mode & 0o007} == {}
    assert {
        name: mode for name, mode in modes.items() if name.startswith("authority/") and mode & 0o070
    } == {}


def test_both_sides_take_each_others_certificate(state):
    folder = state / "certificates"
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=folder / "ca.crt")
    server.load_cert_chain(folder / "logstash.crt", folder / "logstash.key")
    server.verify_mode = ssl.CERT_REQUIRED
    client = ssl.create_default_context(cafile=folder / "ca.crt")
    client.load_cert_chain(folder / "filebeat.crt", folder / "filebeat.key")

    assert said_over(server, client) == b"a line"
    with pytest.raises(ssl.SSLError):
        said_over(server, ssl.create_default_context())


def said_over(server: ssl.SSLContext, client: ssl.SSLContext) -> bytes:
    """What one side reads of what the other says; as Filebeat does, the server is checked by its address."""
    heard = []
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(10)

        def hear() -> None:
            connection, _ = listening.accept()
            try:
                with server.wrap_socket(connection, server_side=True) as wrapped:
                    heard.append(wrapped.recv(100))
            except (ssl.SSLError, OSError):
                heard.append(b"")

        hearing = threading.Thread(target=hear)
        hearing.start()
        try:
            with (
                socket.create_connection(listening.getsockname(), timeout=10) as plain,
                client.wrap_socket(plain, server_hostname="127.0.0.1") as wrapped,
            ):
                wrapped.sendall(b"a line")
        finally:
            hearing.join(10)
    return heard[0]


def test_a_folder_that_is_not_there_is_told(tmp_path):
    done = made(tmp_path / "absent", expect=1)

    assert "is no folder" in done.stderr
    assert "xiong up" in done.stderr
