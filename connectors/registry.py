"""Every kind of channel, one line each. Strings, so that an SDK loads only when its channel is used."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import cast

from connectors.protocol import Connector

MAIL, WEBFORM, WEBCHAT, SANDBOX = "mail", "webform", "webchat", "sandbox"  # for the demo workspace and for tests
KINDS = {
    MAIL: "connectors.mail:MailConnector",
    WEBFORM: "connectors.webform:WebformConnector",
    WEBCHAT: "connectors.webchat:WebchatConnector",
    SANDBOX: "connectors.sandbox:SandboxConnector",
    "api": "connectors.api:ApiConnector",
    "mastodon": "connectors.mastodon:MastodonConnector",
    "whatsapp": "connectors.whatsapp:WhatsappConnector",
    "facebook": "connectors.facebook:FacebookConnector",
    "instagram": "connectors.instagram:InstagramConnector",
    "x": "connectors.x:XConnector",
    "reddit": "connectors.reddit:RedditConnector",
    "telegram": "connectors.telegram:TelegramConnector",
    "voice": "connectors.voice:VoiceConnector",
    "rss": "connectors.rss:RssConnector",
    "sms": "connectors.sms:SmsConnector",
    "slack": "connectors.slack:SlackConnector",
    "line": "connectors.line:LineConnector",
    "bluesky": "connectors.bluesky:BlueskyConnector",
    "viber": "connectors.viber:ViberConnector",
    "matrix": "connectors.matrix:MatrixConnector",
    "reviews": "connectors.reviews:ReviewsConnector",
}

ALSO_CALLED = {"messenger": "facebook", "twilio": "sms", "vonage": "sms", "twitter": "x", "email": MAIL}  # by people


@cache
def connector_for(kind: str) -> Connector:
    """Return the connector of a kind. Raises KeyError for an unknown kind."""
    module, _, name = KINDS[kind].partition(":")
    return cast("Connector", getattr(import_module(module), name)())


def kind_called(name: str) -> str:
    """Return the kind that people mean by a name: a product's ("messenger") is as good as ours."""
    return ALSO_CALLED.get(name.lower(), name.lower())


def kinds() -> tuple[str, ...]:
    return tuple(KINDS)
