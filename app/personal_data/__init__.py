"""Personal data in text: where it stands, and the text with it hidden. Pure: no database, no network, no model.

`spans(text)` finds, `mask(text)` hides. The stored text stays as it came; masking happens at the edges.
"""

from app.personal_data.finder import HOME, LIMIT, mask, masked, spans, without
from app.personal_data.html import mask_html
from app.personal_data.kinds import EVERY_KIND, KEEPS_LAST_FOUR, SENSITIVE, WORDS, Kind, Span

__all__ = [
    "EVERY_KIND",
    "HOME",
    "KEEPS_LAST_FOUR",
    "LIMIT",
    "SENSITIVE",
    "WORDS",
    "Kind",
    "Span",
    "mask",
    "mask_html",
    "masked",
    "spans",
    "without",
]
