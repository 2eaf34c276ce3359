"""Reads the rule files of `rules/*.yaml` once and compiles them; used by `api.risk.rule_engine`.

How a pattern is written (see docs/reference/risk.md): one regular expression a line over folded text, where
`<name>` is the alternation of that concept, `~` a gap within a clause and `≈` a gap within a sentence.
Gaps are bounded and never nested, so that matching stays linear in the length of the message.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Any

from api.risk.evidence import EvidenceScorer, FeatureReader, read_fields, read_kinds
from api.risk.judgement import Judgement, read_judgement
from api.risk.model import CATEGORIES, Level
from api.risk.normalise import Spelling
from api.risk.weights import Weights, read_weights
from api.shipped import read_yaml

_GAPS = {"~": r"[^,\n?]{0,6}", "≈": r"[^\n?]{0,16}", "¶": r"[\s\S]{0,60}"}
_UNBOUNDED = re.compile(r"(\\w|\\d|\]|\))([+*])")
_REFERENCE = re.compile(r"<([a-z_0-9]+)>")
_SEPARATORS = r"[ .*_\-~/|·+=#]{0,3}"


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: a pattern, and what else the message must or must not hold.

    Attributes:
        name: unique; appears in matches, events and metrics.
        level: what it raises the message to.
        categories: what it is about.
        pattern: what must be found.
        also: groups of concepts; of each group at least one must be in the message.
        unless: concepts that silence it.
        guard: the contexts (hyperbole, fiction, news, ...) that silence it.
        negatable: whether a negation right before or after a match silences that match.
    """

    name: str
    level: Level
    categories: tuple[str, ...]
    pattern: re.Pattern[str]
    also: tuple[tuple[str, ...], ...] = ()
    unless: tuple[str, ...] = ()
    guard: tuple[str, ...] = ()
    negatable: bool = True


@dataclass(frozen=True, slots=True)
class Context:
    """What a message is like as a whole (a joke, a plot, the news): a pattern and its conditions."""

    pattern: re.Pattern[str]
    also: tuple[tuple[str, ...], ...] = ()
    unless: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FollowUp:
    """A vague sentence that means something only after what the person said before."""

    name: str
    level: Level
    after: Level
    pattern: re.Pattern[str]
    unless: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RuleSet:
    """Everything the engine needs."""

    spelling: Spelling
    rules: tuple[Rule, ...]
    contexts: Mapping[str, Context]
    follow_ups: tuple[FollowUp, ...]
    negation_before: re.Pattern[str]
    negation_after: re.Pattern[str]
    quoted_guard: tuple[str, ...]
    reader: FeatureReader
    scorer: EvidenceScorer
    judgement: Judgement
    marks: tuple[str, ...]


class _Concepts:
    """Expands `<name>` references; concepts may refer to concepts that stand in any file."""

    def __init__(self, texts: Mapping[str, str]) -> None:
        self._texts = texts
        self._expanded: dict[str, str] = {}

    def expand(self, name: str) -> str:
        if name not in self._expanded:
            self._expanded[name] = self._alternation(self._texts[name])
        return self._expanded[name]

    def compile(self, text: str) -> re.Pattern[str]:
        # ASCII: \b must see the border between a Chinese and a Latin letter.
        return re.compile(self._alternation(text), re.ASCII)

    def _alternation(self, text: str) -> str:
        lines = [line.strip() for line in text.splitlines() if line.strip()]
        return "|".join(self._line(line) for line in lines)

    def _line(self, line: str) -> str:
        for sign, gap in _GAPS.items():
            line = line.replace(sign, gap)
        line = _UNBOUNDED.sub(_bounded, line)
        return _REFERENCE.sub(lambda m: f"(?:{self.expand(m[1])})", line)


def _bounded(match: re.Match[str]) -> str:
    # "\\d+" over four thousand digits costs their square; nobody writes a time of day with seven.
    least, most = (0 if match[2] == "*" else 1), (20 if match[1] == "\\w" else 6)
    return f"{match[1]}{{{least},{most}}}"


@lru_cache(maxsize=1)
def shipped_rules() -> RuleSet:
    """The rules inside the package, compiled once a process."""
    folder = files("api.risk") / "rules"
    documents = [
        read_yaml(entry)
        for entry in sorted(folder.iterdir(), key=lambda entry: entry.name)
        if entry.name.endswith(".yaml")
    ]
    kinds = read_kinds((folder / "kinds.txt").read_text(encoding="utf-8"))
    return build(documents, kinds, read_weights((folder / "evidence.json").read_bytes()))


def build(documents: Iterable[Mapping[str, Any]], kinds: Mapping[str, str], weights: Weights) -> RuleSet:
    """Puts the parsed files together."""
    parts = ("concepts", "contexts", "guards", "spelling", "fields", "judgement")
    merged: dict[str, dict[str, Any]] = {part: {} for part in parts}
    listed: dict[str, list[Mapping[str, Any]]] = {"rules": [], "follow_ups": []}
    for document in documents:
        for key, part in merged.items():
            part.update(document.get(key) or {})
        for key, items in listed.items():
            items.extend(document.get(key) or [])
    concepts = _Concepts(merged["concepts"])
    rules = tuple(_rule(entry, concepts, merged["guards"]) for entry in listed["rules"])
    follow_ups = tuple(_follow_up(entry, concepts) for entry in listed["follow_ups"])
    contexts = {name: _context(entry, concepts) for name, entry in merged["contexts"].items()}
    marks, quoted = tuple(merged["judgement"]["marks"].split()), tuple(merged["guards"]["quoted"])
    asked = _asked_for(rules, follow_ups, contexts.values()) | {*marks, *quoted}
    for name in sorted(asked - contexts.keys()):
        if name in merged["concepts"]:  # compiled only where asked for: that is most of a start's time
            contexts[name] = Context(concepts.compile(f"<{name}>"))
    _check_names(rules, contexts)
    reader = FeatureReader(read_fields(merged["fields"]), kinds)
    return RuleSet(
        spelling=_spelling(merged["spelling"]),
        rules=rules,
        contexts=contexts,
        follow_ups=follow_ups,
        negation_before=re.compile(rf"(?:{concepts.expand('negation_before')})[^,\n?]{{0,5}}$", re.ASCII),
        negation_after=re.compile(rf"[^,\n?]{{0,5}}(?:{concepts.expand('negation_after')})", re.ASCII),
        quoted_guard=quoted,
        reader=reader,
        scorer=EvidenceScorer(reader, weights),
        judgement=read_judgement(merged["judgement"]),
        marks=marks,
    )


def _asked_for(
    rules: Iterable[Rule], follow_ups: Iterable[FollowUp], contexts: Iterable[Context]
) -> set[str]:
    """The concepts that something needs to know the presence of."""
    asked = {name for rule in rules for name in rule.guard}
    asked |= {name for follow_up in follow_ups for name in follow_up.unless}
    conditions = [(one.also, one.unless) for one in rules] + [(one.also, one.unless) for one in contexts]
    for also, unless in conditions:
        asked |= {*unless, *(name for group in also for name in group)}
    return asked


def _groups(entry: Mapping[str, Any]) -> tuple[tuple[str, ...], ...]:
    return tuple(tuple(group.split("|")) for group in entry.get("also", ()))


def _context(entry: Mapping[str, Any], concepts: _Concepts) -> Context:
    return Context(concepts.compile(entry["any"]), _groups(entry), tuple(entry.get("unless", ())))


def _rule(entry: Mapping[str, Any], concepts: _Concepts, guards: Mapping[str, list[str]]) -> Rule:
    return Rule(
        name=entry["name"],
        level=Level[entry["level"]],
        categories=tuple(c for c in CATEGORIES if c in entry["categories"]),
        pattern=concepts.compile(entry["any"]),
        also=_groups(entry),
        unless=tuple(entry.get("unless", ())),
        guard=tuple(guards[entry["guard"]]),
        negatable=entry.get("negatable", True),
    )


def _follow_up(entry: Mapping[str, Any], concepts: _Concepts) -> FollowUp:
    return FollowUp(
        name=entry["name"],
        level=Level[entry["level"]],
        after=Level[entry["after"]],
        pattern=concepts.compile(entry["any"]),
        unless=tuple(entry.get("unless", ())),
    )


def _check_names(rules: tuple[Rule, ...], contexts: Mapping[str, Context]) -> None:
    names = [rule.name for rule in rules]
    if len(set(names)) != len(names):
        message = f"rule names are not unique: {sorted({n for n in names if names.count(n) > 1})}"
        raise ValueError(message)
    for rule in rules:
        wanted = {name for group in rule.also for name in group} | {*rule.unless, *rule.guard}
        if missing := wanted - contexts.keys():
            message = f"rule {rule.name} names unknown concepts: {sorted(missing)}"
            raise ValueError(message)


def _spelling(data: Mapping[str, Any]) -> Spelling:
    pairs: str = "".join(data["simplified"].split())
    replacements = {
        wrong.replace("_", " "): right
        for right, wrongs in data["homophones"].items()
        for wrong in wrongs.split()
    }
    patterns = sorted((re.escape(wrong) for wrong in replacements), key=len, reverse=True)
    patterns += [_SEPARATORS.join(word) for word in data["split"].split()]
    return Spelling(
        characters=dict(zip(pairs[::2], pairs[1::2], strict=True)),
        zhuyin={
            syllable: character for character, said in data["zhuyin"].items() for syllable in said.split()
        },
        homophones=re.compile("|".join(patterns)),
        replacements=replacements,
        conditional=tuple((re.compile(p, re.ASCII), right) for right, p in data["conditional"].items()),
    )
