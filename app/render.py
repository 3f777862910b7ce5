"""How values look on a page: filters and globals for the templates."""

from __future__ import annotations

from datetime import datetime

from flask import Flask

from app.clock import now


def configure_templates(app: Flask) -> None:
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True
    app.jinja_env.filters.update(ago=ago, iso=iso, bytes=readable_bytes)


def iso(moment: datetime | None) -> str:
    return moment.isoformat(timespec="seconds") if moment else ""


def ago(moment: datetime | None) -> str:
    """Say how long ago something was, short enough for a list: "now", "5m", "3h", "2d", "3 Mar"."""
    if moment is None:
        return ""
    seconds = (now() - moment).total_seconds()
    for limit, size, unit in ((60, 0, "now"), (3600, 60, "m"), (86400, 3600, "h"), (7 * 86400, 86400, "d")):
        if seconds < limit:
            return unit if size == 0 else f"{int(seconds // size)}{unit}"
    return f"{moment.day} {moment:%b}" if moment.year == now().year else f"{moment.day} {moment:%b %Y}"


def readable_bytes(size: int) -> str:
    """Say a size in bytes for people: "812 B", "4.1 KB", "25 MB"."""
    amount = float(size)
    for unit in ("B", "KB", "MB"):
        if amount < 1000:
            return f"{amount:.0f} {unit}" if unit == "B" or amount >= 10 else f"{amount:.1f} {unit}"
        amount /= 1000
    return f"{amount:.1f} GB"
