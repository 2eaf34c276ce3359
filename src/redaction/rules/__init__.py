"""The rule table: what each kind looks like and which words beside it count. Data only; `engine` reads it."""

from redaction.rules.contact import CONTACT_RULES
from redaction.rules.identity import IDENTITY_RULES
from redaction.rules.money import MONEY_RULES
from redaction.rules.rule import Check, Rule

RULES: tuple[Rule, ...] = (*IDENTITY_RULES, *CONTACT_RULES, *MONEY_RULES)

__all__ = ["RULES", "Check", "Rule"]
