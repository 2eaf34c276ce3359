"""Judges a message by the shipped rules; the `RiskAssessor` that the chat route uses.

Does no I/O after construction and never raises: an error of our own becomes level MEDIUM with the rule
"engine_error", so that a person is still seen and nobody is paged for a bug alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

import structlog

from api.risk.evidence import tokenise
from api.risk.model import CATEGORIES, Assessment, Level, Match
from api.risk.normalise import Folded, Folder
from api.risk.rule_files import Rule, RuleSet, shipped_rules

_QUOTED = re.compile(r"「[^「」\n]{0,200}」|『[^『』\n]{0,200}』|“[^“”\n]{0,200}”|\"[^\"\n]{0,200}\"")
_TRIES = 6  # matches of one rule looked at; a message that repeats a word a thousand times says it once
_REMEMBERED = 6  # earlier messages that may give a vague one its meaning
_BEFORE = 24  # characters before a match in which a negation counts
_LONG = 160  # characters from which the sentences are judged one by one as well
_FIELDS_NAMED = 4  # fields of meaning given as reasons where no rule gave the level
ENGINE_ERROR = "engine_error"

_log = structlog.get_logger(__name__)


class RuleEngine:
    """Rules over folded text."""

    def __init__(self, rules: RuleSet) -> None:
        """Takes compiled rules."""
        self._rules = rules
        self._folder = Folder(rules.spelling)

    @classmethod
    def shipped(cls) -> RuleEngine:
        """The engine with the rules inside the package."""
        return cls(shipped_rules())

    def assess(self, text: str, history: tuple[str, ...] = ()) -> Assessment:
        """Judges `text`; `history` (oldest first) can only raise the level, never lower it."""
        try:
            return self._assess(text, history)
        except Exception as error:  # a bug here must not cost the person an answer
            _log.error("risk_engine_error", error=type(error).__name__)
            return Assessment(Level.MEDIUM, ("mental_health",), (Match(ENGINE_ERROR, 0, len(text)),))

    def _assess(self, text: str, history: tuple[str, ...]) -> Assessment:
        reading = _Reading(self._folder.fold(text), self._rules)
        found = list(self._speaking(reading))
        alone = self._judge(reading, found)
        if len(reading.text) > _LONG:
            alone = max(alone, self._worst_sentence(reading), key=lambda a: a.level)
        if not history or alone.level >= Level.IMMINENT:
            return alone
        return self._in_the_light_of(history, reading, found, alone)

    def _speaking(self, reading: _Reading) -> Iterable[tuple[Rule, Match]]:
        for rule in self._rules.rules:
            match = reading.first(rule)
            if match is not None:
                yield rule, match

    def _judge(self, reading: _Reading, found: list[tuple[Rule, Match]]) -> Assessment:
        """What the message is taken alone: the rules and the evidence together."""
        by_rules = _verdict(found)
        evidence = self._rules.scorer.weigh(reading.text, reading.marks())
        level = self._rules.judgement.level(by_rules.level, evidence)
        if level is Level.NONE:
            return Assessment(Level.NONE)
        agreed = by_rules.categories if by_rules.level is level else ()
        categories = self._rules.judgement.categories(agreed, evidence)
        matches = [match for _, match in found]
        if by_rules.level is not level:
            spoke = self._rules.scorer.loudest(evidence, level, _FIELDS_NAMED)
            matches += [reading.field_match(name, evidence.fields[name]) for name in spoke]
        return Assessment(level, categories, tuple(sorted(matches, key=lambda m: (m.start, m.end))))

    def _worst_sentence(self, reading: _Reading) -> Assessment:
        """One sentence must not drown in a page: each is judged as if it had been sent alone."""
        parts = [_Reading(part, self._rules) for part in reading.sentences()]
        return max((self._judge(part, list(self._speaking(part))) for part in parts), key=lambda a: a.level)

    def features(self, text: str) -> frozenset[str]:
        """What the evidence sees of a message; for `python -m api.risk learn`."""
        reading = _Reading(self._folder.fold(text), self._rules)
        for _ in self._speaking(reading):  # what silences a rule is a mark
            pass
        tokens = tokenise(reading.text)
        fields = self._rules.reader.fields(tokens)
        return frozenset(self._rules.reader.features(tokens, (*fields, *reading.marks())))

    def _in_the_light_of(
        self,
        history: tuple[str, ...],
        reading: _Reading,
        found: list[tuple[Rule, Match]],
        alone: Assessment,
    ) -> Assessment:
        vague = [
            f for f in self._rules.follow_ups if f.level > alone.level and reading.says(f.pattern, f.unless)
        ]
        if not vague:
            return alone
        before = max((self._assess(earlier, ()) for earlier in history[-_REMEMBERED:]), key=lambda a: a.level)
        for follow_up in sorted(vague, key=lambda f: f.level, reverse=True):
            if before.level >= follow_up.after:
                match = reading.match(follow_up.name, follow_up.pattern)
                matches = sorted([*(m for _, m in found), match], key=lambda m: (m.start, m.end))
                wanted = {*before.categories, *alone.categories}
                return Assessment(follow_up.level, _ordered(wanted), tuple(matches))
        return alone


class _Reading:
    """One message while it is judged: its folded text and what has been found out about it so far."""

    def __init__(self, folded: Folded, rules: RuleSet) -> None:
        self._folded = folded
        self._rules = rules
        self._present: dict[str, bool] = {}
        self._quotes: list[tuple[int, int]] | None = None
        self._silencers: set[str] = set()  # why matches did not count; evidence in itself

    @property
    def text(self) -> str:
        """The folded text."""
        return self._folded.text

    def sentences(self) -> list[Folded]:
        """The sentences, each with its place in the original."""
        return self._folded.sentences()

    def marks(self) -> list[str]:
        """The contexts present, as the evidence names them."""
        marks = [f"?{name}" for name in self._rules.marks if self.has(name)]
        return [*marks, *(f"?{why}" for why in sorted(self._silencers))]

    def field_match(self, name: str, span: tuple[int, int]) -> Match:
        """Where a field of meaning first spoke, in the original text."""
        return Match(f"evidence:{name}", *self._folded.original_span(*span))

    def first(self, rule: Rule) -> Match | None:
        """The first match of the rule that nothing silences."""
        if rule.pattern.search(self._folded.text) is None or not self._holds(rule.also, rule.unless):
            return None
        if any(self.has(name) for name in rule.guard):
            self._silencers.add("guarded")
            return None
        for tried, found in enumerate(rule.pattern.finditer(self._folded.text)):
            if tried == _TRIES:
                break
            if not self._silenced(rule, found.start(), found.end()):
                return Match(rule.name, *self._folded.original_span(found.start(), found.end()))
        return None

    def says(self, pattern: re.Pattern[str], unless: tuple[str, ...]) -> bool:
        """Whether the pattern is in the message and none of the concepts is."""
        return pattern.search(self._folded.text) is not None and self._holds((), unless)

    def match(self, name: str, pattern: re.Pattern[str]) -> Match:
        """Where the pattern first is, in the original text."""
        found = pattern.search(self._folded.text)
        span = (0, 0) if found is None else found.span()
        return Match(name, *self._folded.original_span(*span))

    def has(self, name: str) -> bool:
        """Whether the message shows that concept or context."""
        known = self._present.get(name)
        if known is None:
            context = self._rules.contexts[name]
            known = context.pattern.search(self._folded.text) is not None and self._holds(
                context.also, context.unless
            )
            self._present[name] = known
        return known

    def _holds(self, also: tuple[tuple[str, ...], ...], unless: tuple[str, ...]) -> bool:
        return all(any(self.has(name) for name in group) for group in also) and not any(
            self.has(name) for name in unless
        )

    def _silenced(self, rule: Rule, start: int, end: int) -> bool:
        text = self._folded.text
        if self._in_quotes(start, end) and any(self.has(name) for name in self._rules.quoted_guard):
            self._silencers.add("quoted")
            return True
        if not rule.negatable:
            return False
        before = text[max(0, start - _BEFORE) : start]
        if self._rules.negation_before.search(before) or self._rules.negation_after.match(text, end):
            self._silencers.add("denied")
            return True
        return False

    def _in_quotes(self, start: int, end: int) -> bool:
        if self._quotes is None:
            self._quotes = [match.span() for match in _QUOTED.finditer(self._folded.text)]
        return any(begin <= start and end <= stop for begin, stop in self._quotes)


def _ordered(wanted: set[str]) -> tuple[str, ...]:
    return tuple(category for category in CATEGORIES if category in wanted)


def _verdict(found: list[tuple[Rule, Match]]) -> Assessment:
    """The worst level, and the categories of the rules that give it; all matches, in text order."""
    if not found:
        return Assessment(Level.NONE)
    level = max(rule.level for rule, _ in found)
    wanted = {category for rule, _ in found if rule.level == level for category in rule.categories}
    matches = sorted((match for _, match in found), key=lambda match: (match.start, match.end))
    return Assessment(level, _ordered(wanted), tuple(matches))
