"""Who may do what in the console: three roles, each within the next, and one that alone reads messages."""

from __future__ import annotations

from enum import StrEnum


class Role(StrEnum):
    """What a token allows."""

    VIEW = "view"
    ACKNOWLEDGE = "acknowledge"
    OPERATE = "operate"
    CARE = "care"

    def allows(self, wanted: Role) -> bool:
        """Whether somebody of this role may do what `wanted` may."""
        return wanted in _ALLOWED[self]


# whoever runs the service does not read what people wrote, and whoever cares for them does not run it
_ALLOWED = {
    Role.VIEW: {Role.VIEW},
    Role.ACKNOWLEDGE: {Role.VIEW, Role.ACKNOWLEDGE},
    Role.OPERATE: {Role.VIEW, Role.ACKNOWLEDGE, Role.OPERATE},
    Role.CARE: {Role.VIEW, Role.ACKNOWLEDGE, Role.CARE},
}
