"""Slack's Web API through its SDK, and its refusals as our errors: docs.slack.dev/apis/web-api, its rate limits."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from connectors._json_api import SERVER_ERROR, TOO_MANY, Reply, retry_after
from connectors._payload import line, mapping
from connectors.base import Credentials
from connectors.errors import BadCredentials, ConnectorError, Rejected, Transient
from connectors.phrases import phrase

if TYPE_CHECKING:
    from slack_sdk import WebClient
    from slack_sdk.errors import SlackApiError

API_URL = "https://slack.com/api/"
SECONDS = 15
FILE_HOSTS = ".slack.com"
UNACCEPTED = frozenset({
    "invalid_auth", "not_authed", "account_inactive", "token_revoked", "token_expired", "missing_scope",
    "no_permission", "org_login_required", "access_denied", "team_access_not_granted", "not_allowed_token_type",
    "enterprise_is_restricted",
})  # fmt: skip
LATER = frozenset({
    "ratelimited", "rate_limited", "internal_error", "fatal_error", "service_unavailable", "request_timeout",
    "team_added_to_org",
})  # fmt: skip
SENTENCES: Mapping[str, str] = {
    "not_in_channel": phrase("The app is not in this Slack channel: invite it there."),
    "channel_not_found": phrase("Slack does not know this channel, or the app may not see it."),
    "is_archived": phrase("This Slack channel is archived."),
    "msg_too_long": phrase("The message is too long for Slack."),
    "user_not_found": phrase("Slack does not know this person any more."),
    "user_disabled": phrase("This person's account at Slack is switched off."),
    "cannot_dm_bot": phrase("Slack lets nobody write to a bot."),
    "restricted_action": phrase("A setting of this Slack workspace does not let the app write here."),
    "message_not_found": phrase("This message does not exist at Slack any more."),
    "thread_not_found": phrase("This thread does not exist at Slack any more."),
    "file_not_found": phrase("This file does not exist at Slack any more."),
    "file_deleted": phrase("This file was deleted at Slack."),
    "storage_limit_reached": phrase("This Slack workspace has no room for more files."),
}


def api_url(credentials: Credentials) -> str:
    url = credentials.get("api_url")
    return (url.strip() if isinstance(url, str) and url.strip() else API_URL).rstrip("/") + "/"


def token_of(credentials: Credentials) -> str:
    """Return the bot token. Raises BadCredentials where it is missing or cannot be one."""
    token = credentials.get("bot_token")
    token = token.strip() if isinstance(token, str) else ""
    if not token or not token.isascii() or not token.isprintable():
        raise BadCredentials("The channel has no bot token: it begins with xoxb- and stands on the app's OAuth page.")
    return token


def client_of(credentials: Credentials) -> WebClient:
    """Return the SDK's client. It repeats nothing by itself: a message would be there twice. Raises BadCredentials."""
    from slack_sdk import WebClient

    token = token_of(credentials)
    if urlsplit(api_url(credentials)).scheme not in {"http", "https"}:
        raise BadCredentials("The address of Slack's API is no web address.")
    return WebClient(token=token, base_url=api_url(credentials), timeout=SECONDS, retry_handlers=[])


def called(call: Callable[[], Any]) -> Mapping[str, Any]:
    """Make a call with the SDK and return its answer. Raises Transient, BadCredentials or Rejected."""
    from http.client import HTTPException

    from slack_sdk.errors import SlackApiError, SlackClientError

    try:
        return mapping(call().data)
    except SlackApiError as error:
        raise refusal(error) from None
    except SlackClientError as error:
        raise Transient(phrase("Slack did not take a file: {value}.", value=line(str(error), 120))) from None
    except (OSError, HTTPException, ValueError) as error:  # URLError and timeouts are OSErrors; ValueError: no JSON
        raise Transient(
            phrase("No proper answer from Slack: {said}.", said=line(str(error), 120) or type(error).__name__)
        ) from None


def refusal(error: SlackApiError) -> ConnectorError:
    """Return our error for one of Slack's."""
    response: Any = error.response
    status = getattr(response, "status_code", 0)
    headers = {str(name).lower(): str(value) for name, value in (getattr(response, "headers", None) or {}).items()}
    data = mapping(getattr(response, "data", None))
    said = line(data.get("error"), 100) or f"status {status}"
    is_no_code = " " in said.removeprefix("status ")  # the SDK's own words: the answer was no JSON
    if status == TOO_MANY or status >= SERVER_ERROR or said in LATER or is_no_code:
        wait = retry_after(Reply(status, data, headers))
        return Transient(phrase("Slack cannot take this now: {said}.", said=said), retry_after_seconds=wait)
    if said in UNACCEPTED:
        needed = line(data.get("needed"), 100)
        missing = f" (the app needs the scope {needed})" if needed else ""
        return BadCredentials(
            phrase("Slack does not accept this channel's token: {said}{missing}.", said=said, missing=missing)
        )
    return Rejected(SENTENCES.get(said) or phrase("{name} refused this: {said}.", name="Slack", said=said))


def may_see_token(credentials: Credentials, url: str) -> bool:
    """Tell whether a file's address is Slack's own: nobody else is shown the token."""
    parts, ours = urlsplit(url), urlsplit(api_url(credentials))
    is_slack = parts.scheme == "https" and f".{parts.hostname or ''}".endswith(FILE_HOSTS)
    return is_slack or (parts.scheme, parts.netloc) == (ours.scheme, ours.netloc)
