"""How pages read: the language, the clock and the looks that a user chose, and the language of the house. And how
one writes: with formatting where a channel takes it, or plain.
"""

from __future__ import annotations

from zoneinfo import available_timezones

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.errors import Invalid
from app.models import HouseSetting, User
from app.phrases import phrase
from app.services import users

# The languages there are catalogues for (app/languages.py says more of them; a test compares the two).
CODES = ("en", "de", "es", "fr", "pt-BR", "ar", "ja")
FOR_TRYING = "en-XA"  # accented test English: may be chosen, is not offered
NO_LANGUAGE = phrase("Choose a language from the list.")


def time_zones() -> list[str]:
    """Return the names of the time zones that people live in: "Europe/Berlin"."""
    return sorted(name for name in available_timezones() if "/" in name and not name.startswith("Etc/"))


def choose(session: Session, *, user: User, language: str, time_zone: str, theme: str) -> None:
    """Set how pages read for one user; "" leaves language and clock to their browser. Raises Invalid."""
    if language not in {"", FOR_TRYING, *CODES}:
        raise Invalid(NO_LANGUAGE, field="language")
    if time_zone and time_zone not in available_timezones():
        raise Invalid(phrase("Choose a time zone from the list, as Europe/Berlin."), field="time_zone")
    user.language, user.time_zone = language, time_zone
    users.set_theme(session, user=user, theme=theme)


def write_plain(session: Session, *, user: User, is_plain: bool) -> None:
    """Let a user write replies with formatting, or without, on every device."""
    user.writes_plain = is_plain
    session.flush()


def house_language(session: Session) -> str:
    """Return the language for those whose browser names none that we speak."""
    return session.scalar(select(HouseSetting.language)) or "en"


def change_house_language(session: Session, *, language: str) -> None:
    """Set it. Raises Invalid."""
    if language not in CODES:
        raise Invalid(NO_LANGUAGE, field="house_language")
    row = insert(HouseSetting).values(id=1, language=language)
    session.execute(row.on_conflict_do_update(index_elements=[HouseSetting.id], set_={"language": language}))
