"""Numbers that a state gives a person. Checked by python-stdnum where the number can be checked.

A shape that many other numbers have too (nine or eleven digits) counts only with its name before it, or, written in the
groups of its country, in the workspace's own country. A distinctive one counts unless it is called something else.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum
from functools import cache
from importlib import import_module

from app.personal_data.context import is_named, is_other
from app.personal_data.kinds import Kind, Span


class Needs(Enum):
    """What must stand before a number so that it counts."""

    NOTHING = "nothing"  # distinctive: only a name for another sort of number speaks against it
    NAME_ABROAD = "name abroad"  # in the workspace's own country the shape is enough
    NAME = "name"


@dataclass(frozen=True, slots=True)
class Shape:
    """One way in which a number is written; `check` is a module of stdnum, "" where there is no check digit."""

    country: str
    pattern: re.Pattern[str]
    check: str
    needs: Needs
    names: re.Pattern[str]


def _names(words: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![^\W_])(?:{words})(?![^\W_])", re.IGNORECASE)


def _shape(country: str, pattern: str, check: str, needs: Needs, names: re.Pattern[str]) -> Shape:
    bounded = re.compile(rf"(?<![0-9A-Za-z_])(?<![0-9][.,]){pattern}(?![0-9A-Za-z_])(?![.,\-/][0-9])")
    return Shape(country, bounded, check, needs, names)


TAX = (
    r"tax[- ]?(?:id|number|no|payer id)|tin|id[- ]?(?:number|card)"
    r"|national (?:id|identity|insurance)(?: (?:number|card|no))?"
)
US = _names(rf"ssn|social security(?: (?:number|no))?|soc\.? ?sec\.?|social|itin|{TAX}")
GB = _names(rf"nino|ni|ni number|{TAX}")
DE_TAX = _names(rf"steuer[- ]?(?:id|nummer|identifikationsnummer)(?:nummer)?|idnr|tin|{TAX}")
DE_CARD = _names(r"(?:personal)?ausweis(?:es|nummer|nr)?|perso|id[- ]?(?:card|karte|number)|identity card")
FR = _names(rf"nir|s[ée]curit[ée] sociale|num[ée]ro de s[ée]cu|n° ?s[ée]cu|carte vitale|insee|{TAX}")
ES = _names(rf"dni|nif|nie|documento(?: nacional)?(?: de identidad)?|c[ée]dula|{TAX}")
IT = _names(rf"codice fiscale|cod\. ?fisc\.?|c\.?f\.?|{TAX}")
NL = _names(rf"bsn|burgerservicenummer|sofinummer|sofi|{TAX}")
PL = _names(rf"pesel|{TAX}")
BR = _names(rf"cpf|{TAX}")
AADHAAR = _names(rf"aadhaa?r|adhaa?r|uidai|uid|आधार|{TAX}")
PAN = _names(r"pan(?: ?(?:card|number|no))?")
CH = _names(r"ahv|avs|sozialversicherungsnummer|versichertennummer|n° ?avs")
CA = _names(rf"sin|social insurance(?: number)?|nas|{TAX}")
SE = _names(r"personnummer|personnr|pnr|samordningsnummer")
BE = _names(r"rijksregisternummer|insz|niss|num[ée]ro national|registre national")
PASSPORT = _names(
    r"passport(?: (?:number|no|nr))?|reisepass(?:nummer)?|passnummer|passeport|pasaporte|passaporto|paspoort"
)

G = r"[ \u00a0.\-]"
GAPS = re.compile(r"[ \u00a0.]")
DIGITS = re.compile(r"[0-9](?:[^0-9]{0,4}[0-9]){2,}")
AROUND = 12  # letters of a number before its first digit or behind its last, with room
SHAPES = (
    _shape("US", r"[0-8][0-9]{2}-[0-9]{2}-[0-9]{4}", "us.ssn", Needs.NOTHING, US),
    _shape("US", r"[0-8][0-9]{2} ?[0-9]{2} ?[0-9]{4}", "us.ssn", Needs.NAME, US),
    _shape(
        "GB",
        r"(?!BG|GB|NK|KN|TN|NT|ZZ)[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z](?: ?[0-9]{2}){3} ?[A-D]",
        "",
        Needs.NOTHING,
        GB,
    ),
    _shape("DE", r"[1-9][0-9] [0-9]{3} [0-9]{3} [0-9]{3}", "de.idnr", Needs.NAME_ABROAD, DE_TAX),
    _shape("DE", r"[1-9][0-9]{10}", "de.idnr", Needs.NAME, DE_TAX),
    _shape("DE", r"[CFGHJKLMNPRTVWXYZ][CFGHJKLMNPRTVWXYZ0-9]{8}[0-9]D?", "de.card", Needs.NAME, DE_CARD),
    _shape("DE", r"[LMNPRTVWXYZ](?=[A-Z0-9]{0,7}[0-9])[CFGHJKLMNPRTVWXYZ0-9]{8}", "", Needs.NAME, DE_CARD),
    _shape("FR", rf"[12]{G}?[0-9]{{2}}{G}?[0-9]{{2}}{G}?(?:[0-9]{{2}}|2[AB]){G}?[0-9]{{3}}{G}?[0-9]{{3}}{G}?[0-9]{{2}}",
           "fr.nir", Needs.NOTHING, FR),
    _shape("ES", r"[0-9]{8}[ \-]?[A-Z]", "es.dni", Needs.NAME_ABROAD, ES),
    _shape("ES", r"[0-9]{2}\.[0-9]{3}\.[0-9]{3}[ \-]?[A-Z]", "es.dni", Needs.NOTHING, ES),
    _shape("ES", r"[XYZ][ \-]?[0-9]{7}[ \-]?[A-Z]", "es.nie", Needs.NAME_ABROAD, ES),
    _shape("IT", r"[A-Za-z]{3} ?[A-Za-z]{3} ?[0-9]{2}[A-Za-z][0-9]{2} ?[A-Za-z][0-9]{3} ?[A-Za-z]",
           "it.codicefiscale", Needs.NOTHING, IT),
    _shape("NL", r"[0-9]{4}\.[0-9]{2}\.[0-9]{3}", "nl.bsn", Needs.NAME_ABROAD, NL),
    _shape("NL", rf"[0-9]{{3,4}}{G}?[0-9]{{2,3}}{G}?[0-9]{{3}}", "nl.bsn", Needs.NAME, NL),
    _shape("PL", r"[0-9]{11}", "pl.pesel", Needs.NAME_ABROAD, PL),
    _shape("BR", r"[0-9]{3}\.[0-9]{3}\.[0-9]{3}-[0-9]{2}", "br.cpf", Needs.NOTHING, BR),
    _shape("BR", r"[0-9]{9}-?[0-9]{2}", "br.cpf", Needs.NAME, BR),
    _shape("IN", r"[2-9][0-9]{3}[ \-][0-9]{4}[ \-][0-9]{4}", "in_.aadhaar", Needs.NAME_ABROAD, AADHAAR),
    _shape("IN", r"[2-9][0-9]{11}", "in_.aadhaar", Needs.NAME, AADHAAR),
    _shape("IN", r"[A-Z]{3}[ABCFGHLJPTK][A-Z][0-9]{4}[A-Z]", "in_.pan", Needs.NOTHING, PAN),
    _shape("CH", r"756\.?[0-9]{4}\.?[0-9]{4}\.?[0-9]{2}", "ch.ssn", Needs.NOTHING, CH),
    _shape("CA", r"[1-79][0-9]{2}[ \-]?[0-9]{3}[ \-]?[0-9]{3}", "ca.sin", Needs.NAME, CA),
    _shape("SE", r"(?:[12][0-9])?[0-9]{6}[-+][0-9]{4}", "se.personnummer", Needs.NOTHING, SE),
    _shape("BE", r"[0-9]{2}\.[0-9]{2}\.[0-9]{2}-[0-9]{3}\.[0-9]{2}", "be.nn", Needs.NOTHING, BE),
    _shape("BE", r"[0-9]{11}", "be.nn", Needs.NAME, BE),
    _shape("", r"(?:[0-9]{6,9}|[A-Z](?=(?:[A-Z]{0,5}[0-9]){3})[0-9A-Z]{5,8})", "", Needs.NAME, PASSPORT),
)  # fmt: skip


def find(text: str, region: str) -> Iterator[Span]:
    """Yield the national ids of a text; `region` is the workspace's own country (two letters)."""
    for start, end in _places(text):
        for shape in SHAPES:
            for match in shape.pattern.finditer(text, start, end):
                if _counts(shape, text, match.start(), region) and _is_valid(shape, match[0]):
                    yield Span(match.start(), match.end(), Kind.NATIONAL_ID)


def _places(text: str) -> Iterator[tuple[int, int]]:
    """Yield the stretches of a text that have digits close together: most of a text has none."""
    start = end = 0
    for match in DIGITS.finditer(text):
        if match.start() - AROUND > end:
            if end:
                yield start, end
            start = max(0, match.start() - AROUND)
        end = match.end() + AROUND
    if end:
        yield start, end


def _counts(shape: Shape, text: str, start: int, region: str) -> bool:
    if shape.needs is Needs.NAME or (shape.needs is Needs.NAME_ABROAD and shape.country != region):
        return is_named(text, start, shape.names)
    return not is_other(text, start, shape.names)


def _is_valid(shape: Shape, number: str) -> bool:
    return not shape.check or _checker(shape.check)(GAPS.sub("", number))


@cache
def _checker(name: str) -> Callable[[str], bool]:
    if name == "de.card":
        return passes_731
    checker: Callable[[str], bool] = import_module(f"stdnum.{name}").is_valid
    return checker


def passes_731(number: str) -> bool:
    """Check the tenth character of a machine-readable document number (ICAO 9303: weights 7, 3, 1)."""
    weights = (7, 3, 1) * 3
    return sum(int(one, 36) * weight for one, weight in zip(number[:9], weights, strict=True)) % 10 == int(number[9])
