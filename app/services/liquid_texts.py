"""Texts with variables, in a small part of Liquid: read when they are saved, filled when they are used. Pure.

A value that nobody knows is never left out in silence. It stands in the text as a gap, ⟦the customer's first name⟧,
unless the text says what stands there instead: {{ contact.first_name | default: "there" }}. A reply with a gap in it
is not sent (app/services/outgoing.py).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from app.errors import Invalid
from app.phrases import phrase

if TYPE_CHECKING:
    from liquid import BoundTemplate

LONGEST = 10_000  # characters of a text
LONGEST_VALUE = 2_000
MOST_CODE, LONGEST_CODE = 200, 300  # places of a text that are Liquid; characters of one: the library's reading is
# quadratic in that, and only in that
FIELD = "text"
VARIABLES = {  # what people write, and what it stands for: said in the help, and in the gap where it is not known
    "contact.name": phrase("the customer's name"),
    "contact.first_name": phrase("the customer's first name"),
    "contact.email": phrase("the customer's e-mail address"),
    "agent.name": phrase("your name"),
    "agent.first_name": phrase("your first name"),
    "agent.signature": phrase("the signature of the inbox, with your name"),
    "conversation.number": phrase("the conversation's number"),
    "conversation.subject": phrase("its subject"),
    "conversation.inbox": phrase("the name of its inbox"),
    "conversation.channel": phrase("the name of its channel"),
    "business_hours": phrase("your business hours"),
    "today": phrase("today's date where the customer is"),
    "case.number": phrase("the number of its newest case"),
}
FILTERS = {  # what can be done with a value, as liquid_engine does it
    "default": phrase('what stands there where it is not known: default: "there"'),
    "upcase": phrase("in capitals"),
    "downcase": phrase("in small letters"),
    "capitalize": phrase("with a capital at the beginning"),
    "strip": phrase("without blanks around it"),
    "append": phrase("with words after it"),
    "prepend": phrase("with words before it"),
    "truncate": phrase("cut after so many characters"),
}
_GAPS = re.compile("⟦(" + "|".join(re.escape(words) for words in VARIABLES.values()) + ")⟧")
_SIGNS = {ord(sign): None for sign in "⟦⟧"}
_CONTROLS = {code: " " for code in (*range(0x20), 0x7F) if code != 10}


def check(text: str, *, field: str = FIELD) -> None:
    """Read a text. Raises Invalid, naming line and cause, for what is no Liquid or is not known here."""
    if len(text) > LONGEST:
        raise Invalid(phrase("Write at most {most} characters.", most=LONGEST), field=field)
    template = _template(text, field)
    _check_filters(template, field)
    for variable in (one for found in template.analyze().variables.values() for one in found):
        name = _path(variable.segments)
        if name not in VARIABLES:
            line = _line(text, variable.span.index)
            known = ", ".join(VARIABLES)
            raise Invalid(
                phrase("Line {line}: {name} is not known. Known are {known}.", line=line, name=name, known=known),
                field=field,
            )
    render(text, {}, field=field)  # what filters are given is only seen when they run


def render(text: str, values: Mapping[str, str], *, field: str = FIELD) -> str:
    """Return a text with its values in place, each as it is: what a value holds is not looked at.

    Raises Invalid, naming line and cause, for a text that `check` would refuse for its form.
    """
    from liquid.exceptions import LiquidError

    try:
        return _template(text, field).render(**_namespace(values))
    except LiquidError as problem:
        raise _invalid(text, problem, field) from None


def gaps(text: str) -> list[str]:
    """Return what is missing in a text that was filled, in words, each once."""
    return list(dict.fromkeys(_GAPS.findall(text)))


def refuse_gaps(text: str) -> None:
    """Raise Invalid for a text that still has a gap to fill."""
    missing = gaps(text)
    if missing:
        listed = ", ".join(missing)
        raise Invalid(phrase("Fill in what is missing before this leaves: {missing}.", missing=listed), field="text")


def _template(text: str, field: str) -> BoundTemplate:
    from liquid.exceptions import LiquidError

    _check_size(text, field)
    try:
        return _parsed(text)
    except LiquidError as problem:
        raise _invalid(text, problem, field) from None
    except RecursionError:
        raise Invalid(phrase("This nests too deeply."), field=field) from None


def _check_size(text: str, field: str) -> None:
    if text.count("{{") + text.count("{%") > MOST_CODE:
        raise Invalid(phrase("Use at most {most} variables and conditions in one text.", most=MOST_CODE), field=field)
    for opening, closing in (("{{", "}}"), ("{%", "%}")):
        start = text.find(opening)
        while start >= 0:
            end = text.find(closing, start, start + LONGEST_CODE)
            if end < 0 and len(text) - start > LONGEST_CODE:
                line = _line(text, start)
                raise Invalid(_unclosed(line, opening), field=field)
            start = text.find(opening, start + 2)


def _unclosed(line: int, opening: str) -> str:
    return phrase(
        "Line {line}: {opening} is not closed within {most} characters.",
        line=line,
        opening=opening,
        most=LONGEST_CODE,
    )


@lru_cache(maxsize=256)
def _parsed(text: str) -> BoundTemplate:
    from app.services.liquid_engine import ENVIRONMENT

    return ENVIRONMENT.from_string(text)


def _namespace(values: Mapping[str, str]) -> dict[str, Any]:
    """Return values by their paths, a gap for each that is empty."""
    from app.services.liquid_engine import Gap

    namespace: dict[str, Any] = {}
    for name, words in VARIABLES.items():
        value = _clean(values.get(name, ""))
        *parents, last = name.split(".")
        place = namespace
        for parent in parents:
            place = place.setdefault(parent, {})
        place[last] = value or Gap(str(words))
    return namespace


def _clean(value: str) -> str:
    """Return a value without what could look like a gap, or move the text around it."""
    return value[:LONGEST_VALUE].translate(_CONTROLS).translate(_SIGNS).strip()


def _check_filters(template: BoundTemplate, field: str) -> None:
    unknown = next((name for name in template.filter_names() if name not in FILTERS), None)
    if unknown is not None:
        known = ", ".join(FILTERS)
        raise Invalid(
            phrase("The filter {filter} is not known. Known are {known}.", filter=unknown, known=known), field=field
        )


def _path(segments: list[Any]) -> str:
    return ".".join(str(segment) for segment in segments)


def _invalid(text: str, problem: Any, field: str) -> Invalid:
    cause = str(problem.message or "it cannot be read").replace("end of expression", "the end")
    start = problem.token.start_index if problem.token is not None else -1
    line = _line(text, start if start >= 0 else _doubtful(text))
    return Invalid(phrase("Line {line}: {cause}.", line=line, cause=cause), field=field)


def _doubtful(text: str) -> int:
    """Return where a mistake may be that the library gives no place for: the first variable that cannot be read alone,
    else the last tag, which nothing closes.
    """
    from liquid.exceptions import LiquidError

    start = text.find("{{")
    while start >= 0:
        end = text.find("}}", start)
        try:
            _parsed(text[start : end + 2] if end >= 0 else text[start:])
        except LiquidError:
            return start
        start = text.find("{{", start + 2)
    return max(text.rfind("{%"), 0)


def _line(text: str, index: int) -> int:
    return text.count("\n", 0, index) + 1
