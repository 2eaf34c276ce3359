"""What memory is left, on a machine and inside a container's limit."""

import psutil
import pytest

from xiong.tools import host

MIB = 2**20


@pytest.fixture
def group(tmp_path):
    """A control group's files."""

    def made(limit: str, used: int = 0, unused_files: int = 0):
        (tmp_path / "memory.max").write_text(f"{limit}\n")
        (tmp_path / "memory.current").write_text(f"{used}\n")
        (tmp_path / "memory.stat").write_text(f"anon 5\ninactive_file {unused_files}\nactive_file 7\n")
        return tmp_path

    return made


def test_without_a_limit_it_is_the_machines(group, tmp_path):
    machine = psutil.virtual_memory()

    for folder in (tmp_path / "absent", group("max"), group(str(2**62))):
        available, size = host.memory(folder)
        assert size == machine.total
        assert 0 < available <= size


def test_with_a_limit_what_is_left_of_it_counts_and_unused_files_are_free(group):
    assert host.memory(group(str(100 * MIB), 90 * MIB)) == (10 * MIB, 100 * MIB)
    assert host.memory(group(str(100 * MIB), 90 * MIB, 40 * MIB)) == (50 * MIB, 100 * MIB)
