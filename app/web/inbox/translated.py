"""Messages in the reader's language: whether it can be had, and what there is."""

from __future__ import annotations

from app.languages import ENGLISH, PSEUDO, language
from app.queries.message_extras import TranslationRow
from app.queries.timeline import MessageRow
from app.services import message_translations
from app.services.message_translations import Offered
from app.web.now_and_then import NowAndThen

_offered: NowAndThen[Offered] = NowAndThen(message_translations.offered, Offered(), seconds=10)
forget = _offered.forget


def readers() -> str:
    """Return the reader's language, ISO 639-1: whoever reads Brazilian Portuguese reads Portuguese."""
    code = language().code
    return ENGLISH if code == PSEUDO else code.partition("-")[0]


def can_be_had(source: str) -> bool:
    """Say whether words of a language can be put into the reader's."""
    return bool(source) and _offered.value().has(source, readers())


def translation_of(row: MessageRow) -> TranslationRow | None:
    """Return what there is of a message in the reader's language."""
    return next((one for one in row.more.translations if one.language == readers()), None)


LOOKS = {"translation_of": translation_of}
