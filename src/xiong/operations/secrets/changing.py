"""The steps of a rotation but its rolls: what each does to the stores and to the secrets that are kept.

While one changes, NAME is what is used, NAME.next what will be, NAME.old what was: whatever is killed
when, each file on disk names something that the stores take. Called by `rotate.py`.
"""

from __future__ import annotations

import secrets as random_source
from datetime import UTC, datetime, timedelta

from xiong.config.secrets import Secret
from xiong.datastores import postgres, postgres_logins, valkey_passwords
from xiong.errors import PlatformError
from xiong.operations.secrets import names
from xiong.operations.secrets.names import Step
from xiong.operations.secrets.standing import Rotation
from xiong.platforms.base import Platform, Progress
from xiong.tools.clock import Clock

EARLIER = "secret-keys-earlier"
LINK_DAYS = 7
"""As long as a link in a page is good for; see `api.pages.link`."""


class Changing:
    """Carries out single steps on one platform; each is safe to repeat."""

    def __init__(self, platform: Platform, clock: Clock, progress: Progress) -> None:
        self._platform = platform
        self._clock = clock
        self._progress = progress

    async def carry_out(self, step: Step, rotation: Rotation) -> None:
        """Does one step.

        Raises:
            PlatformError: a store refuses; the same step can be done again.
        """
        if step is Step.SUPERUSER:
            await self._superuser(step.value)
        elif step.value in names.ROLES:
            await self._role(step.value)
        elif step is Step.BRIDGE:
            await self._bridge()
        elif step is Step.CACHE:
            await self._cache()
        elif step is Step.TOKENS:
            for name in _tokens(rotation):
                await self._succeed(name)
        elif step is Step.ANNOUNCE:
            await self._next(names.KEY)
        elif step is Step.APP:
            await self._app()
        elif step is Step.TURN:
            await self._turn()
        elif step is Step.CLOSE:
            await self._close(rotation)
        elif step is Step.RETIRE:
            for name in _tokens(rotation):
                await self._platform.drop_secret(f"{name}.old")
        await self._platform.publish_secrets()

    async def _role(self, name: str) -> None:
        """Sessions stay open, and whoever opens one reads the file each time."""
        new = await self._next(name)
        await postgres_logins.set_password(self._platform.run_store_tool, names.ROLES[name], new)
        await self._promote(name, new)
        if name == Step.BACKUP:
            await self._platform.stores.receive_log(self._progress)

    async def _superuser(self, name: str) -> None:
        """The one by which we change it: a killed change may have left the server with the new password."""
        new, current = await self._next(name), await self._platform.kept_secret(name)
        run = self._platform.run_store_tool
        if not await postgres.answers(run):
            await self._platform.keep_secret(name, new)
        try:
            await postgres_logins.set_password(run, names.ROLES[name], new)
        except PlatformError:
            if current is not None:
                await self._platform.keep_secret(name, current)
            raise
        await self._promote(name, new)

    async def _bridge(self) -> None:
        """The login first, then the word by which processes that start are sent to it."""
        new = await self._platform.kept_secret(names.APP_NEXT) or _fresh()
        await postgres_logins.open_bridge(self._platform.run_store_tool, new)
        await self._platform.keep_secret(names.APP_NEXT, new)

    async def _app(self) -> None:
        new = await self._platform.kept_secret(names.APP_NEXT)
        if new is None:
            return
        run = self._platform.run_store_tool
        await postgres_logins.set_password(run, postgres_logins.APP, new)
        await self._promote(names.APP, new)

    async def _cache(self) -> None:
        """Its file before the server, so that it takes both also after a restart of its own."""
        if await self._platform.kept_secret(f"{names.CACHE}.old") is None:
            new = await self._next(names.CACHE)
            await self._platform.publish_secrets()
            await self._take_only(await self._platform.secret(names.CACHE), new)
        await self._succeed(names.CACHE)

    async def _succeed(self, name: str) -> None:
        """The new one is used from now on, the old one is still taken."""
        old = await self._platform.kept_secret(f"{name}.old")
        new = await self._platform.kept_secret(f"{name}.next")
        if old is not None and new is None:
            return
        new = new or await self._next(name)
        await self._platform.publish_secrets()
        current = await self._platform.kept_secret(name)
        if old is None and current is not None:
            await self._platform.keep_secret(f"{name}.old", current)
        await self._promote(name, new)

    async def _turn(self) -> None:
        new = await self._platform.kept_secret(f"{names.KEY}.next")
        old = await self._platform.kept_secret(names.KEY)
        if new is None or old is None:
            return
        earlier = await self._platform.kept_secret(EARLIER)
        if old != new:
            text = with_earlier(earlier.reveal() if earlier else "", old.reveal(), self._clock.now())
            await self._platform.keep_secret(EARLIER, Secret(text))
        await self._promote(names.KEY, new)

    async def _close(self, rotation: Rotation) -> None:
        if names.APP in rotation.names:
            before = rotation.turned_at or rotation.begun_at
            await postgres_logins.close_bridge(self._platform.run_store_tool, before)
        if names.CACHE in rotation.names:
            await self._take_only(await self._platform.secret(names.CACHE))
            await self._platform.drop_secret(f"{names.CACHE}.old")

    async def _take_only(self, *passwords: Secret) -> None:
        await valkey_passwords.take_only(await self._platform.store_url("valkey"), passwords)

    async def _next(self, name: str) -> Secret:
        """What it will be; the same again after a kill."""
        kept = await self._platform.kept_secret(f"{name}.next")
        if kept is None:
            kept = _fresh()
            await self._platform.keep_secret(f"{name}.next", kept)
        return kept

    async def _promote(self, name: str, new: Secret) -> None:
        await self._platform.keep_secret(name, new)
        await self._platform.drop_secret(f"{name}.next")


def with_earlier(earlier: str, key: str, now: datetime) -> str:
    """The list of earlier keys with one more, newest first; each below the time until which links live.

    Afterwards it still says who was erased: nobody can make those digests anew, so no key is forgotten.
    """
    if key in earlier.splitlines():
        return earlier
    until = (now + timedelta(days=LINK_DAYS)).astimezone(UTC).isoformat(timespec="seconds")
    return f"# links until {until}\n{key}\n{earlier}".strip()


def _tokens(rotation: Rotation) -> list[str]:
    return [name for name in names.TOKENS if name in rotation.names]


def _fresh() -> Secret:
    return Secret(random_source.token_urlsafe(32))
