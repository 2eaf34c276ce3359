"""Makes one level and one set of categories of what the rules say and what the evidence weighs.

Used by `api.risk.rule_engine`. The rules are sure where they speak but know only the wordings they were
written for; the evidence reads any wording but is less sure. How far a rule verdict can be trusted at each
true level (`trust`) was counted on lines that the rules had not been written for; the two are multiplied
(naive Bayes).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from api.risk.evidence import Evidence
from api.risk.model import Level


@dataclass(frozen=True, slots=True)
class Judgement:
    """The numbers of `rules/judgement.yaml`.

    Attributes:
        trust: for each rule verdict, how often it is given at each true level.
        trust_weight: exponent of that table; more than 1 leans to the rules.
        counts: what the chance of each level counts where danger is weighed against calm. A line of MEDIUM
            that is raised does little harm, one of NONE does more.
        danger_from: how many times the calm the danger must be for HIGH or worse. Below one, since a person
            in danger who is missed weighs more than a page too many.
        same_set_factor: what it counts that the rules name a set of categories at this very level.
    """

    trust: Mapping[Level, Sequence[float]]
    trust_weight: float
    counts: Mapping[Level, float]
    danger_from: float
    same_set_factor: float

    def level(self, said_by_rules: Level, evidence: Evidence) -> Level:
        """The level of both together."""
        trust = self.trust[said_by_rules]
        mixed = {
            level: chance * trust[level] ** self.trust_weight for level, chance in evidence.chances.items()
        }
        counted = {level: chance * self.counts[level] for level, chance in mixed.items()}
        danger = counted[Level.HIGH] + counted[Level.IMMINENT]
        if danger >= self.danger_from * (sum(counted.values()) - danger):
            return Level.IMMINENT if mixed[Level.IMMINENT] >= mixed[Level.HIGH] else Level.HIGH
        return max((Level.NONE, Level.LOW, Level.MEDIUM), key=lambda level: mixed[level])

    def categories(self, by_rules: tuple[str, ...], evidence: Evidence) -> tuple[str, ...]:
        """The likeliest set; `by_rules` is the rules' set where they gave this very level, else empty."""
        chances = dict(evidence.category_sets)
        if by_rules:
            chances[by_rules] = chances.get(by_rules, 0.02) * self.same_set_factor
        return max(chances, key=lambda names: chances[names])


def read_judgement(data: Mapping[str, object]) -> Judgement:
    """Reads `rules/judgement.yaml`."""
    trust, counts = data["trust"], data["counts"]
    if not isinstance(trust, dict) or not isinstance(counts, dict):
        message = f"judgement.yaml: trust and counts must be mappings of levels, got {trust!r}, {counts!r}"
        raise TypeError(message)
    return Judgement(
        trust={Level[name]: tuple(float(x) for x in row) for name, row in trust.items()},
        trust_weight=float(str(data["trust_weight"])),
        counts={Level[name]: float(count) for name, count in counts.items()},
        danger_from=float(str(data["danger_from"])),
        same_set_factor=float(str(data["same_set_factor"])),
    )
