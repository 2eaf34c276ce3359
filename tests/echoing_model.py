"""An OpenAI-compatible endpoint that repeats what it is told, and keeps what it was sent, byte for byte.

For tests of what leaves the service. A message with `!500` is answered by that status and an error
that quotes the whole request; one with `!garbage` by something that is no JSON.
"""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

DIMENSIONS = 1536


class EchoingModel(ThreadingHTTPServer):
    """The server and what it saw: each request's first line, headers and body."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.seen: list[tuple[str, bytes]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/v1"

    def requests(self, ending: str) -> list[bytes]:
        """The requests to one call."""
        return [data for path, data in self.seen if path.endswith(ending)]


class _Handler(BaseHTTPRequestHandler):
    server: EchoingModel

    def do_GET(self) -> None:  # the library's name
        self._answer(404, b"{}")

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        head = f"{self.requestline}\n{self.headers}".encode()
        self.server.seen.append((self.path, head + body))
        asked = json.loads(body)
        if self.path.endswith("/embeddings"):
            self._answer(200, json.dumps(_vectors(len(asked["input"]))).encode())
            return
        said = str(asked["messages"][-1]["content"])
        if "!500" in said:
            self._answer(500, json.dumps({"error": {"message": body.decode()}}).encode())
        elif "!garbage" in said:
            self._answer(200, b"<html>" + body)
        else:
            self._answer(200, json.dumps(_completion(f"我聽到了：{said}")).encode())

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # the library's name
        """Says nothing."""


def _completion(text: str) -> dict[str, Any]:
    choice = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}
    return {"choices": [choice], "usage": {"prompt_tokens": 10, "completion_tokens": 10}}


def _vectors(count: int) -> dict[str, Any]:
    return {"data": [{"index": index, "embedding": [0.1] * DIMENSIONS} for index in range(count)]}


@contextlib.contextmanager
def echoing_model() -> Iterator[EchoingModel]:
    """Runs the endpoint while the block runs."""
    server = EchoingModel()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
