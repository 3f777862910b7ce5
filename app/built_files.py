"""Files that were built for browsers: their addresses, and icons, which lie in one of them."""

from __future__ import annotations

from functools import lru_cache

from flask import current_app, g, url_for
from markupsafe import Markup

from app.config import ROOT

DIST = ROOT / "app" / "static" / "dist"
# these point along the line and turn round where people write from right to left (parts.css)
TURNING = frozenset(
    [
        "arrow-left",
        "arrow-right",
        "chevron-left",
        "chevron-right",
        "reply",
        "reply-all",
        "forward",
        "log-out",
        "send",
        "undo-2",
        "list",
        "message-square-reply",
        "corner-up-left",
        "external-link",
    ]
)


def asset(name: str) -> str:
    """Return the address of a built file; it changes when the file does, so that browsers may keep it for long."""
    versions: dict[str, int] = g.setdefault("versions_of_files", {})
    if name not in versions:
        versions[name] = _version(name)
    return _address(current_app.name, name, versions[name])


def _version(name: str) -> int:
    try:
        return (DIST / name).stat().st_mtime_ns
    except FileNotFoundError:
        return 0


@lru_cache(maxsize=64)
def _address(_app: str, name: str, version: int) -> str:
    return url_for("static", filename=f"dist/{name}", v=f"{version:x}"[-10:] if version else None)


def icon(name: str, look: str = "") -> Markup:
    """Draw an icon. One sprite holds all that are named in quotes somewhere (app/static/src/build.mjs)."""
    return _icon(asset("icons.svg"), name, look)


@lru_cache(maxsize=2048)
def _icon(sprite: str, name: str, look: str) -> Markup:
    turns = " icon-turns" if name in TURNING else ""
    return Markup('<svg class="icon {}{}" aria-hidden="true" focusable="false"><use href="{}#{}"></use></svg>').format(
        look, turns, sprite, name
    )
