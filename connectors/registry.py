"""Every kind of channel, one line each. Strings, so that an SDK loads only when its channel is used."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import cast

from connectors.base import Connector

KINDS = {
    "mail": "connectors.mail:MailConnector",
    "webform": "connectors.webform:WebformConnector",
    "webchat": "connectors.webchat:WebchatConnector",
    "sandbox": "connectors.sandbox:SandboxConnector",
}


@cache
def connector_for(kind: str) -> Connector:
    """Return the connector of a kind. Raises KeyError for an unknown kind."""
    module, _, name = KINDS[kind].partition(":")
    return cast(Connector, getattr(import_module(module), name)())


def kinds() -> tuple[str, ...]:
    return tuple(KINDS)
