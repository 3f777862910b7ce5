"""Kilobytes of JavaScript and CSS that a browser is sent, compressed: by bundle, to colleagues, to customers."""

from __future__ import annotations

import gzip
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from app.config import ROOT

BUILT = ROOT / "app" / "static" / "dist"
COLLEAGUES = (
    "app.css",
    "app.js",
    "editor.js",
    "emoji_picker.js",
    "reports.css",
    "reports.js",
    "sw/worker.js",
    "words",  # the largest language: a browser is sent one
)
CUSTOMERS = ("form.css", "form.js", "form_loader.js", "widget.css", "widget.js", "widget_loader.js")


def run() -> dict[str, Any]:
    """Weigh what was built."""
    sent = kilobytes()
    in_all = {"colleagues": of(sent, COLLEAGUES), "customers": of(sent, CUSTOMERS)}
    return {f"{name}, KB": round(value, 1) for name, value in (sent | in_all).items()}


def kilobytes() -> dict[str, float]:
    """Return the compressed kilobytes (1,000 bytes) of each bundle; nothing where the front end was not built."""
    found: dict[str, float] = {}
    for path in sorted(BUILT.rglob("*")):
        if path.suffix in {".js", ".css"}:
            name = path.relative_to(BUILT)
            key = "words" if name.parts[0] == "words" else name.as_posix()
            found[key] = max(found.get(key, 0), _compressed(path))
    return found


def of(sent: dict[str, float], bundles: Iterable[str]) -> float:
    """Return the kilobytes of these bundles in all."""
    return sum(sent.get(name, 0) for name in bundles)


def _compressed(path: Path) -> float:
    return len(gzip.compress(path.read_bytes(), mtime=0)) / 1000
