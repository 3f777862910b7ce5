"""Which websites may embed us and call us: the lines an admin writes, as data, as a test and as a header."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

MAX_ORIGINS = 100
_ORIGIN = re.compile(r"(https?)://(\*\.)?([a-z0-9](?:[a-z0-9.-]{0,252}))(:[0-9]{1,5})?", re.ASCII)
_DEFAULT_PORTS = {"http": ":80", "https": ":443"}


def lines_of(value: Any) -> list[str]:
    """Return the non-empty lines of a setting, stripped; a list is taken as it is."""
    lines = value if isinstance(value, (list, tuple)) else str(value or "").splitlines()
    return [line.strip() for line in map(str, lines) if line.strip()]


def origins_of(value: Any) -> tuple[str, ...]:
    """Return the usable origins of a setting ("https://shop.example", "https://*.shop.example"), each once."""
    found = (normal_origin(line) for line in lines_of(value)[:MAX_ORIGINS])
    return tuple(dict.fromkeys(origin for origin in found if origin))


def bad_origins(value: Any) -> list[str]:
    """Return the lines that name no website, to be shown to the admin."""
    return [line for line in lines_of(value) if not normal_origin(line)]


def normal_origin(line: str) -> str:
    """Return scheme://host[:port] in lower case without a default port, or "" if the line is no web address."""
    match = _ORIGIN.match(line.strip().lower()[:300])
    if match is None:
        return ""
    rest = line.strip()[match.end() :]
    if rest and not rest.startswith("/"):
        return ""
    scheme, star, host, port = match.groups(default="")
    return f"{scheme}://{star}{host}{'' if port == _DEFAULT_PORTS[scheme] else port}"


def is_allowed(origin: str, allowed: Sequence[str]) -> bool:
    """Tell whether a browser's Origin header is one of the allowed origins ("*." stands for one or more labels)."""
    origin = origin.lower()
    return any(origin == entry or _matches_star(origin, entry) for entry in allowed)


def frame_ancestors(allowed: Sequence[str]) -> str:
    """Return the value of `frame-ancestors`: this site itself and the allowed origins."""
    return " ".join(["'self'", *allowed])


def _matches_star(origin: str, entry: str) -> bool:
    scheme, star, host = entry.partition("://*.")
    prefix = f"{scheme}://"
    return bool(star) and origin.startswith(prefix) and origin[len(prefix) :].endswith(f".{host}")
