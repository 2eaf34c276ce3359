"""PAGING_FILE as a whole: channels, contacts, rota, policy, canary. Read by the pager and by `check`.

Everything that can be wrong is found when the file is read and named with its place. What only shows
at use (a secret's file, a server) is a failed try of one channel and stops none of the others.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Literal

from api.pager.channels.addresses import EXPECTED, file_of, suits
from api.pager.channels.settings import ChannelSettings, read_channel
from api.pager.places import Part, read_file
from api.pager.policy import ON_CALL, Policy, read_policy
from api.pager.rota import Rota, known_contact, read_rota

_MOST_MINUTES = 7 * 24 * 60


@dataclass(frozen=True)
class Target:
    """Whom to reach by which channel.

    Attributes:
        address: as the file has it, to be given to the channel's `send`; may be `file:/path`.
    """

    contact: str
    channel: str
    address: str = field(repr=False)


@dataclass(frozen=True)
class Canary:
    """The rehearsal of the path.

    Attributes:
        recipients: contacts that get rehearsals, and nothing else unless the policy names them.
        confirm_minutes: how long a receipt may take.
        heartbeat_url_file: file with the URL that is called after a rehearsal that arrived.
        receipt: what counts as arrived: `button`, a recipient pressed it; `channel`, each channel took it,
            for recipients who can press nothing.
    """

    every_minutes: float
    recipients: tuple[str, ...]
    confirm_minutes: float = 5.0
    heartbeat_url_file: Path | None = None
    receipt: Literal["button", "channel"] = "button"


@dataclass(frozen=True)
class Configuration:
    """The whole file; contacts map channel names to addresses, in the order of the file."""

    channels: Mapping[str, ChannelSettings]
    contacts: Mapping[str, Mapping[str, str]] = field(repr=False)
    rota: Rota
    policy: Policy
    canary: Canary | None = None

    def targets(self, step: int, at: datetime) -> list[Target]:
        """Returns whom a step tells at that moment, on which channels; everybody once.

        The round plays no part: every round tells the same, by deliveries of its own.
        """
        chosen = self.policy.at(step)
        names = (self.rota.on_call(at) if name == ON_CALL else name for name in chosen.notify)
        return self._reached(names, chosen.channels)

    def canary_targets(self) -> list[Target]:
        """Returns who gets rehearsals: the canary's recipients on all their channels."""
        return self._reached(self.canary.recipients, None) if self.canary else []

    def address(self, contact: str, channel: str) -> str | None:
        """Returns the address as the file has it; None where a contact lost that channel since."""
        return self.contacts.get(contact, {}).get(channel)

    def _reached(self, names: Iterable[str], channels: tuple[str, ...] | None) -> list[Target]:
        found = []
        for name in dict.fromkeys(names):
            addresses = self.contacts[name]
            wanted = addresses if channels is None else [c for c in channels if c in addresses]
            found += [Target(name, channel, addresses[channel]) for channel in wanted]
        return found


def load(path: Path) -> Configuration:
    """Reads the file.

    Raises:
        ConfigurationError: it cannot be used; the message names the place.
    """
    fields = read_file(path).fields(("channels", "contacts", "rota", "policy"), ("overrides", "canary"))
    channels = {name: read_channel(part) for name, part in fields["channels"].entries().items()}
    contacts = _read_contacts(fields["contacts"], channels)
    rota = read_rota(fields["rota"], fields.get("overrides"), contacts)
    policy = read_policy(fields["policy"], contacts, channels)
    canary = _read_canary(fields["canary"], contacts) if "canary" in fields else None
    _refuse_unreachable(fields["policy"], policy, rota, contacts)
    return Configuration(channels, contacts, rota, policy, canary)


def _read_contacts(part: Part, channels: Mapping[str, ChannelSettings]) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for name, contact in part.entries().items():
        if name == ON_CALL:
            raise contact.wrong(f"'{ON_CALL}' is whoever the rota names; give the contact another name")
        found[name] = {}
        for channel, address in contact.entries().items():
            if channel not in channels:
                raise contact.wrong(f"no channel '{channel}'; there are {', '.join(channels)}")
            found[name][channel] = _read_address(address, channels[channel].kind)
    return found


def _read_address(part: Part, kind: str) -> str:
    text = part.text()
    path = file_of(text)
    if path is not None and not path.is_absolute():
        raise part.wrong("after file: must come an absolute path")
    if path is None and not suits(kind, text):
        raise part.wrong(f"must be {EXPECTED[kind]}, or file:/path of a file that holds it")
    return text


def _read_canary(part: Part, contacts: Mapping[str, object]) -> Canary:
    optional = ("confirm_minutes", "heartbeat_url_file", "receipt")
    fields = part.fields(("every_minutes", "recipients"), optional)
    recipients = fields["recipients"]
    for name in recipients.texts():
        known_contact(Part(name, recipients.place), contacts)
    confirm, url, receipt = (fields.get(name) for name in optional)
    return Canary(
        fields["every_minutes"].minutes(_MOST_MINUTES),
        recipients.texts(),
        confirm.minutes(_MOST_MINUTES) if confirm else 5.0,
        url.path() if url else None,
        "channel" if receipt and receipt.one_of("button", "channel") == "channel" else "button",
    )


def _refuse_unreachable(
    part: Part, policy: Policy, rota: Rota, contacts: Mapping[str, Mapping[str, str]]
) -> None:
    """A step must reach everybody whom it may have to tell on at least one channel."""
    for number, step in enumerate(policy.steps):
        told = {one for name in step.notify for one in (rota.contacts() if name == ON_CALL else {name})}
        for name in sorted(told):
            if step.channels is not None and not set(step.channels) & set(contacts[name]):
                place = Part(None, f"{part.place}.steps[{number}].channels")
                raise place.wrong(f"{name} has none of {', '.join(step.channels)}")
