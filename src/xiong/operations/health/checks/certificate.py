"""`certificate`: days until the proxy's certificate expires."""

from __future__ import annotations

from datetime import datetime
from urllib.parse import urlsplit

from xiong.config.healing import HealthSettings
from xiong.model.health import Figure, Finding, Verdict
from xiong.operations.health.check import Check
from xiong.operations.health.checks.wording import not_run
from xiong.operations.health.scene import ANSWER_SECONDS, Scene
from xiong.tools import certificates

_NAME = "certificate"
_DAY = 86_400.0


async def look(scene: Scene) -> Finding:
    """Reads it from the handshake, also one that has expired."""
    endpoint = await scene.endpoint()
    if endpoint.server_name is None:
        return not_run(_NAME, "no HTTPS: proxy.host is not set")
    where = urlsplit(endpoint.address)
    expires = await certificates.expiry(
        where.hostname or "", where.port or 443, endpoint.server_name, timeout_seconds=ANSWER_SECONDS
    )
    if expires is None:
        return not_run(_NAME, f"the proxy shows no certificate for {endpoint.server_name}")
    return judge(expires, scene.clock.now(), scene.settings.health)


def judge(expires: datetime, now: datetime, limits: HealthSettings) -> Finding:
    """One that has expired is UNHEALTHY: browsers turn everybody away."""
    days, least = (expires - now).total_seconds() / _DAY, limits.certificate_days
    figures = (Figure("left", days * _DAY, "s", least * _DAY),)
    if days >= least:
        return Finding(_NAME, Verdict.HEALTHY, f"expires in {days:.0f} days, {expires:%F}", figures=figures)
    verdict = Verdict.UNHEALTHY if days <= 0 else Verdict.DEGRADED
    words = f"expired {-days:.1f} days ago" if days <= 0 else f"expires in {days:.1f} days"
    words += f", {expires:%F %T} UTC; at least {least:g} days are meant"
    return Finding(_NAME, verdict, words, hint="xiong up", figures=figures, cause="expires")


CERTIFICATE = Check(_NAME, look, allows=(("expires", ()),), every_seconds=60)
