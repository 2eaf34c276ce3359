"""Caddy with active checks beside nginx with passive ones, before the same replicas, in the same rolls.

Free nginx asks no upstream whether it is well: it learns by a request that failed. Both stand in containers
on the same network; the same load goes through each while `xiong deploy` replaces the replicas. Needs a
Docker engine with an nginx image.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
import tempfile
from pathlib import Path

from bench import report
from bench.load import load
from bench.load_result import LoadResult
from bench.ports import free_port
from bench.product import REPLICAS, printed_json

_ROOT = Path(__file__).parents[1]
_IMAGE = os.environ.get("NGINX_IMAGE", "nginx:1.30-alpine")
_SLOTS = REPLICAS + 1  # one more while they are replaced
_CONFIGURATION = """
events {{}}
http {{
  access_log off;
  upstream api {{
    zone api 64k;
    {servers}
    keepalive 32;
  }}
  server {{
    listen 8080;
    location / {{
      proxy_pass http://api;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_connect_timeout 1s;
      proxy_next_upstream error timeout;
      proxy_next_upstream_tries 3;
    }}
  }}
}}
"""


async def run(*, quick: bool) -> None:
    """Called by `python -m bench proxies`."""
    await asyncio.to_thread(asyncio.run, _run(quick=quick))  # uvloop starts no process as another user


async def _run(*, quick: bool) -> None:
    scratch = Path(tempfile.mkdtemp(prefix="xiong-bench-proxies-"))
    scratch.chmod(0o711)
    state, source, nginx = scratch / "state", scratch / "source", f"xiong-bench-nginx-{os.getpid()}"
    try:
        source_tree(source)
        up = await _xiong(state, source, "up", "--detach")
        port = await _start_nginx(state, scratch, nginx)
        token = (state / "secrets" / "operator-token").read_text()
        urls = {"Caddy, active checks": str(up["url"]), "nginx, passive checks": f"http://127.0.0.1:{port}"}
        found = await _rolled(state, source, urls, token, rolls=1 if quick else 4)
    finally:
        await _docker("rm", "--force", nginx)
        await _xiong(state, source, "down", "--purge", "--yes")
        shutil.rmtree(scratch, ignore_errors=True)
    report.table(
        f"requests while {REPLICAS} replicas are replaced, through each proxy at the same time",
        ["proxy", "connections", "requests", "lost", "slowest", "p50", "p99"],
        [_row(*named, result) for named, result in found.items()],
    )
    report.save("proxies", {f"{a}, {b}": [r.sent, r.failed] for (a, b), r in found.items()})


async def _rolled(
    state: Path, source: Path, urls: dict[str, str], token: str, *, rolls: int
) -> dict[tuple[str, str], LoadResult]:
    stop = asyncio.Event()
    work = {
        (name, "kept" if keep else "new"): asyncio.create_task(
            load(url, token, seconds=900, connections=4, keep_alive=keep, stop=stop)
        )
        for name, url in urls.items()
        for keep in (True, False)
    }
    for number in range(rolls):
        with (source / "src/api/main.py").open("a") as file:
            file.write(f"# roll {number}\n")
        await _xiong(state, source, "deploy", "--from", str(source))
    stop.set()
    return {named: await task for named, task in work.items()}


async def _start_nginx(state: Path, scratch: Path, name: str) -> int:
    """Before the slots that the rolls use, on a free port of the loopback."""
    prefix = (state / "network.json").read_text().split('"')[3]
    servers = [f"server {prefix}.{30 + slot}:8000 max_fails=1 fail_timeout=1s;" for slot in range(_SLOTS)]
    file = scratch / "nginx.conf"
    file.write_text(_CONFIGURATION.format(servers="\n    ".join(servers)))
    file.chmod(0o644)
    networks = (await _docker("network", "ls", "--format", "{{.Name}}")).split()
    subnets = {n: await _docker("network", "inspect", "-f", "{{json .IPAM.Config}}", n) for n in networks}
    front = next(name for name, subnet in subnets.items() if f"{prefix}.0/25" in subnet)
    port = free_port()
    published = f"127.0.0.1:{port}:8080"
    volume = f"{file}:/etc/nginx/nginx.conf:ro"
    await _docker("run", "-d", "--name", name, "--network", front, "-p", published, "-v", volume, _IMAGE)
    return port


def _row(name: str, connections: str, result: LoadResult) -> list[str]:
    lost = f"{result.failed}" + (f" ({result.kinds})" if result.failed else "")
    medians = [f"{1000 * seconds:.1f} ms" for seconds in (result.p50, result.p99)]
    return [name, connections, str(result.sent), lost, f"{result.slowest:.2f} s", *medians]


def source_tree(folder: Path) -> None:
    """What an image is built from, copied, so that it can be changed."""
    folder.mkdir()
    for name in ("src", "requirements", "deployment"):
        shutil.copytree(_ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(_ROOT / name, folder / name)


async def _xiong(state: Path, source: Path, *words: str) -> dict[str, object]:
    os.environ |= {
        "XIONG_PLATFORM": "compose",
        "XIONG_WATCH__ENABLED": "false",
        "XIONG_MONITORING__ENABLED": "false",
        "XIONG_CONSOLE__ENABLED": "false",
        "XIONG_PROXY__PORT": "0",
        "XIONG_SERVICE__SOURCE": str(source),
    }
    argv = [sys.executable, "-m", "xiong", "--state", str(state), "--json", *words]
    return await printed_json(argv, cwd=state.parent)


async def _docker(*words: str) -> str:
    process = await asyncio.create_subprocess_exec(
        "docker", *words, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL
    )
    out, _ = await process.communicate()
    return out.decode().strip()
