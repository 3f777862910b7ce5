"""Where providers call: one address a channel. No session, no CSRF; the connector checks who is calling.

    verify (403) ──► receive (400) ──► bytes to disk ──► deliveries committed ──► the connector's own answer
                                   (each channel's part with it: addressed.py)

What a provider sent is answered with success only once it is stored. Whatever bytes come, the answer is a sentence: a
connector that stumbles over a call it has verified leaves the whole body for `parse`, which can be tried again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from urllib.parse import parse_qsl, quote

from flask import Blueprint, Flask, Response, request
from flask_limiter import RateLimitExceeded
from werkzeug.exceptions import ClientDisconnected, RequestEntityTooLarge

from app.clock import now
from app.config import settings
from app.db import reading, transaction
from app.errors import NotFound
from app.log import get_logger
from app.services import addressed, channel_health, ingest, public_channels
from app.services.public_channels import PublicChannel
from app.web import limits
from app.web.authz import public
from app.web.limits import limiter
from connectors.base import RawDelivery, Received, WebRequest
from connectors.defaults import Defaults
from connectors.errors import BadCredentials, ConnectorError, Transient
from connectors.registry import connector_for, kinds

calls = Blueprint("channel_webhooks", __name__)

MAX_BYTES = 10 * 1024 * 1024
EACH_CHANNEL = "6000 per minute"
NOBODY = "There is no channel at this address."
TOO_LARGE = "That is more than 10 MB."
TOO_OFTEN = "That was too often: try again in a minute."
BROKEN_OFF = "The call broke off."
UNSIGNED = "The signature of this call could not be read."
METHODS = ("GET", "POST")


def register(app: Flask) -> None:
    limits.register(app)
    app.register_blueprint(calls)


@calls.route("/webhooks/<kind>/<token>", methods=METHODS, provide_automatic_options=False)
@public
def receive(kind: str, token: str) -> Response:
    """Take one call of a provider."""
    try:
        _can_be_called(kind)
        channel = _channel(kind, token)
        with limiter.limit(EACH_CHANNEL, key_func=lambda: f"webhook {token}"):
            pass
        call = _call()
        return _take(channel or _stand_in(kind, token, call), call)
    except NotFound:
        return _say(404, NOBODY)
    except RateLimitExceeded:
        return _say(429, TOO_OFTEN, {"Retry-After": "60"})
    except RequestEntityTooLarge:
        return _say(413, TOO_LARGE)
    except ClientDisconnected:
        return _say(400, BROKEN_OFF)
    except ConnectorError as error:
        return _say(_status(error), error.reason)


def _take(channel: PublicChannel, call: WebRequest) -> Response:
    connector = connector_for(channel.kind)
    try:
        _surely(lambda: connector.verify(channel.settings, call), channel)
    except BadCredentials as error:
        with transaction() as session:
            channel_health.note_refused(session, channel_id=channel.id, reason=f"A call was refused: {error.reason}")
        raise
    received = _received(channel, call)
    _store(channel, received.deliveries)
    answer = Response(received.answer.body, received.answer.status, content_type=received.answer.content_type)
    answer.headers["X-Content-Type-Options"] = "nosniff"
    return answer


def _store(channel: PublicChannel, deliveries: Sequence[RawDelivery]) -> None:
    """Store what a call brought, each channel's part with that channel. Raises NotFound if one was closed meanwhile."""
    strangers = addressed.strangers(channel, deliveries)
    homes: addressed.Homes = {}
    if strangers:
        with reading() as session:
            homes = addressed.homes(session, channel=channel, accounts=strangers)
    parcels = addressed.sort_out(channel, deliveries, homes)
    kept = [(parcel.channel_id, ingest.keep_all(parcel.deliveries)) for parcel in parcels]
    with transaction() as session:
        for channel_id, stored in kept:
            if channel_id == channel.id:
                public_channels.store_all(session, channel=channel, deliveries=stored)
            else:
                addressed.store(session, channel_id=channel_id, deliveries=stored)


def _surely(verify: Callable[[], None], channel: PublicChannel) -> None:
    """Verify, or refuse: a call that cannot even be read is nobody's. Raises ConnectorError."""
    try:
        verify()
    except ConnectorError:
        raise
    except Exception as error:  # noqa: BLE001 - a stranger's bytes must not break the house; who calls is unproven
        get_logger().warning("webhook.unverifiable", channel=channel.id, error=type(error).__name__)
        raise BadCredentials(UNSIGNED) from None


def _received(channel: PublicChannel, call: WebRequest) -> Received:
    """Ask the connector what a verified call brought; where it stumbles, keep the body whole. Raises ConnectorError."""
    try:
        return connector_for(channel.kind).receive(channel.settings, call, now())
    except ConnectorError:
        raise
    except Exception as error:  # noqa: BLE001 - the provider's message must not be lost for a fault of ours
        get_logger().warning("webhook.kept_whole", channel=channel.id, error=type(error).__name__)
        return Defaults().receive(channel.settings, call, now())


def _can_be_called(kind: str) -> None:
    """Raise NotFound for kinds that nobody calls."""
    if kind not in kinds():
        raise NotFound
    can = connector_for(kind).capabilities
    if not can.push or can.own_pages:
        raise NotFound


def _channel(kind: str, token: str) -> PublicChannel | None:
    """Return the active channel that takes calls at this address, None where others may. Raises NotFound."""
    with reading() as session:
        try:
            return public_channels.channel_at(session, kind=kind, token=token)
        except NotFound:
            if addressed.others_of_address(session, kind=kind, token=token):
                return None
            raise


def _stand_in(kind: str, token: str, call: WebRequest) -> PublicChannel:
    """Return a channel of the same app, as the call's signature proves. Raises NotFound."""
    with reading() as session:
        others = addressed.others_of_address(session, kind=kind, token=token)
    for other in others if call.method == "POST" else ():
        try:
            connector_for(kind).verify(other.settings, call)
        except BadCredentials:
            continue
        return other
    raise NotFound


def _call() -> WebRequest:
    """Return the call as it came. Raises RequestEntityTooLarge, ClientDisconnected."""
    request.max_content_length = MAX_BYTES
    body = request.get_data(cache=False, parse_form_data=False)
    if len(body) >= MAX_BYTES:  # what comes in pieces, of a length that nobody said, is cut there
        raise RequestEntityTooLarge
    return WebRequest(
        method=request.method,
        path=request.path,
        query=_query(),
        headers={name.lower(): value for name, value in request.headers.items()},
        body=body,
        remote_address=request.remote_addr or "",
        url=settings().base_url + _target(),
    )


def _query() -> dict[str, str]:
    """Return the query by name, the first value of each; bytes that are no UTF-8 are replaced."""
    pairs = parse_qsl(request.query_string.decode("utf-8", "replace"), keep_blank_values=True)
    return dict(reversed(pairs))


def _target() -> str:
    """Return path and query exactly as they were called: some providers sign them."""
    raw = str(request.environ.get("RAW_URI") or request.environ.get("REQUEST_URI") or "")
    if raw.startswith("/"):
        return raw
    query = request.query_string.decode("utf-8", "replace")
    return f"{quote(request.path)}?{query}" if query else quote(request.path)


def _status(error: ConnectorError) -> int:
    if isinstance(error, BadCredentials):
        return 403
    return 503 if isinstance(error, Transient) else 400


def _say(status: int, sentence: str, headers: dict[str, str] | None = None) -> Response:
    return Response(f"{sentence}\n", status, headers, content_type="text/plain; charset=utf-8")
