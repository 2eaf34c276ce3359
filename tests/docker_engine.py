"""A Docker engine for tests: whether there is one, the images built once, and a project made by hand.

Without one `ENGINES` is empty: what is parametrized over it is counted and printed by pytest as not run.
Everything made here bears a name of its own and is removed after.
"""

from __future__ import annotations

import fcntl
import hashlib
import itertools
import json
import os
import shutil
import subprocess
import tempfile
import urllib.request
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import psutil

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "deployment" / "docker"
STEP = ROOT / "deployment" / "ci-cd" / "steps" / "image.sh"
USER = (10001, 10001)
POSTGRES = "pgvector/pgvector:pg17"
HBA = "local all all scram-sha-256\nhost all all all scram-sha-256\nhost replication all all scram-sha-256\n"


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str


def docker(*words: str, timeout: float = 120, expect: int | None = 0, **environment: str) -> Ended:
    """Runs the client; the exit code must be as expected (None: any)."""
    done = subprocess.run(
        ["docker", *words],
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
        env={**os.environ, **environment},
    )
    assert expect is None or done.returncode == expect, (
        f"docker {words}: {done.returncode}\n{done.stderr[-3000:]}"
    )
    return Ended(done.returncode, done.stdout, done.stderr)


@cache
def present() -> bool:
    """Whether an engine with compose answers."""
    if shutil.which("docker") is None:
        return False
    try:
        answers = [
            docker(*words, timeout=20, expect=None).code for words in (["version"], ["compose", "version"])
        ]
    except subprocess.TimeoutExpired:
        return False
    return answers == [0, 0]


def _registry() -> list[str]:
    """A registry that answers where registries of one's own do."""
    address = "localhost:5000"
    try:
        with urllib.request.urlopen(f"http://{address}/v2/", timeout=5) as answer:
            return [address] if answer.status == 200 else []
    except OSError:
        return []


ENGINES = ["Docker engine"] if present() else []
REGISTRIES = _registry() if ENGINES else []


@contextmanager
def one_build() -> Iterator[None]:
    """Nobody else builds meanwhile: an engine of 20.10 does not survive two builds at once."""
    with (Path(tempfile.gettempdir()) / "xiong-image-build.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@cache
def image(target: str) -> str:
    """A tag of the image of this tree, built with what the engine has cached."""
    tag = f"xiong-test-{target}"
    with one_build():
        done = subprocess.run(
            [STEP, target, tag], capture_output=True, text=True, timeout=600, check=False, cwd=ROOT
        )
    assert done.returncode == 0, f"{done.stdout[-2000:]}\n{done.stderr[-4000:]}"
    return tag


@cache
def database_user() -> tuple[int, int]:
    """Who runs the server in its image: initdb refuses an id that has no name there."""
    asked = [
        docker("run", "--rm", "--entrypoint=id", POSTGRES, flag, "postgres").out for flag in ("-u", "-g")
    ]
    return int(asked[0]), int(asked[1])


def facts(name: str) -> dict:
    """What the engine knows of an image or a container."""
    return json.loads(docker("inspect", name).out)[0]


def hardened(name: str, *words: str, expect: int | None = 0) -> Ended:
    """Runs a program of an image as the compose file does: nothing to write on, no rights, no network."""
    bounds = [
        "--read-only",
        "--tmpfs=/tmp",
        "--cap-drop=ALL",
        "--security-opt=no-new-privileges",
        "--network=none",
    ]
    return docker("run", "--rm", *bounds, name, *words, expect=expect)


def free_prefix() -> str:
    """The first three numbers of a /24 that no interface of this machine has."""
    taken = {a.address.rpartition(".")[0] for several in psutil.net_if_addrs().values() for a in several}
    seed = hashlib.sha256(uuid.uuid4().bytes).digest()
    return next(p for p in (f"10.{230 + a % 20}.{b}" for a, b in itertools.pairwise(seed)) if p not in taken)


@dataclass
class Project:
    """The shipped files in a state folder of their own, as a person who has no `xiong` runs them."""

    folder: Path = field(default_factory=lambda: Path(tempfile.mkdtemp(prefix="xiong-by-hand-")))
    files: tuple[str, ...] = ("compose.yaml",)
    password: str = field(default_factory=lambda: uuid.uuid4().hex)

    def __post_init__(self) -> None:
        self.name = f"xiong-test-{uuid.uuid4().hex[:8]}"
        self.prefix = free_prefix()
        self.folder.chmod(0o711)
        self._fill()

    def _fill(self) -> None:
        database = f"postgresql://postgres:{self.password}@{self.prefix}.140:5432/xiongichat"
        for name in ("holds", "spool", "valkey"):
            self.put(name, {}, USER)
        for name in ("postgres", "wal"):
            self.put(name, {}, database_user())
        pgpass = f"*:*:*:postgres:{self.password}\n"
        files = {"superuser": self.password, "pgpass": pgpass, "pg_hba.conf": HBA}
        self.put("database", files, database_user())
        digest = hashlib.sha256(self.password.encode()).hexdigest()
        valkey = (
            f"port 6379\nbind 0.0.0.0\nuser default on #{digest} ~* &* +@all\ndir /data\nappendonly yes\n"
        )
        self.put("cache", {"valkey.conf": valkey, "password": self.password}, USER)
        service = {
            "DATABASE_URL": database,
            "REDIS_URL": f"redis://:{self.password}@{self.prefix}.141:6379/0",
            "SECRET_KEY": uuid.uuid4().hex * 2,
            "SECRET_KEYS_ALSO": "",
            "OPENAI_API_KEY": "",
            "API_TOKENS": "[]",
        }
        self.put("service", service, USER)
        upstreams = [{"dial": f"{self.prefix}.30:8000"}]
        hidden = {
            "match": [{"path": ["/metrics"]}],
            "handle": [{"handler": "static_response", "status_code": "404"}],
        }
        routes = [
            {**hidden, "terminal": True},
            {"handle": [{"handler": "reverse_proxy", "upstreams": upstreams}]},
        ]
        servers = {"service": {"listen": [":8080"], "automatic_https": {"disable": True}, "routes": routes}}
        caddy = {
            "admin": {"disabled": True, "config": {"persist": False}},
            "apps": {"http": {"servers": servers}},
        }
        self.put("proxy", {"caddy.json": json.dumps(caddy)}, USER)
        self.put("owner", {"DATABASE_URL": database}, USER)

    def put(self, name: str, files: dict[str, str], user: tuple[int, int]) -> None:
        """Makes a folder of the state with these files, for that user alone."""
        folder = self.folder / name
        folder.mkdir(mode=0o700, exist_ok=True)
        for file, text in files.items():
            (folder / file).write_text(text)
            (folder / file).chmod(0o600)
        for path in (folder, *folder.iterdir()):
            os.chown(path, *user)

    @property
    def variables(self) -> dict[str, str]:
        return {
            "XIONG_STATE": str(self.folder),
            "XIONG_DATA": str(self.folder),
            "XIONG_SERVICE_IMAGE": image("service"),
            "XIONG_OPERATIONS_IMAGE": image("operations"),
            "XIONG_USER": "{}:{}".format(*USER),
            "XIONG_DATABASE_USER": "{}:{}".format(*database_user()),
            "XIONG_OWNER": "0:0",
            "XIONG_DOCKER_GROUP": "0",
            "XIONG_FRONT_SUBNET": f"{self.prefix}.0/25",
            "XIONG_BACK_SUBNET": f"{self.prefix}.128/25",
            "XIONG_FRONT_PREFIX": self.prefix,
            "XIONG_BACK_PREFIX": self.prefix,
            "XIONG_PORT": "0",
            "XIONG_CONSOLE_PORT": "0",
            "XIONG_PUBLIC_URL": "http://127.0.0.1",
            "XIONG_DEPLOYMENT_ID": self.name,
        }

    def compose(self, *words: str, timeout: float = 180, expect: int | None = 0) -> Ended:
        """Runs `docker compose` for this project."""
        file = self.folder / ".env"
        file.write_text("".join(f"{name}={value}\n" for name, value in self.variables.items()))
        files = [word for name in self.files for word in ("-f", str(FOLDER / name))]
        named = ["-p", self.name, *files, "--env-file", str(file)]
        return docker("compose", *named, *words, timeout=timeout, expect=expect)

    def health(self, service: str) -> str:
        """What the engine says of a service's health check."""
        return facts(f"{self.name}-{service}-1")["State"]["Health"]["Status"]

    def check(self, service: str) -> Ended:
        """Runs the health check of a service once, now."""
        test = facts(f"{self.name}-{service}-1")["Config"]["Healthcheck"]["Test"]
        words = ["sh", "-c", test[1]] if test[0] == "CMD-SHELL" else test[1:]
        return docker("exec", f"{self.name}-{service}-1", *words, expect=None)

    def remove(self) -> None:
        """Leaves nothing behind."""
        self.compose("--profile", "jobs", "down", "--volumes", "--timeout=5", expect=None)
        shutil.rmtree(self.folder, ignore_errors=True)
