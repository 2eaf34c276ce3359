"""The API against what its own description allows and forbids: generated requests, from a fixed seed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import Case, GenerationMode
from schemathesis.checks import CHECKS
from schemathesis.specs.openapi.checks import positive_data_acceptance

from replicas import TOKEN, Outer, outer_replica
from servers import Valkey

pytestmark = pytest.mark.long

EXAMPLES = 150
BOUNDED = settings(
    max_examples=EXAMPLES,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
TAKES_INPUT = ("/api/v1/chat", "/api/v1/conversations/", "/api/v1/case-contact")
# OpenAPI cannot say "not blank", so some of what it allows is refused
UNSAYABLE = [positive_data_acceptance]


@pytest.fixture
def target(database: Any, valkey: Valkey, tmp_path: Path) -> Iterator[Outer]:
    """A replica in a process of its own."""
    with outer_replica(database.url, valkey.url, tmp_path) as replica:
        yield replica


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
def test_no_generated_request_gets_an_answer_that_is_not_described(
    target: Outer, mode: GenerationMode
) -> None:
    schema = schemathesis.openapi.from_url(f"{target.url}/api/v1/openapi.json")
    operations = [result.ok() for result in schema.get_all_operations()]
    assert {operation.path for operation in operations} >= {"/api/v1/chat", "/metrics"}
    seen = 0
    for operation in operations:
        if mode is GenerationMode.NEGATIVE and not operation.path.startswith(TAKES_INPUT):
            continue

        @BOUNDED
        @given(case=operation.as_strategy(generation_mode=mode))
        def holds(case: Case) -> None:
            nonlocal seen
            seen += 1
            case.call_and_validate(
                headers={"Authorization": f"Bearer {TOKEN}"}, excluded_checks=UNSAYABLE, timeout=10
            )

        holds()
    assert seen > EXAMPLES
    assert "error.stack_trace" not in target.log.read_text()


def test_all_checks_of_the_fuzzer_are_in_force() -> None:
    assert len(CHECKS.get_all_names()) > 10
