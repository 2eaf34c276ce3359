"""The shape of one rule, and the pieces of pattern that all rule files share.

Patterns are matched against folded text (see `folding`): ASCII digits and letters, `-` for every
dash, `*` for every sign. They are compiled with IGNORECASE. A group named `v` is the finding;
without one the whole match is.
"""

from dataclasses import dataclass
from enum import Enum

from redaction.model import Kind

# Never \d or \b: \d takes digits of other scripts, and a Han character counts as a word character beside \b.
LEFT = "(?<![A-Za-z0-9])"
RIGHT = "(?![A-Za-z0-9])"
LEFT_NUMBER = "(?<![0-9])"
RIGHT_NUMBER = "(?![0-9])"
# What people put between the digits of one number.
GAP = r"[ .,·\-*_~/|'\"()]{0,3}"


class Check(Enum):
    """What must hold besides the pattern."""

    NONE = "none"
    IDENTITY = "identity"
    CARD = "card"
    PHONE = "phone"
    LANDLINE = "landline"
    PLATE = "plate"
    ACCOUNT = "account"
    LINE_ID = "line_id"
    EMAIL = "email"
    PASSPORT = "passport"


@dataclass(frozen=True, slots=True)
class Rule:
    """One way a kind is written.

    near: a pattern searched in the `before` characters left and `after` characters right of the
    match; without a hit the match is dropped. not_serial: drop the match when the words or the log
    key in front say it is a serial, order or case number. strength: of two overlapping findings the
    stronger one stays. digits and words are the cheap part: the pattern runs only on texts with
    that many digits and with one of these words (in lower case).
    """

    name: str
    kind: Kind
    pattern: str
    check: Check = Check.NONE
    near: str = ""
    before: int = 24
    after: int = 0
    not_serial: bool = True
    strength: int = 50
    digits: int = 0
    words: tuple[str, ...] = ()
