"""Opens the service as a person reaches it: through the proxy. Used by every verb that looks from outside."""

from __future__ import annotations

from collections.abc import Mapping

from xiong.platforms.base import Endpoint
from xiong.tools.http import Http


def front_door(
    endpoint: Endpoint,
    timeout_seconds: float,
    *,
    headers: Mapping[str, str] | None = None,
    keep_alive: bool = True,
) -> Http:
    """A client of the proxy."""
    return Http(
        endpoint.address,
        timeout_seconds=timeout_seconds,
        verify=endpoint.authority,
        server_name=endpoint.server_name,
        headers=headers,
        keep_alive=keep_alive,
    )


def operator_headers(endpoint: Endpoint) -> dict[str, str]:
    """Who the tool is: the operators' application, its traffic marked as synthetic."""
    return {"Authorization": f"Bearer {endpoint.token_file.read_text().strip()}", "X-Synthetic": "1"}
