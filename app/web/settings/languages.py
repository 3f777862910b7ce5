"""The languages that texts of the workspace can be marked with, by ISO 639-1, as the reader calls them."""

from __future__ import annotations

from app.languages import language
from app.phrases import phrase

CODES = (
    *("ar", "cs", "da", "de", "el", "en", "es", "fi", "fr", "he", "hi", "hu", "it", "ja", "ko", "nl", "no", "pl"),
    *("pt", "ro", "ru", "sv", "th", "tr", "uk", "vi", "zh"),
)


def language_choices() -> list[tuple[str, str]]:
    """Return (code, name) for a list to choose from, "" for any language first."""
    names = language().locale.languages
    return [("", phrase("Any language")), *((code, _title(names.get(code, code))) for code in CODES)]


def _title(name: str) -> str:
    return name[:1].upper() + name[1:]
