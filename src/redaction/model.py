"""What a finding is: a kind of personal data and where it stands in the caller's own text.

Used by every module of this package and by callers that want spans instead of replaced text.
"""

from enum import StrEnum
from typing import NamedTuple


class Kind(StrEnum):
    """The kinds of personal data this package knows; the value is the word in a replacement."""

    TW_ID = "TW_ID"
    TW_ARC = "TW_ARC"
    PHONE_MOBILE = "PHONE_MOBILE"
    PHONE_LANDLINE = "PHONE_LANDLINE"
    EMAIL = "EMAIL"
    LINE_ID = "LINE_ID"
    PLATE = "PLATE"
    NHI_CARD = "NHI_CARD"
    CREDIT_CARD = "CREDIT_CARD"
    BANK_ACCOUNT = "BANK_ACCOUNT"
    ADDRESS = "ADDRESS"
    NAME = "NAME"
    PASSPORT = "PASSPORT"
    BIRTHDATE = "BIRTHDATE"

    @property
    def replacement(self) -> str:
        """The text that stands in for a value of this kind, for example `[TW_ID]`."""
        return f"[{self.value}]"


class Span(NamedTuple):
    """One finding: `text[start:end]` of the original text is personal data of this kind."""

    start: int
    end: int
    kind: Kind
