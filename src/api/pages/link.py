"""The signed address in a page: it shows the page, and its button acknowledges.

Signed by the pager, read by the routes. It says which page, which delivery and to whom it was sent, and
nothing about the person in danger.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from itsdangerous import BadData, URLSafeTimedSerializer

from api.settings import Secret

# a page that nobody could open for a week is no longer acknowledged by its link
MAX_AGE_S = 7 * 24 * 3600
_SALT = "xiongichat.page"


class LinkError(ValueError):
    """The address is not one of ours, or too old."""


@dataclass(frozen=True)
class Link:
    """What an address says."""

    page: uuid.UUID
    delivery: uuid.UUID
    contact: str


def sign(secret: Secret, page: uuid.UUID, delivery: uuid.UUID, contact: str) -> str:
    """Returns the last part of the address; raises LinkError where there is no secret to sign with."""
    return str(_serializer(secret).dumps([page.hex, delivery.hex, contact]))


def read(secret: Secret, token: str, max_age_s: int = MAX_AGE_S, also: Sequence[Secret] = ()) -> Link:
    """Reads what `sign` gave with this key or with one of `also`; raises LinkError for anything else."""
    try:
        page, delivery, contact = _serializer(secret, also).loads(token, max_age=max_age_s)
        return Link(uuid.UUID(page), uuid.UUID(delivery), str(contact))
    except (BadData, ValueError, TypeError) as error:
        raise LinkError("the address is not one of ours, or too old") from error


def _serializer(secret: Secret, also: Sequence[Secret] = ()) -> URLSafeTimedSerializer:
    if not secret:
        raise LinkError("SECRET_KEY is empty: nothing can be signed")
    # the last one signs, all are read
    return URLSafeTimedSerializer([key.reveal() for key in (*also, secret)], salt=_SALT)
