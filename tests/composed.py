"""Whole copies in containers, for tests that need a Docker engine."""

from __future__ import annotations

import json
import shutil
import subprocess

from copies import Copy
from xiong.config.load import load_settings
from xiong.platforms.compose.adapter import ComposePlatform
from xiong.platforms.compose.network import kept
from xiong.platforms.compose.project import Project, project_for
from xiong.platforms.onehost.layout import layout_for
from xiong.platforms.onehost.ports import ports_for


class ComposedCopy(Copy):
    """A copy whose parts are containers."""

    def platform(self) -> ComposePlatform:
        flags = {"platform": "compose", "state": self.state, "proxy": {"port": 0}}
        return ComposePlatform(load_settings(None, flags))

    @property
    def project(self) -> Project:
        """The copy as the engine knows it."""
        settings = load_settings(None, {"platform": "compose", "state": self.state, "proxy": {"port": 0}})
        layout = layout_for(settings.state)
        network = kept(layout.root / "network.json")
        assert network is not None, "it was never brought up"
        return project_for(settings, layout, network, ports_for(settings, layout.ports))

    def container(self, service: str) -> str:
        return self.project.container(service)

    def identity(self, name: str) -> str:
        return next(i.identity for i in self.instances() if i.name == name)

    def remove(self) -> None:
        self.xiong("down", "--purge", "--yes", expect=None)
        shutil.rmtree(self.folder, ignore_errors=True)


def composed(folder, **environment: str) -> ComposedCopy:
    """One that is not up yet."""
    return ComposedCopy(folder, XIONG_PLATFORM="compose", **environment)


def talks(copy: Copy, person: str) -> None:
    """Somebody writes through the proxy, and is answered."""
    token = (copy.state / "secrets" / "operator-token").read_text()
    message = json.dumps({"person": person, "message": "你好"})
    said = subprocess.run(
        [
            *("curl", "-sf", f"{copy.url}/api/v1/chat", "-H", f"Authorization: Bearer {token}"),
            *(
                "-H",
                "Content-Type: application/json",
                "-d",
                message,
            ),
        ],
        capture_output=True,
        check=False,
        timeout=60,
    )
    assert b'"reply"' in said.stdout
