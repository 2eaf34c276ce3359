"""What a care role and a calling application ask of a replica inside the test."""

from __future__ import annotations

from typing import Any

import asyncpg
import httpx

from api.settings import Secret
from replicas import CARE_TOKEN, PAGES_TOKEN, TOKEN, Inner

KEY = Secret("a key of this test")
CARE = {"Authorization": f"Bearer {CARE_TOKEN}"}
DESK = {"Authorization": f"Bearer {PAGES_TOKEN}"}
CONTACT = "三民區個管組，分機 12"


async def page_of(desk: Inner, **query: Any) -> dict[str, Any]:
    """The newest page."""
    answer = await desk.client.get("/api/v1/pages", params=query, headers=DESK)
    page: dict[str, Any] = answer.json()["pages"][0]
    return page


async def look(desk: Inner, page: str, by: str = "nurse-a", **headers: str) -> httpx.Response:
    path = f"/api/v1/pages/{page}/case"
    return await desk.client.post(path, json={"by": by}, headers=headers or CARE)


async def record(desk: Inner, page: str, outcome: str, by: str = "nurse-a", **headers: str) -> httpx.Response:
    path = f"/api/v1/pages/{page}/outcome"
    return await desk.client.post(path, json={"by": by, "outcome": outcome}, headers=headers or CARE)


async def set_contact(desk: Inner, contact: str | None, token: str = TOKEN) -> httpx.Response:
    headers = {"Authorization": f"Bearer {token}"}
    body = {"person": "p-1", "contact": contact}
    return await desk.client.put("/api/v1/case-contact", json=body, headers=headers)


async def administer(database: Any, statement: str) -> None:
    connection = await asyncpg.connect(database.admin_url)
    await connection.execute(statement)
    await connection.close()
