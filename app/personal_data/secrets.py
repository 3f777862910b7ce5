"""Passwords, PINs, card security codes, codes used once and unknown keys: known by what people write before them.

The name of the secret is searched; what follows within a bounded reach is read by hand: a link ("is", ":", "="), then
the value, which must look like one: "my password is not working" tells no password.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from app.personal_data.kinds import Kind, Span
from app.personal_data.secret_values import is_code, is_key, is_password, password_end

REACH = 260  # characters after a name that are read


@dataclass(frozen=True, slots=True)
class Name:
    """Words that announce a secret of a kind."""

    kind: Kind
    stems: tuple[str, ...]  # one of them is in every text that has the words: searching them is fast
    words: re.Pattern[str]


def _name(kind: Kind, stems: str, words: str) -> Name:
    return Name(kind, tuple(stems.split("|")), re.compile(rf"(?<![^\W_])(?:{words})(?![^\W_])", re.IGNORECASE))


NAMES = (
    _name(
        Kind.CVV,
        "cvv|cvc|csc|cvn|card|back|karten|prüf|cryptogramme|security",
        r"cv[vc]2?(?: (?:number|code|no))?|csc|cvn|card (?:verification|security) (?:code|value|number)"
        r"|(?:numbers?|digits|code) on the back"
        r"|karten(?:prüfnummer|prüfziffer)|prüf(?:nummer|ziffer)|cryptogramme(?: visuel)?|security code",
    ),
    _name(
        Kind.CODE,
        "code|codi|otp|pin|tan|kod|código|pass",
        r"otp|one[- ]time (?:pass(?:word|code)|code|pin)|(?:verification|security|log[- ]?in|sign[- ]?in|access|auth"
        r"|authentication|authenticator|2fa|mfa|two[- ]factor|sms|activation|recovery) (?:code|pin)|passcode|m?-?tan"
        r"|(?:bestätigungs|verifizierungs|sicherheits|einmal|freischalt|sms-)code|einmalpasswort"
        r"|code (?:de|à) (?:vérification|validation|confirmation|sécurité|usage unique)"
        r"|c[óo]digo de (?:verificaci[óo]n|seguridad|acceso|confirmaci[óo]n)|codice (?:di )?(?:verifica|sicurezza)"
        r"|c[óo]digo de verifica[çc][ãa]o|verificatiecode|kod weryfikacyjny|your code",
    ),
    _name(
        Kind.PIN,
        "pin|geheimzahl",
        r"pin(?:[- ]?(?:code|number|nummer|no|nr))?|geheimzahl|code pin|codice pin|c[óo]digo pin|pincode|kod pin",
    ),
    _name(
        Kind.PASSWORD,
        "pass|pwd|pw|kennwort|mdp|contrase|clave|wachtwoord|senha|has|senord|salasana|adgangskode|парол|密码|パスワード",
        r"(?:\w{1,20}[-_])?(?:pass[- ]?(?:words?|phrase)|passwd|pwd)|pw|pass(?=\s?[:=])|passwor[dt]e?s?"
        r"|kennwort|mot de passe|mdp"
        r"|contrase[ñn]a|clave|wachtwoord|senha|hasło|haslo|lösenord|losenord|salasana|adgangskode|парол[ьяю]|密码|パスワード",
    ),
    _name(
        Kind.TOKEN,
        "key|token|secret",
        r"(?:\w{1,20}[-_])?(?:api[-_ ]?(?:key|token|secret)|access[-_ ]?(?:key|token)"
        r"|secret(?:[-_ ]?access)?(?:[-_ ]?key)?"
        r"|(?:client|app)[-_ ]secret|(?:auth|refresh|bearer|session)[-_ ]?token|token)",
    ),
)
ABOUT = (
    r"(?:[ \t]{1,3}(?:for|to|of|on|at|für|zum|zur|im|von|pour|de|du|para|del|per|voor)\b"
    r"(?:[^\n.;!?:=,\0]|\.(?=\S)){0,48}?)?"
)
LINK = re.compile(
    ABOUT + r"[\"')\]]{0,2}[ \t]{0,3}(?:(?P<strong>[:=#]|->|=>|：)\s{0,4}"
    r"|(?P<weak>is|was|are|ist|war|lautet|est|es|era|é|è|jest|wynosi|to|-|–)[ \t]{0,2}(?P<colon>[:=])?\s{1,4})"
    r"|(?P<none>[ \t\n]{1,3})",
    re.IGNORECASE,
)
NOW = re.compile(r"(?:now|currently|just|simply|still|jetzt|derzeit|maintenant|ahora)[ \t]{1,3}", re.IGNORECASE)
CODE_FIRST = re.compile(
    r"(?<![0-9A-Za-z_#])(?<![0-9][.,\- ])(?:G-)?([0-9]{4,8})[ \t]{1,2}(?:is|as|ist|est|es|è|é)[ \t]{1,2}"
    r"(?:your|my|the|ihre?|deine?|votre|ton|tu|su|il|o seu)[ \t]{1,2}(?:[\w\-]{1,20}[ \t]){0,4}?"
    r"(?:(?:\w{0,20}(?:code|tan|otp|pin)|passcode|código|codice)(?!\w))",
    re.IGNORECASE,
)
CODE_TO = re.compile(  # "use code 118822 to sign in"
    r"\bcode[ \t]{1,2}([0-9]{4,8})[ \t]{1,2}(?:to|for|um|zum|pour|para)[ \t]{1,2}"
    r"(?:sign|log|verif|confirm|authenticat|anmeld|einlogg|bestätig|vous connecter|iniciar)",
    re.IGNORECASE,
)
AFTER_CARD = re.compile(  # a card (found before this is asked), when it ends, its security code
    r"\0[ \t,;/|\-]{0,4}(?:(?:exp(?:iry|ires|\.)?|valid(?: thru| until)?|bis)[ \t:.]{0,3})?"
    r"(?:0[1-9]|1[0-2])[ \t]?[/\-.][ \t]?(?:20)?[0-9]{2}"
    r"[ \t,;/|\-]{1,4}([0-9]{3,4})(?![0-9A-Za-z])(?![.,][0-9])",
    re.IGNORECASE,
)


def find(text: str, region: str) -> Iterator[Span]:
    """Yield what is announced as secret in a text."""
    for match in AFTER_CARD.finditer(text):
        yield Span(match.start(1), match.end(1), Kind.CVV)
    for told in (CODE_FIRST, CODE_TO):
        yield from (Span(match.start(1), match.end(1), Kind.CODE) for match in told.finditer(text))
    small = text.lower()
    for name in NAMES:
        if not any(stem in small for stem in name.stems):
            continue
        for match in name.words.finditer(text):
            found = _value_after(text, match, name.kind, region)
            if found:
                yield found


def _value_after(text: str, match: re.Match[str], kind: Kind, region: str) -> Span | None:
    """Read the link and the value after the name of a secret; None where there is no value."""
    stop = min(len(text), match.end() + REACH)
    link = LINK.match(text, match.end(), stop)
    if link is None:
        return None
    start = link.end()
    if now := NOW.match(text, start, stop):
        start = now.end()
    strong, linked = bool(link["strong"] or link["colon"]), not link["none"]
    if kind is Kind.PASSWORD:
        return _password(text, start, stop, strong=strong, linked=linked)
    if kind is Kind.TOKEN:
        end = is_key(text, start, stop, linked=linked)
        return Span(start, end, kind) if end else None
    end = is_code(text, start, stop, kind=kind, name=match[0], linked=linked, region=region)
    return Span(start, end, kind) if end else None


def _password(text: str, start: int, stop: int, *, strong: bool, linked: bool) -> Span | None:
    start, end, is_quoted = password_end(text, start, stop)
    is_last = not text[end:stop].split("\n", 1)[0].strip(" \t.!,;)\"'”»")
    value = text[start:end]
    if is_password(value, is_quoted=is_quoted, strong=strong, linked=linked, is_last=is_last):
        return Span(start, end, Kind.PASSWORD)
    return None
