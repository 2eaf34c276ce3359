"""`python -m api.healthcheck [PORT [PATH [any]]]`: exit code 0 where the server of this container is well.

For the health checks of images and of Compose, which have no curl. With `any` every answer will do: of a
proxy that speaks TLS, or whose own answer to that path is an error.
"""

from __future__ import annotations

import http.client
import os
import sys

_DEADLINE_S = 3.0


def healthy(port: int, path: str, *, any_answer: bool = False) -> bool:
    """Whether the loopback answers on that port within some seconds, and with a 2xx."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_DEADLINE_S)
    try:
        connection.request("GET", path)
        status = connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
    return any_answer or 200 <= status < 300


def main(arguments: list[str]) -> int:
    """Asks once; returns the exit code."""
    port = arguments[0] if arguments else os.environ.get("PORT", "8000")
    path = arguments[1] if len(arguments) > 1 else "/api/v1/healthz"
    return 0 if healthy(int(port), path, any_answer="any" in arguments[2:]) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
