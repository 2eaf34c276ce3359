"""Sets up Elasticsearch and Kibana: templates, the writer's account, Kibana's password, its objects.

Run by the service `logging-setup` of compose.logging.yaml, with nothing but Python; safe to repeat: as
long as one of both does not answer it fails, and the engine starts it again. Addresses by
XIONG_ELASTICSEARCH and XIONG_KIBANA (empty: no Kibana); passwords from XIONG_ACCOUNTS, a folder with the
files `elastic`, `writer` and `kibana` (missing: a server without accounts).
"""

from __future__ import annotations

import base64
import json
import os
import sys
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

HERE = Path(__file__).resolve().parent
_ROLE = {
    "cluster": ["monitor"],
    "indices": [
        {"names": ["logs-xiongichat*"], "privileges": ["create_doc", "auto_configure", "create_index"]}
    ],
}
_TIMEOUT_SECONDS = 30.0

Ask = Callable[[str, str, object], object]


def client(url: str, password: str, headers: dict[str, str]) -> Ask:
    """Sends a method, a path and a JSON body; returns the answer's JSON."""
    sent = {"Content-Type": "application/json", **headers}
    if password:
        sent["Authorization"] = f"Basic {base64.b64encode(f'elastic:{password}'.encode()).decode()}"

    def ask(method: str, path: str, body: object = None) -> object:
        data = body if isinstance(body, bytes) else None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{url}{path}", data=data, headers=sent, method=method)  # noqa: S310
        with urllib.request.urlopen(request, timeout=_TIMEOUT_SECONDS) as answer:  # noqa: S310
            return json.loads(answer.read() or b"null")

    return ask


def elasticsearch(ask: Ask, passwords: dict[str, str]) -> None:
    """Templates first, since a line that comes before them would make a mapping of its own."""
    folder = HERE / "elasticsearch"
    for file in sorted(folder.glob("*@*.json")):
        ask("PUT", f"/_component_template/{file.stem}", json.loads(file.read_text("utf-8")))
    template = json.loads((folder / "logs-xiongichat.json").read_text("utf-8"))
    ask("PUT", "/_index_template/logs-xiongichat", template)
    if passwords:
        ask("PUT", "/_security/role/xiongichat_writer", _ROLE)
        account = {"password": passwords["writer"], "roles": ["xiongichat_writer"]}
        ask("PUT", "/_security/user/xiongichat_writer", account)
        ask("POST", "/_security/user/kibana_system/_password", {"password": passwords["kibana"]})


def kibana(ask: Ask) -> None:
    """Imports the objects over those of an earlier version."""
    mark = "xiongichat-objects"
    content = (HERE / "kibana" / "objects.ndjson").read_bytes()
    head = f'--{mark}\r\nContent-Disposition: form-data; name="file"; filename="objects.ndjson"\r\n\r\n'
    body = head.encode() + content + f"\r\n--{mark}--\r\n".encode()
    ask("POST", "/api/saved_objects/_import?overwrite=true", body)


def done(what: str, step: Callable[[], None]) -> None:
    """Runs a step; ends the program with the reason where it does not work."""
    try:
        step()
    except urllib.error.HTTPError as error:
        raise SystemExit(f"{what} refuses: {error.code} {error.read()[:500]!r}") from error
    except OSError as error:
        raise SystemExit(f"{what} does not answer: {error}") from error
    sys.stdout.write(f"{what} is set up\n")


def main() -> None:
    """Runs the command."""
    folder = Path(os.environ.get("XIONG_ACCOUNTS", "/nowhere"))
    passwords = {f.name: f.read_text("utf-8").strip() for f in folder.glob("*")} if folder.is_dir() else {}
    ask = client(os.environ["XIONG_ELASTICSEARCH"], passwords.get("elastic", ""), {})
    done("Elasticsearch", lambda: elasticsearch(ask, passwords))
    if address := os.environ.get("XIONG_KIBANA"):
        headers = {"kbn-xsrf": "xiong", "Content-Type": "multipart/form-data; boundary=xiongichat-objects"}
        asked = client(address, passwords.get("elastic", ""), headers)
        done("Kibana", lambda: kibana(asked))


if __name__ == "__main__":
    main()
