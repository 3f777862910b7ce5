"""Which words after "password", "PIN" or "token" are the secret itself, and which only talk about it."""

from __future__ import annotations

import re

from app.personal_data.kinds import Kind

CODE = re.compile(r"[\"'“]?(?:G-)?([0-9]{3}[ \-][0-9]{3}|[0-9]{3,8})(?![0-9A-Za-z_%€$£])(?![.,\-/ :][0-9])")
KEY = re.compile(r"[\"'“`]?([0-9A-Za-z_\-./+=~]{16,512})")
QUOTES = {'"': '"', "'": "'", "“": "”", "„": "“", "«": "»", "`": "`", "‘": "’"}
TRAILING = ".,;:)]}>\"'”»"
SYMBOL = re.compile(r"[^\w\s\-'’./,…–—()\"“”\[\]<>•*]")
MIXED = re.compile(r"[a-z][A-Z]|[A-Z]{2,}[a-z]+[A-Z]")
DIGIT_AND_MORE = re.compile(r"(?=[^\W_]*[0-9])(?=.*[^\W\d_])|(?=.*[0-9])(?=.*[^\w\s])")
CODE_LENGTHS = {Kind.CVV: (3, 4), Kind.PIN: (4, 8), Kind.CODE: (4, 8)}
ORDINARY = frozenset(  # words that stand after "password is" and are none
    re.findall(
        r"\w+",
        """
    a abgelaufen about accepted again all already alt always am an and any are as ask asked at available
    back bad be been before being bitte blank blocked box broken but by can cannot change changed changes
    changing code complicated compromised correct correcta correctly could created days deactivated dead
    default did different disabled do does done each easy email empty enough entered entry error expired
    expires expiry expiré falsch false fehlerhaft fertig field fine first for forgot forgotten form free
    from generator gesperrt given go gone good guide hacked had has have help here hidden hint history how
    however identical if important in incorrect incomplete incorrecta incorrecto invalid invalide inválida is issue
    issues it jamais just kaputt known korrekt last later leaked least leer link locked login long lost mail
    manager may me mine minimum missing must my need needed neu never new nicht no none not nothing now
    nötig of off ok okay old olvidada on once one only optional or other oublié our out page passed perdu
    please policy private problem problems prompt protected protection public question read ready recovery
    refused rejected required requirements reset resets resetting richtig right rules safe same saved screen
    secret secure security sent set settings shared should shown simple since so some something sometimes
    soon still stolen stored strength strong support temporary temporär than that the their them then there
    they this thus time times to today too twice unchanged ungültig unknown unsafe until updated us used
    user username valid vergessen verification verkeerd verloren very via visible was we weak weg were what
    when where which while who why will wird with without won work working works would wrong yes yet you
    your zurücksetzen
    """,
    )
)


def is_code(text: str, start: int, stop: int, *, kind: Kind, name: str, linked: bool, region: str) -> int:
    """Return where the digits of a PIN or code that begins here end, 0 if none does."""
    match = CODE.match(text, start, stop)
    if match is None:
        return 0
    digits = re.sub(r"[ \-]", "", match[1])
    shortest, longest = CODE_LENGTHS[kind]
    if not shortest <= len(digits) <= longest or (not linked and _looks_like_year(digits)):
        return 0
    if kind is Kind.PIN and len(digits) == 6 and region == "IN":
        return 0
    needs_link = name.lower() in {"tan", "your code", "pin code", "access code"}
    return match.end(1) if linked or not needs_link else 0


def is_key(text: str, start: int, stop: int, *, linked: bool) -> int:
    """Return where a key of unknown shape ends: long, letters and digits mixed; 0 if there is none."""
    match = KEY.match(text, start, stop)
    if match is None or not linked or match[1].startswith(("http", "/", "www.")):
        return 0
    value = match[1]
    digits = sum(one.isdigit() for one in value)
    return match.end(1) if digits >= 3 and any(one.isalpha() for one in value) else 0


def password_end(text: str, start: int, stop: int) -> tuple[int, int, bool]:
    """Return where the password begins and ends, and whether it stands in quotes."""
    closing = QUOTES.get(text[start : start + 1])
    if closing:
        end = text.find(closing, start + 1, stop)
        line_end = text.find("\n", start, stop)
        if start + 2 < end and not 0 <= line_end < end and "\0" not in text[start:end]:
            return start + 1, end, True
    end = start
    while end < stop and not text[end].isspace() and text[end] != "\0":
        end += 1
    while end > start and text[end - 1] in TRAILING:
        end -= 1
    return start, end, False


def is_password(value: str, *, is_quoted: bool, strong: bool, linked: bool, is_last: bool) -> bool:
    """Tell whether a word is the password, by its look and by how it was announced."""
    if len(value) < 4 or len(set(value)) < 3 or value.lower() in ORDINARY or "://" in value:
        return False
    if is_quoted:
        return linked
    if not linked:
        return len(value) >= 6 and bool(DIGIT_AND_MORE.match(value)) and not _is_range(value)
    looks = any(one.isdigit() for one in value) or bool(SYMBOL.search(value)) or bool(MIXED.search(value))
    if looks:
        return not _is_range(value) or strong
    return is_last and value.isalpha() and (strong or (value.islower() and not value.endswith(("ed", "ing", "able"))))


def _is_range(value: str) -> bool:
    """8-16, 2024-05-12, 10:30, 12.5%: numbers that say something about a password."""
    return bool(re.fullmatch(r"[0-9]{1,4}(?:[\-–./:,][0-9]{1,4}){0,3}[%.]?", value))


def _looks_like_year(digits: str) -> bool:
    return len(digits) == 4 and digits[:2] in {"19", "20"}
