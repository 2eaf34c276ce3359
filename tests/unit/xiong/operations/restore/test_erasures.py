"""The registers of erasures that are found become one, so that the service looks at everybody once."""

import orjson
import pytest

from xiong.errors import PlatformError
from xiong.operations.restore.erasures import joined


def register(*ids: int) -> bytes:
    return orjson.dumps({"erasures": [{"id": number, "at": "2026-01-01T00:00:00Z"} for number in ids]})


def test_what_stands_in_any_register_stands_once_in_the_one():
    found = orjson.loads(joined([register(1, 2), register(), register(2, 3)]))
    assert [row["id"] for row in found["erasures"]] == [1, 2, 3]


def test_the_same_erasure_written_in_another_order_is_the_same():
    other = b'{"erasures": [{"at": "2026-01-01T00:00:00Z", "id": 1}]}'
    assert len(orjson.loads(joined([register(1), other]))["erasures"]) == 1


@pytest.mark.parametrize("broken", [b"", b"[]", b"{}", b'{"erasures": 3}', b"not JSON"])
def test_a_register_that_cannot_be_read_lets_nobody_in(broken: bytes):
    with pytest.raises(PlatformError, match="register of erasures"):
        joined([register(1), broken])
