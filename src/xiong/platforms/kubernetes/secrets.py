"""The copy's secrets: the truth is one Secret of the namespace, read into the state folder and written back.

What the pods read are other Secrets, each with what one of them needs; `publish` writes those. Inside the
cluster only the one of `watch` may be read, and nothing is written.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Collection, Mapping
from pathlib import Path

from xiong.config.secrets import Secret
from xiong.config.settings import Settings
from xiong.errors import PlatformError
from xiong.platforms.kubernetes.cluster import Cluster, ConflictError, Object
from xiong.platforms.onehost import servers
from xiong.platforms.onehost.addresses import Addresses
from xiong.platforms.onehost.layout import Layout
from xiong.platforms.onehost.secrets import HostSecrets
from xiong.tools import files

COPY, WATCH = "xiongichat-copy", "xiongichat-watch"
IN_CLUSTER = Addresses(database=("postgres", 5432), cache=("valkey", 6379))
_FOR_WATCH = ("database-monitor", "cache", "operator-token", "drill-report")
_TRIES = 5


class ClusterSecrets:
    """`HostSecrets` over a folder that follows a Secret.

    A file beside the folder remembers, by digests, what both had when they last met: so a secret that was
    made here and not yet written back is told from one that was dropped elsewhere.
    """

    def __init__(self, cluster: Cluster, layout: Layout, settings: Settings) -> None:
        """Reads nothing yet."""
        self._cluster = cluster
        self._layout = layout
        self._settings = settings
        self._host = HostSecrets(layout.secrets, published=layout.root / "service")
        self._pulled = False

    async def host(self) -> HostSecrets:
        """The secrets as they were when this process first asked, and what it changed since."""
        if not self._pulled:
            await self.pull()
        return self._host

    async def get(self, name: str) -> Secret:
        """The secret of that name, made now if there is none yet.

        Raises:
            PlatformError: there is none, and it may not be made here.
        """
        host = await self.host()
        kept = host.kept(name)
        if kept is not None:
            return kept
        if self._cluster.inside:
            raise PlatformError(f"the Secret {WATCH} has no {name}", hint="xiong up   (from outside)")
        host.get(name)
        await self.push()
        return host.get(name)

    async def keep(self, name: str, value: Secret) -> None:
        """Keeps one; a new value replaces the old, here and in the cluster."""
        self._refuse_inside()
        (await self.host()).keep(name, value)
        await self._meet(ours={name})

    async def drop(self, name: str) -> None:
        """Forgets one, here and in the cluster."""
        self._refuse_inside()
        await self.host()
        await self._meet(dropped={name})

    async def store_url(self, store: str, stores: Addresses = IN_CLUSTER) -> Secret:
        """Where a data store is reached, once its address is known; see `HostSecrets.store_url`."""
        needed = {"postgres": "database-monitor", "valkey": "cache"}.get(store)
        host = await self.host()
        if needed is not None and not self._elsewhere(store):
            await self.get(needed)
        return host.store_url(store, self._settings, stores)

    async def pull(self) -> None:
        """Takes over what the cluster has; what only lies here yet is kept for the next `push`."""
        self._layout.make()
        if self._cluster.inside:
            found = _decoded(await self._cluster.get("Secret", WATCH))
            for name, value in found.items():
                _put(self._layout.secrets / name, value)
        else:
            await self._meet(write=False)
        self._pulled = True

    async def push(self) -> None:
        """Writes back what was made here since; what others changed meanwhile is taken over.

        Raises:
            PlatformError: inside the cluster, or it is refused.
        """
        self._refuse_inside()
        await self._meet()

    async def publish(self) -> str:
        """Writes what each pod reads; returns a digest of what a process reads only at its start.

        Raises:
            PlatformError: inside the cluster, or it is refused.
        """
        self._refuse_inside()
        await self.host()
        self._render()
        # Who was first with a secret that another makes at this moment is decided here.
        await self.push()
        wanted, digest = self._render()
        for name, data in wanted.items():
            await self._cluster.apply(secret_object(name, data))
        return digest

    def _render(self) -> tuple[dict[str, Mapping[str, str]], str]:
        """{Secret: its data}, and the digest."""
        host, settings = self._host, self._settings
        written = host.service_files(settings, IN_CLUSTER)
        wanted: dict[str, Mapping[str, str]] = {
            "xiongichat-secrets": {name: file.read_text() for name, file in written.items()},
            "xiongichat-owner": {"DATABASE_URL": host.owner_file(settings, IN_CLUSTER).read_text()},
            WATCH: {name: host.get(name).reveal() for name in _FOR_WATCH},
        }
        if not self._elsewhere("postgres"):
            wanted["xiongichat-database"] = {"superuser": host.get("database-superuser").reveal()}
        if not self._elsewhere("valkey"):
            words = [secret.reveal() for secret in (host.get("cache"), *host.beside("cache"))]
            text = servers.valkey_configuration("/data", 6379, words, settings.cache, bind="0.0.0.0")  # noqa: S104 - of its pod
            wanted["xiongichat-cache"] = {"valkey.conf": text, "password": words[0]}
        return wanted, host.digest(written)

    def _elsewhere(self, store: str) -> bool:
        """Whether a server that is not ours is set."""
        urls = {"postgres": self._settings.database.url, "valkey": self._settings.cache.url}
        return urls.get(store) is not None

    def _refuse_inside(self) -> None:
        if self._cluster.inside:
            raise PlatformError(
                "secrets are read inside the cluster, and not changed", hint="the same command from outside"
            )

    async def _meet(
        self, *, ours: Collection[str] = (), dropped: Collection[str] = (), write: bool = True
    ) -> None:
        """Makes folder and Secret the same; without `write`, only the folder changes."""
        for _ in range(_TRIES):
            found = await self._cluster.get("Secret", COPY)
            here, there = self._here(), _decoded(found)
            # Where there is no Secret, nothing was dropped from it: what lies here is all there is.
            before = self._remembered() if found is not None else {}
            met = merged(before, here, there, ours=ours, dropped=dropped)
            if write and met != there:
                wanted = secret_object(COPY, met)
                try:
                    if found is None:
                        await self._cluster.create(wanted)
                    else:
                        await self._cluster.replace({**found, "data": wanted["data"]})
                except ConflictError:
                    continue  # somebody was first: look again
                there = met
            self._write_here(here, met, there)
            return
        raise PlatformError(
            f"the Secret {COPY} was changed by others {_TRIES} times while it was written", hint="try again"
        )

    def _write_here(self, here: Mapping[str, str], met: Mapping[str, str], there: Mapping[str, str]) -> None:
        for name in here.keys() - met.keys():
            (self._layout.secrets / name).unlink(missing_ok=True)
        for name, value in met.items():
            _put(self._layout.secrets / name, value)
        files.write_json(self._memory, {name: _digest(value) for name, value in there.items()})

    @property
    def _memory(self) -> Path:
        return self._layout.root / "secrets-met.json"

    def _remembered(self) -> dict[str, str]:
        return files.read_json(self._memory) or {}

    def _here(self) -> dict[str, str]:
        """What lies in the folder, but what is no secret of the copy or is being written."""
        own = self._layout.effective_settings.name
        found = (f for f in self._layout.secrets.iterdir() if f.is_file() and not f.name.startswith("."))
        return {f.name: f.read_text() for f in found if f.name != own}


def merged(
    before: Mapping[str, str],
    here: Mapping[str, str],
    there: Mapping[str, str],
    *,
    ours: Collection[str] = (),
    dropped: Collection[str] = (),
) -> dict[str, str]:
    """What both sides have from now on; pure.

    What changed on one side is taken by the other. Where both changed, the cluster wins: there it is in use.
    A file that is only missing here was lost, and comes back.

    Args:
        before: {name: digest} when they last met.
        here, there: {name: value}.
        ours: names whose value here wins anyway.
        dropped: names that go.
    """
    found = {}
    for name in sorted((here.keys() | there.keys()) - set(dropped)):
        mine, theirs, known = here.get(name), there.get(name), before.get(name)
        changed_here = mine is not None and _digest(mine) != known
        changed_there = (None if theirs is None else _digest(theirs)) != known
        chosen = mine if name in ours or (changed_here and not changed_there) else theirs
        if chosen is not None:
            found[name] = chosen
    return found


def secret_object(name: str, data: Mapping[str, str]) -> Object:
    """A Secret as the API server takes it."""
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": name, "labels": {"app.kubernetes.io/part-of": "xiongichat"}},
        "type": "Opaque",
        "data": {key: base64.b64encode(value.encode()).decode() for key, value in data.items()},
    }


def _decoded(found: Object | None) -> dict[str, str]:
    """{name: value} of a Secret; nothing of one that is not there."""
    data = (found or {}).get("data") or {}
    return {name: base64.b64decode(value).decode() for name, value in data.items()}


def _digest(value: str) -> str:
    return hashlib.sha256(value.encode()).hexdigest()


def _put(file: Path, value: str) -> None:
    if not file.is_file() or file.read_text() != value:
        files.write_atomic(file, value.encode())
