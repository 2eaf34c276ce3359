"""Where a copy in a cluster is reached: through its Ingress, or from inside by its Service."""

from __future__ import annotations

from xiong.config.settings import Settings
from xiong.platforms.base import Endpoint
from xiong.platforms.kubernetes.cluster import Cluster, Object
from xiong.platforms.onehost.secrets import HostSecrets

_INGRESS = ("Ingress", "xiongichat-api")
_SERVICE = "http://xiongichat-api"


async def endpoint(
    cluster: Cluster, found: list[Object], settings: Settings, secrets: HostSecrets
) -> Endpoint:
    """See `Platform.endpoint`."""
    host, set_address = host_of(found), settings.kubernetes.address
    url = set_address if set_address.startswith("http:") or not host else f"https://{host}"
    told = secrets.operator_token, secrets.care_token
    if cluster.inside:
        # The controller may stand where no pod reaches it, and its address says nothing in here.
        return Endpoint(url, _SERVICE, None, None, *told, by_chance=True)
    address = set_address or await _address(cluster, host)
    return Endpoint(url, address, host or None, settings.proxy.authority, *told)


def host_of(found: list[Object]) -> str:
    """The name for which the shipped Ingress takes requests; empty where there is none."""
    for one in found:
        if (one["kind"], one["metadata"]["name"]) == _INGRESS:
            return str(next((rule["host"] for rule in one["spec"]["rules"] if rule.get("host")), ""))
    return ""


async def _address(cluster: Cluster, host: str) -> str:
    """What the controller says of itself, or the name."""
    live = await cluster.get(*_INGRESS)
    told = (live or {}).get("status", {}).get("loadBalancer", {}).get("ingress") or [{}]
    where = told[0].get("ip") or told[0].get("hostname") or host
    return f"https://[{where}]" if ":" in where else f"https://{where}"
