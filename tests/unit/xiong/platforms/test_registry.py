"""Every platform that can be set is there, and none costs who does not use it."""

from __future__ import annotations

import subprocess
import sys
from typing import get_args

import pytest

from xiong.config.settings import Settings
from xiong.platforms.registry import PLATFORMS, platform_for


def test_every_platform_that_can_be_set_is_there():
    assert set(PLATFORMS) == set(get_args(Settings.model_fields["platform"].annotation))


@pytest.mark.parametrize("name", PLATFORMS)
def test_each_is_made_by_its_name(name, tmp_path):
    assert platform_for(Settings(platform=name, state=tmp_path)).name == name


def test_the_client_of_a_cluster_is_read_where_a_cluster_is_used_and_nowhere_else():
    code = (
        "import sys; from xiong.cli import main; from xiong.config.settings import Settings; "
        "from xiong.platforms.registry import platform_for; "
        "platform_for(Settings(platform='local')); print('kr8s' in sys.modules); "
        "platform_for(Settings(platform='kubernetes')); print('kr8s' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True
    )

    assert done.stdout.split() == ["False", "True"]
