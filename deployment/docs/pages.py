"""Which file is made by which function; read by `__main__`."""

from __future__ import annotations

from collections.abc import Callable

from deployment.docs import cli, configuration, example, exit_codes, json_output

PAGES: dict[str, Callable[[], str]] = {
    "docs/reference/cli.md": cli.page,
    "docs/reference/configuration.md": configuration.page,
    "docs/reference/exit-codes.md": exit_codes.page,
    "docs/reference/json-output.md": json_output.page,
    "xiong.example.toml": example.page,
}
