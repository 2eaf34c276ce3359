"""A real S3-compatible server on a free port, for tests of repositories."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import httpx
from moto.server import ThreadedMotoServer

BUCKET = "vault"


@contextlib.contextmanager
def s3_server() -> Iterator[dict[str, str]]:
    """Runs it while the block runs; gives the environment by which a store finds it."""
    server = ThreadedMotoServer("127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        url = f"http://{host}:{port}"
        httpx.put(f"{url}/{BUCKET}", headers={"Host": f"{host}:{port}"}, trust_env=False).raise_for_status()
        yield {
            "AWS_ENDPOINT_URL": url,
            "AWS_ALLOW_HTTP": "true",
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_REGION": "us-east-1",
        }
    finally:
        server.stop()
