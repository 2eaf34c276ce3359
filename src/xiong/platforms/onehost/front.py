"""Where a copy on this machine is reached: through its proxy."""

from __future__ import annotations

from xiong.config.settings import ProxySettings
from xiong.platforms.base import Endpoint
from xiong.platforms.onehost.secrets import HostSecrets


def endpoint(proxy: ProxySettings, secrets: HostSecrets, port: int) -> Endpoint:
    """See `Platform.endpoint`."""
    here = "127.0.0.1" if proxy.bind in {"0.0.0.0", "::"} else proxy.bind  # noqa: S104 - read, not bound
    scheme = "https" if proxy.host else "http"
    address = f"{scheme}://{here}:{port}"
    return Endpoint(
        url=f"{scheme}://{proxy.host}:{port}" if proxy.host else address,
        address=address,
        server_name=proxy.host or None,
        authority=proxy.authority or proxy.acme_root,
        token_file=secrets.operator_token,
        care_token_file=secrets.care_token,
    )
