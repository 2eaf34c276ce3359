"""What a client may send that is wrong, and what it gets: never a 500, never its own words back."""

from __future__ import annotations

from typing import Any

import pytest

from replicas import NO_SCOPE_TOKEN, TOKEN, Inner

CANARY = "canaryvalue"
JSON = {"Content-Type": "application/json"}


def _body(message: str = "hello", **fields: str) -> bytes:
    parts = {"person": '"p-1"', "message": f'"{message}"', **fields}
    return ("{" + ", ".join(f'"{name}": {value}' for name, value in parts.items()) + "}").encode()


CASES: dict[str, tuple[bytes, dict[str, str], int]] = {
    "no body": (b"", JSON, 422),
    "no JSON": (b"{" + CANARY.encode(), JSON, 400),
    "no UTF-8": (b'{"person": "p-1", "message": "\xff\xfe"}', JSON, 400),
    "a list": (f'["{CANARY}"]'.encode(), JSON, 422),
    "a number": (b"12", JSON, 422),
    "nested deeply": (b'{"person":' + b"[" * 30_000 + b"]" * 30_000 + b"}", JSON, 400),
    "nested deeply and unfinished": (b"[" * 60_000, JSON, 400),
    "a huge number": (b'{"person": "p-1", "message": ' + b"9" * 6_000 + b"}", JSON, 400),
    "not a number": (_body(message="x", person="NaN"), JSON, 422),
    "no content type": (_body(), {}, 415),
    "text": (_body(), {"Content-Type": "text/plain"}, 415),
    "a form": (b"person=p-1&message=hello", {"Content-Type": "application/x-www-form-urlencoded"}, 415),
    "no person": (b'{"message": "hello"}', JSON, 422),
    "a person with a space": (_body(person=f'"{CANARY} 1"'), JSON, 422),
    "a person with a line end": (_body(person='"p-1\\n"'), JSON, 422),
    "a long person": (_body(person='"' + "p" * 129 + '"'), JSON, 422),
    "a person that is a number": (_body(person="1"), JSON, 422),
    "an empty message": (_body(message=""), JSON, 422),
    "a blank message": (_body(message=" \\t\\n\\u3000\\u200b"), JSON, 422),
    "a long message": (_body(message="話" * 4001), JSON, 422),
    "a NUL": (_body(message=f"{CANARY}\\u0000"), JSON, 422),
    "half a surrogate pair": (_body(message=f"{CANARY}\\ud800"), JSON, 422),
    "no conversation id": (_body(conversation_id=f'"{CANARY}"'), JSON, 422),
    "an empty key": (_body(), {**JSON, "Idempotency-Key": ""}, 422),
    "a long key": (_body(), {**JSON, "Idempotency-Key": "k" * 201}, 422),
    "a key with a tab": (_body(), {**JSON, "Idempotency-Key": f"{CANARY}\tk"}, 422),
    "a key that is not ASCII": (_body(), {**JSON, "Idempotency-Key": "é"}, 422),
    "a strange mark": (_body(), {**JSON, "X-Synthetic": CANARY}, 422),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
async def test_a_wrong_request_gets_an_error_that_repeats_nothing(
    replica: Inner, rows: Any, case: tuple[bytes, dict[str, str], int]
) -> None:
    content, headers, status = case
    raw = {name: value.encode("latin-1") for name, value in headers.items()}
    answer = await replica.client.post("/api/v1/chat", content=content, headers=raw)
    assert answer.status_code == status, answer.text
    error = answer.json()["error"]
    assert set(error) - {"details"} == {"code", "message", "request_id"}
    assert error["request_id"] == answer.headers["x-request-id"]
    assert CANARY not in answer.text
    assert CANARY not in replica.log.getvalue().decode()
    assert await rows("SELECT 1 FROM messages") == []


@pytest.mark.parametrize(
    "text", ["字" * 4000, "🙂", "a\u0301", "\U0010ffff x", "\u202e反", "'; DROP TABLE messages; --"]
)
async def test_a_strange_but_readable_message_is_stored_as_it_came(
    replica: Inner, rows: Any, text: str
) -> None:
    answer = await replica.say(text)
    assert answer.status_code == 200
    assert [row["content"] for row in await rows("SELECT content FROM messages WHERE role = 'person'")] == [
        text
    ]


async def test_a_field_of_a_newer_client_is_no_error(replica: Inner) -> None:
    assert (await replica.say("你好", mood="blue")).status_code == 200


async def test_a_body_over_the_limit_is_refused_unread(replica: Inner) -> None:
    answer = await replica.client.post("/api/v1/chat", content=b"x" * 65_537, headers=JSON)
    assert answer.status_code == 413
    assert answer.headers["connection"] == "close"


async def test_a_body_over_the_limit_is_refused_though_it_hides_its_length(replica: Inner) -> None:
    async def chunks() -> Any:
        for _ in range(70):
            yield b" " * 1000

    answer = await replica.client.post("/api/v1/chat", content=chunks(), headers=JSON)
    assert answer.status_code == 413
    assert answer.json()["error"]["code"] == "too_large"


@pytest.mark.parametrize(
    ("header", "status"),
    [
        (None, 401),
        ("", 401),
        ("Bearer", 401),
        ("Bearer ", 401),
        ("Bearer wrong", 401),
        (f"Basic {TOKEN}", 401),
        (f"bearer {TOKEN}", 200),
        (f"Bearer {NO_SCOPE_TOKEN}", 403),
    ],
)
async def test_only_a_known_token_with_the_scope_may_chat(
    replica: Inner, header: str | None, status: int
) -> None:
    replica.client.headers.pop("Authorization")
    headers = {} if header is None else {"Authorization": header}
    answer = await replica.client.post(
        "/api/v1/chat", json={"person": "p-1", "message": "hi"}, headers=headers
    )
    assert answer.status_code == status
    if status == 401:
        assert answer.headers["www-authenticate"] == "Bearer"


async def test_an_unknown_token_learns_nothing_about_the_body(replica: Inner) -> None:
    headers = {**JSON, "Authorization": "Bearer wrong"}
    assert (await replica.client.post("/api/v1/chat", content=b"{}", headers=headers)).status_code == 401


@pytest.mark.parametrize(
    "query",
    [
        *("", "person=", "person=a%20b", "person=p-1&after=-1", "person=p-1&after=x", "person=p-1&limit=0"),
        *("person=p-1&limit=201", "person=p-1&after=9223372036854775808", "person=p-1%00"),
    ],
)
async def test_a_wrong_page_is_refused(replica: Inner, query: str) -> None:
    path = "/api/v1/conversations/00000000-0000-4000-8000-000000000000/messages"
    assert (await replica.client.get(f"{path}?{query}")).status_code == 422


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/api/v1/chat", 405),
        ("DELETE", "/api/v1/chat", 405),
        ("GET", "/", 404),
        ("GET", "/api/v1/conversations/1/messages?person=p-1", 422),
        ("POST", "/api/v1/ready", 405),
        ("GET", "/api/v1/%ff", 404),
    ],
)
async def test_a_wrong_path_or_method_gets_a_json_error(
    replica: Inner, method: str, path: str, status: int
) -> None:
    answer = await replica.client.request(method, path)
    assert answer.status_code == status
    assert answer.json()["error"]["request_id"]
