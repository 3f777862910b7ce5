"""Places and people that customers send instead of words: said readably, and kept in parts. Pure and total."""

from __future__ import annotations

import math
from typing import Any

from connectors._payload import line


def degrees(value: Any) -> str:
    """Return a latitude or longitude as written on a map, "" for what is none."""
    try:
        number = float(value) if isinstance(value, (int, float, str)) and not isinstance(value, bool) else math.nan
    except (ValueError, OverflowError):
        return ""
    return f"{number:.6f}".rstrip("0").rstrip(".") if abs(number) <= 180 else ""


def place(latitude: Any, longitude: Any, name: Any = "", address: Any = "") -> tuple[str, dict[str, str]]:
    """Return what a location says ("Café Anna, Main Street 1 (52.52, 13.4)") and its parts."""
    parts = {
        "latitude": degrees(latitude),
        "longitude": degrees(longitude),
        "name": line(name),
        "address": line(address),
    }
    words = ", ".join(dict.fromkeys(filter(None, (parts["name"], parts["address"]))))
    point = f"{parts['latitude']}, {parts['longitude']}" if parts["latitude"] and parts["longitude"] else ""
    said = f"{words} ({point})" if words and point else words or point
    return said, {key: value for key, value in parts.items() if value}


def person(name: Any, phone: Any, **more: Any) -> tuple[str, dict[str, str]]:
    """Return what a contact card says ("Ana Lopez, +49 151…") and its parts."""
    parts = {"name": line(name), "phone": line(phone, 40), **{key: line(value) for key, value in more.items()}}
    said = ", ".join(filter(None, (parts["name"], parts["phone"])))
    return said, {key: value for key, value in parts.items() if value}
