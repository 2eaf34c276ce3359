"""Who may do what in the console: three roles, each of which includes the one before it."""

from __future__ import annotations

from enum import StrEnum


class Role(StrEnum):
    """What a token allows."""

    VIEW = "view"
    ACKNOWLEDGE = "acknowledge"
    OPERATE = "operate"

    def allows(self, wanted: Role) -> bool:
        """Whether somebody of this role may do what `wanted` may."""
        order = list(Role)
        return order.index(self) >= order.index(wanted)
