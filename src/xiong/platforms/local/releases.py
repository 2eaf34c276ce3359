"""Releases as immutable folders: a wheel unpacked beside the environment of its lock file."""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path

import orjson

from xiong.errors import PlatformError, ReleaseNotFoundError, XiongError
from xiong.model.release import Release, SchemaSupport
from xiong.platforms.base import Progress
from xiong.platforms.local import commands
from xiong.platforms.local.programs import Programs
from xiong.platforms.onehost.layout import Layout
from xiong.tools import files, process

_BUILD_SECONDS = 300.0
_LOCK = Path("requirements") / "run.txt"
_REPRODUCIBLE_EPOCH = "1735689600"  # any fixed instant: the same source gives the same wheel


class ReleaseFolders:
    """Builds, lists and forgets the releases of one copy."""

    def __init__(self, layout: Layout, programs: Programs) -> None:
        self._layout = layout
        self._programs = programs

    def site(self, release_id: str) -> Path:
        """Where the release's packages lie."""
        return self._layout.releases / release_id / "site"

    def python(self, release_id: str) -> Path:
        """The interpreter of the release's environment."""
        lock = self._layout.releases / release_id / "requirements.txt"
        return _python_in(self._layout.environments / _environment_name(lock.read_bytes()))

    def all(self) -> list[Release]:
        """What is here, oldest first."""
        found = [_read(file) for file in self._layout.releases.glob("*/release.json")]
        return sorted(found, key=lambda r: (r.created_at, r.id))

    def get(self, release_id: str) -> Release:
        file = self._layout.releases / release_id / "release.json"
        if not file.is_file():
            raise ReleaseNotFoundError(f"no release {release_id} is staged here", hint="xiong releases")
        return _read(file)

    def discard(self, release_id: str) -> None:
        """Deletes the folder, and environments that no release uses any more."""
        folder = self._layout.releases / release_id
        folder.chmod(0o755)
        shutil.rmtree(folder)
        used = {self.python(r.id).parents[1].name for r in self.all()}
        for environment in self._layout.environments.iterdir():
            if environment.name not in used:
                shutil.rmtree(environment)

    async def build(self, source: Path, progress: Progress) -> Release:
        """A release from a source tree; the same source gives the same release again.

        Raises:
            PlatformError: it does not build; nothing is left of it.
        """
        source = source.absolute()
        for needed in (source / "pyproject.toml", source / _LOCK):
            if not needed.is_file():
                raise PlatformError(
                    f"{source} is no source tree of the service: {needed.relative_to(source)} is missing",
                    hint="xiong deploy --from PATH-OF-A-CLONE",
                )
        with tempfile.TemporaryDirectory(dir=self._layout.root, prefix=".build-") as scratch:
            try:
                return await self._build(source, Path(scratch), progress)
            except PlatformError:
                raise
            except XiongError as error:
                raise PlatformError(
                    f"cannot build a release from {source}: {error.message}", hint=error.hint
                ) from error

    def vary(self, release: Release, appended: str) -> Release:
        """A release that is another one plus lines at the end of `api/main.py`; by the same lines the same.

        Raises:
            OSError: it cannot be written; nothing is left of it.
        """
        original = self._layout.releases / release.id
        digest = hashlib.sha256(f"{release.digest}\n{appended}".encode()).hexdigest()
        made = replace(
            release,
            id=f"{release.version}-{digest[:12]}",
            digest=f"sha256:{digest}",
            created_at=datetime.now(UTC),
            source=f"{release.id}, changed by a drill",
        )
        final = self._layout.releases / made.id
        if final.exists():
            return self.get(made.id)
        with tempfile.TemporaryDirectory(dir=self._layout.root, prefix=".build-") as scratch:
            folder = Path(scratch) / "release"
            shutil.copytree(original / "site", folder / "site", symlinks=True)
            shutil.copy(original / "requirements.txt", folder)
            with (folder / "site" / "api" / "main.py").open("a") as file:
                file.write(appended)
            files.write_json(folder / "release.json", asdict(made), mode=0o644)
            os.rename(folder, final)
        final.chmod(0o555)
        return made

    async def _build(self, source: Path, scratch: Path, progress: Progress) -> Release:
        lock = (source / _LOCK).read_bytes()
        progress("preparing the environment of the lock file")
        python = await self._environment(lock, source / _LOCK)
        progress(f"building {source}")
        builder = Path(sys.executable)
        await self._run(
            "the build", commands.build_wheel(self._programs, builder, source, scratch), cwd=source
        )
        wheel = next(scratch.glob("*.whl"))
        digest = hashlib.sha256(wheel.read_bytes() + lock).hexdigest()
        version = wheel.name.split("-")[1]
        release_id = f"{version}-{digest[:12]}"
        final = self._layout.releases / release_id
        if (final / "release.json").is_file():
            progress(f"{release_id} is already here")
            return self.get(release_id)
        folder = scratch / "release"
        site = folder / "site"
        await self._run("unpacking the wheel", commands.install_wheel(self._programs, python, wheel, site))
        (folder / "requirements.txt").write_bytes(lock)
        schema = await self._describe(python, site)
        release = Release(release_id, version, f"sha256:{digest}", datetime.now(UTC), schema, str(source))
        if final.exists():  # an older one lost its record
            shutil.rmtree(final)
        files.write_json(folder / "release.json", asdict(release), mode=0o644)
        os.rename(folder, final)
        final.chmod(0o555)
        progress(f"built {release_id}")
        return release

    async def _environment(self, lock: bytes, lock_file: Path) -> Path:
        """The environment of a lock file, shared by all releases that have the same."""
        folder = self._layout.environments / _environment_name(lock)
        if not (folder / "complete").is_file():
            shutil.rmtree(folder, ignore_errors=True)
            base = Path(sys.executable).resolve()
            await self._run("making an environment", commands.make_environment(self._programs, base, folder))
            install = commands.install_locked(self._programs, _python_in(folder), lock_file)
            await self._run("installing the locked dependencies", install)
            (folder / "complete").touch()
        return _python_in(folder)

    async def _describe(self, python: Path, site: Path) -> SchemaSupport:
        argv = [str(python), "-m", "api.migrate", "describe"]
        environment = {**commands.BASE_ENVIRONMENT, "PYTHONPATH": str(site), "PYTHONDONTWRITEBYTECODE": "1"}
        done = await self._run("api.migrate describe", argv, environment=environment)
        described = orjson.loads(done.stdout)
        return SchemaSupport(tuple(described["requires"]), tuple(described["knows"]))

    async def _run(
        self,
        what: str,
        argv: list[str],
        *,
        cwd: Path | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> process.Completed:
        inherited = {k: v for k, v in os.environ.items() if k not in {"PYTHONPATH", "VIRTUAL_ENV"}}
        own = {**inherited, "SOURCE_DATE_EPOCH": _REPRODUCIBLE_EPOCH}  # proxies and mirrors are the user's
        done = await process.run(
            argv, environment=environment or own, timeout_seconds=_BUILD_SECONDS, cwd=cwd
        )
        return done.checked(what)


def _environment_name(lock: bytes) -> str:
    interpreter = f"{sys.version_info.major}.{sys.version_info.minor}"
    return f"py{interpreter}-{hashlib.sha256(lock).hexdigest()[:16]}"


def _python_in(environment: Path) -> Path:
    return environment / "bin" / "python"


def _read(file: Path) -> Release:
    document = orjson.loads(file.read_bytes())
    return Release(
        **{
            **document,
            "created_at": datetime.fromisoformat(document["created_at"]),
            "schema": SchemaSupport(**{k: tuple(v) for k, v in document["schema"].items()}),
        }
    )
