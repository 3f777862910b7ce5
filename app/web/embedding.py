"""What pages on other people's websites need: policies that name those sites, scripts by one tag, colours that read."""

from __future__ import annotations

import re
from typing import Any

from flask import Response, json, request

from app.built_files import DIST
from app.config import settings
from app.errors import Forbidden, NotFound
from app.phrases import phrase
from app.services.public_channels import PublicChannel
from connectors.origins import frame_ancestors, is_allowed, origins_of

SCRIPT_LIFETIME_SECONDS = 300
DEFAULT_COLOUR = "#4f46e5"
_COLOUR = re.compile(r"#[0-9a-f]{6}", re.ASCII)


def allowed_origins(channel: PublicChannel) -> tuple[str, ...]:
    """Return the websites an admin allowed for a channel."""
    return origins_of(channel.settings.get("origins"))


def own_origins() -> tuple[str, ...]:
    """Return the origins of this installation: as configured, and as this request reached us."""
    return (settings().base_url, request.host_url.rstrip("/"))


def is_trusted_origin(origin: str, channel: PublicChannel) -> bool:
    """Tell whether a browser's Origin header names ourselves or a website allowed for the channel."""
    return is_allowed(origin, own_origins()) or is_allowed(origin, allowed_origins(channel))


def require_origin(channel: PublicChannel) -> str:
    """Return the request's Origin ("" for programs, which send none). Raises Forbidden for a website not allowed."""
    origin = request.headers.get("Origin", "")
    if origin and not is_trusted_origin(origin, channel):
        raise Forbidden(phrase("This website is not allowed to send here."))
    return origin


def set_policy(response: Response, *, ancestors: str, nonce: str) -> None:
    """Set the content policy of a page that other websites show in a frame; `nonce` allows its one style element."""
    socket = "wss" if request.is_secure else "ws"
    host = request.host if re.fullmatch(r"[\w.:\[\]-]+", request.host, re.ASCII) else ""
    response.headers["Content-Security-Policy"] = "; ".join(
        (
            "default-src 'none'",
            "script-src 'self'",
            f"style-src 'self' 'nonce-{nonce}'",
            "font-src 'self'",
            "img-src 'self' blob: data:",
            f"connect-src 'self' {socket}://{host}" if host else "connect-src 'self'",
            "form-action 'self'",
            "base-uri 'none'",
            f"frame-ancestors {ancestors}",
        )
    )
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["Cache-Control"] = "no-store"


def ancestors_of(channel: PublicChannel, *, anybody_if_empty: bool) -> str:
    """Return who may frame a channel's pages, as `frame-ancestors` wants it."""
    allowed = allowed_origins(channel)
    return "*" if anybody_if_empty and not allowed else frame_ancestors(allowed)


def script(name: str, config_name: str, config: dict[str, Any]) -> Response:
    """Return a built script with its configuration in front of it, loadable from any website. Raises NotFound."""
    path = DIST / name
    if not path.exists():
        raise NotFound(phrase("The scripts have not been built: run the front-end build."))
    body = f"window.{config_name}={json.dumps(config)};\n{path.read_text(encoding='utf-8')}"
    response = Response(body, mimetype="text/javascript")
    response.headers["Cache-Control"] = f"public, max-age={SCRIPT_LIFETIME_SECONDS}"
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    response.add_etag()
    response.make_conditional(request)
    return response


def colours(channel: PublicChannel) -> dict[str, str]:
    """Return the channel's colour, and black or white, whichever reads better on it (WCAG contrast)."""
    given = channel.words("colour").strip().lower()
    colour = given if _COLOUR.fullmatch(given) else DEFAULT_COLOUR
    light = _luminance(colour)
    return {"colour": colour, "ink": "#ffffff" if 1.05 / (light + 0.05) >= (light + 0.05) / 0.05 else "#000000"}


def _luminance(colour: str) -> float:
    """Return the relative luminance of #rrggbb (WCAG 2)."""
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
