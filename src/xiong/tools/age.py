"""Keys of age (X25519), the format in which everything that leaves for a repository is sealed."""

from __future__ import annotations

from pyrage import IdentityError, RecipientError, x25519

from xiong.config.secrets import Secret
from xiong.errors import ConfigurationError


def new_identity() -> Secret:
    """A private key, `AGE-SECRET-KEY-1…`."""
    return Secret(str(x25519.Identity.generate()))


def recipient_of(identity: Secret) -> str:
    """Its public half, `age1…`."""
    return str(private(identity).to_public())


def private(identity: Secret) -> x25519.Identity:
    """The key as the library takes it.

    Raises:
        ConfigurationError: it is none.
    """
    try:
        return x25519.Identity.from_str(identity.reveal().strip())
    except (IdentityError, ValueError) as error:
        raise ConfigurationError("a private age key is damaged: expected AGE-SECRET-KEY-1…") from error


def public(recipient: str) -> x25519.Recipient:
    """A recipient as the library takes it.

    Raises:
        ConfigurationError: it is none.
    """
    try:
        return x25519.Recipient.from_str(recipient.strip())
    except (RecipientError, ValueError) as error:
        raise ConfigurationError(f"{recipient[:12]}… is no public age key: expected age1…") from error
