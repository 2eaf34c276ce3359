"""Logins: a signed cookie that expires, and the token that each form must carry. Used by `guard`."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from pathlib import Path

from itsdangerous import BadData, URLSafeTimedSerializer

from xiong.config.secrets import Secret
from xiong.console.roles import Role
from xiong.console.tokens import Holder, Tokens
from xiong.tools import files

COOKIE = "xiong_console"
SECONDS = 12 * 3600
_LOGIN_SECONDS = 3600


@dataclass(frozen=True)
class Login:
    """Somebody who is logged in.

    Attributes:
        name: who acts.
        role: what they may do now; a changed token counts at once.
        id: of this login.
    """

    name: str
    role: Role
    id: str


class Sessions:
    """Signs cookies and forms with the console's own key."""

    def __init__(self, key: Secret, tokens: Tokens) -> None:
        self._key = key.reveal().encode()
        self._tokens = tokens
        self._sealed = URLSafeTimedSerializer(self._key, salt="login", signer_kwargs=_SIGNER)
        self._forms = URLSafeTimedSerializer(self._key, salt="login-form", signer_kwargs=_SIGNER)

    def seal(self, holder: Holder) -> str:
        """The cookie of a new login."""
        return str(self._sealed.dumps([holder.key, holder.sha256[:16], secrets.token_urlsafe(18)]))

    async def open(self, cookie: str | None) -> Login | None:
        """Who the cookie stands for; None where it is forged, too old, or its token was replaced."""
        try:
            key, digest, identity = self._sealed.loads(cookie or "", max_age=SECONDS)
        except (BadData, ValueError, TypeError):
            return None
        holder = await self._tokens.get(str(key))
        if holder is None or not hmac.compare_digest(holder.sha256[:16], str(digest)):
            return None
        return Login(holder.name, holder.role, str(identity))

    def form_token(self, login: Login) -> str:
        """What each form of that login must carry."""
        return hmac.new(self._key, f"form:{login.id}".encode(), hashlib.sha256).hexdigest()

    def fits(self, login: Login, token: str) -> bool:
        """Whether a form came from a page of that login."""
        return hmac.compare_digest(self.form_token(login).encode(), token.encode())

    def stranger(self) -> str:
        """What the login form carries, in a cookie and in a field: both must be the same."""
        return str(self._forms.dumps(secrets.token_urlsafe(18)))

    def is_stranger(self, token: str) -> bool:
        """Whether we made that, lately."""
        try:
            self._forms.loads(token, max_age=_LOGIN_SECONDS)
        except BadData:
            return False
        return True


_SIGNER = {"key_derivation": "hmac", "digest_method": hashlib.sha256}


def key_in(folder: Path) -> Secret:
    """The key that cookies are signed with, made at first use; a restart logs nobody out."""
    file = folder / "console-session-key"
    if not file.is_file():
        files.write_atomic(file, secrets.token_urlsafe(48).encode())
    return Secret(file.read_text().strip())
