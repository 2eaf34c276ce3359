"""docs/reference/configuration.md from the settings."""

from __future__ import annotations

from deployment.docs import fields
from deployment.docs.fields import Setting
from deployment.docs.markdown import code, joined, notice, table

_INTRODUCTION = """\
A value is looked for in four places; a later one wins:

1. the default in the tables below
2. `xiong.toml` in the current folder, or the file that `--config` names
3. the environment: `XIONG_SECTION__NAME`, with two underscores between section and name
4. the flags `--platform` and `--state`

A name that is not listed here is refused in the file, and so is a value out of its bounds.
All faults are shown at once, each with its path; values are not shown.
[`xiong.example.toml`](../../xiong.example.toml) is the same list as a file; copy it and change what you need.

```sh
cp xiong.example.toml xiong.toml
```

A secret is never printed: it shows as `**********` or `[REDACTED]`.
Ports at 0 are picked once, kept in the state folder and used again.
What the service itself reads from its environment is in [environment](environment.md)."""


def page() -> str:
    """The whole page."""
    blocks: list[list[str]] = [
        [notice("src/xiong/config/settings.py")],
        ["# Configuration"],
        _INTRODUCTION.splitlines(),
    ]
    every = list(fields.settings())
    for section, about in fields.sections().items():
        rows = [_row(setting) for setting in every if setting.section == section]
        heading = f"## [{section}]" if section else "## Top level"
        blocks += [[heading], [about], table(("Name", "Type", "Default", "Meaning"), rows)]
        if section:
            variable = next(s.variable for s in every if s.section == section)
            blocks.append([f"In the environment, for example: `{variable}`."])
    return joined(blocks)


def _row(setting: Setting) -> tuple[str, str, str, str]:
    default = "unset" if setting.default is None else code(setting.default)
    return code(setting.path), setting.kind, default, setting.description
