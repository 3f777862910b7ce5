"""A channel's form: drawn from the connector's settings; secrets go in and never come out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from flask import request

from app import crypto
from app.errors import Invalid
from app.models import Channel, Inbox, User
from app.phrases import phrase
from app.services import channel_settings
from connectors.base import Setting
from connectors.protocol import Connector

MADE_HERE = frozenset({"secret", "reply_secret", "webhook_secret", "verify_token", "identify_secret"})

PLAIN_KINDS = frozenset({"text", "integer", "choice"})  # what an address may name: nothing secret, nothing long
LONGEST_NAMED = 300  # characters


@dataclass
class ChannelForm:
    """`values` holds what the inputs show; `held` the keys of secrets that are known and need no typing."""

    kind: str
    name: str = ""
    inbox: str = ""
    do: str = ""
    values: dict[str, Any] = field(default_factory=dict)
    held: frozenset[str] = frozenset()
    draft: str = ""
    may_skip_test: bool = False
    made: tuple[str, str] = ("", "")  # the key of a secret that was just made here, and the secret

    @classmethod
    def empty(cls, kind: str) -> ChannelForm:
        """Return the form of a new channel; the address may name values of its plain settings. Raises NotFound."""
        connector = channel_settings.find_connector(kind)
        given = {setting.key: _named(setting) for setting in connector.settings if setting.kind in PLAIN_KINDS}
        named = {key: value for key, value in given.items() if value}
        return cls(kind, name=connector.label, values=channel_settings.defaults(kind) | named)

    @classmethod
    def of(cls, channel: Channel, inbox: Inbox) -> ChannelForm:
        """Return the form of a connected channel."""
        stored = crypto.unseal(channel.sealed)
        return cls(
            channel.kind,
            name=channel.name,
            inbox=str(inbox.public_id),
            values=channel_settings.without_secrets(channel.kind, stored),
            held=_held(stored),
        )

    @classmethod
    def typed(cls, kind: str, user: User, channel: Channel | None = None) -> ChannelForm:
        """Return what was sent. Secrets typed before, sealed into the form since, count as typed."""
        connector = channel_settings.find_connector(kind)
        owner = str(user.public_id)
        earlier = channel_settings.open_draft(kind, owner, request.form.get("draft", ""))
        given = {setting.key: _sent(setting) or earlier.get(setting.key, "") for setting in connector.settings}
        stored = crypto.unseal(channel.sealed) if channel else {}
        return cls(
            kind,
            name=request.form.get("name", ""),
            inbox=request.form.get("inbox", ""),
            do=request.form.get("do", ""),
            values=given,
            held=_held(stored) | _held(given),
            draft=channel_settings.draft(kind, owner, given),
        )

    def make_secret(self, key: str, user: User) -> None:
        """Think up a secret that the other side learns from us; it is shown this once. Raises Invalid."""
        if not can_be_made(self.kind, key):
            refused = phrase("This secret comes from the provider: copy it there.")
            raise Invalid(refused, field=channel_settings.field_of(key))
        self.made = (key, crypto.new_token())
        self.values[key] = self.made[1]
        self.held |= {key}
        self.draft = channel_settings.draft(self.kind, str(user.public_id), self.values)

    @property
    def connector(self) -> Connector:
        return channel_settings.find_connector(self.kind)

    @property
    def groups(self) -> list[tuple[str, list[Setting]]]:
        """Return the settings by their group, in the order of the connector."""
        found: dict[str, list[Setting]] = {}
        for setting in self.connector.settings:
            if setting.kind == "kept":
                continue
            found.setdefault(setting.group, []).append(setting)
        return list(found.items())

    def shown(self, setting: Setting) -> Any:
        """Return what an input shows: never a secret."""
        return "" if setting.kind == "secret" else self.values.get(setting.key)

    def credentials(self, stored: Mapping[str, Any]) -> dict[str, Any]:
        """Return what would be sealed. Raises Invalid."""
        return channel_settings.read(self.kind, self.values, kept=stored)


def can_be_made(kind: str, key: str) -> bool:
    """Tell whether a secret is ours to choose: not one that a provider gives."""
    known = {setting.key for setting in channel_settings.find_connector(kind).settings if setting.kind == "secret"}
    return key in known & MADE_HERE


def _sent(setting: Setting) -> str | bool:
    name = channel_settings.field_of(setting.key)
    return name in request.form if setting.kind == "boolean" else request.form.get(name, "")


def _named(setting: Setting) -> str:
    return request.args.get(channel_settings.field_of(setting.key), "")[:LONGEST_NAMED]


def _held(values: Mapping[str, Any]) -> frozenset[str]:
    return frozenset(key for key, value in values.items() if value)
