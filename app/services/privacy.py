"""The workspace's rules for personal data: where it is at home, and who may see what is hidden."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import Select, bindparam, select, true
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.errors import Forbidden, Invalid
from app.models import BusinessHours, HouseSetting, PrivacySetting, Role, User
from app.personal_data import HOME
from app.phrases import phrase
from app.services import search_fill, users


@dataclass(frozen=True, slots=True)
class Privacy:
    """`region`: the country whose numbers are written without one, in two letters."""

    region: str = HOME
    agents_reveal: bool = False

    def may_reveal(self, user: User) -> bool:
        """Tell whether a user may show hidden data: supervisors and admins always, agents if the workspace says so."""
        if user.role is Role.AGENT:
            return self.agents_reveal
        return user.role in {Role.SUPERVISOR, Role.ADMIN}


def find(session: Session) -> Privacy:
    """Return the rules; those of a new workspace while nobody set any."""
    return _of(session.get(PrivacySetting, 1))


@dataclass(frozen=True, slots=True)
class House:
    """What the workspace has set for all its readers; the time zone is "" where nobody has said."""

    language: str = "en"
    time_zone: str = ""


def find_signed_in(session: Session, token: str) -> tuple[User, Privacy, House] | None:
    """Return the user whom a session cookie names, if it still holds, with the house's rules: one query a request."""
    public_id = users.public_id_in(token)
    if public_id is None:
        return None
    row = session.execute(_signed_in(), {"who": public_id}).one_or_none()
    if row is None or not users.is_session_of(row[0], token):
        return None
    return row[0], _of(row[1]), House(row[2] or "en", row[3] or "")


@cache
def _signed_in() -> Select[Any]:
    language = select(HouseSetting.language).scalar_subquery()
    time_zone = select(BusinessHours.time_zone).scalar_subquery()
    query = select(User, PrivacySetting, language, time_zone).outerjoin(PrivacySetting, true())
    return query.where(User.public_id == bindparam("who", type_=User.public_id.type))


def require_reveal(user: User, privacy: Privacy) -> None:
    """Raise Forbidden for those who may not see what is hidden."""
    if not privacy.may_reveal(user):
        raise Forbidden(phrase("Hidden data is shown to supervisors and admins only."))


def change(session: Session, *, region: str, agents_reveal: bool) -> Privacy:
    """Store other rules. Raises Invalid for a region that phone numbers do not know."""
    known = region.strip().upper()
    if known not in regions():
        raise Invalid(phrase("Choose a country."), field="region")
    row = insert(PrivacySetting).values(id=1, region=known, agents_reveal=agents_reveal)
    kept = {"region": row.excluded.region, "agents_reveal": row.excluded.agents_reveal}
    is_moved = session.scalar(select(PrivacySetting.region)) != known
    session.execute(row.on_conflict_do_update(index_elements=[PrivacySetting.id], set_=kept))
    if is_moved:
        search_fill.start_again(session)  # other numbers are hidden there
    return Privacy(known, agents_reveal)


def regions() -> dict[str, str]:
    """Return the countries that have phone numbers: two letters, and the name in English."""
    import phonenumbers
    from phonenumbers.geodata.locale import LOCALE_DATA

    names = {code: LOCALE_DATA.get(code, {}) for code in phonenumbers.SUPPORTED_REGIONS}
    return {code: known.get(known.get("en", "").lstrip("*"), known.get("en", code)) for code, known in names.items()}


def _of(row: PrivacySetting | None) -> Privacy:
    return Privacy(row.region, row.agents_reveal) if row else Privacy()
