"""Message templates: Meta's components as one text with numbered places, and back again when one is sent.

Sources (developers.facebook.com/documentation/business-messaging/whatsapp): templates/template-management (list,
POSITIONAL and NAMED parameters), templates/components, messages/template-messages. Of a template's parts only text
can be filled in here: those that need a picture, a code, a catalogue or a carousel are not offered.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from connectors._graph import Graph
from connectors._json_api import segment
from connectors._payload import at, line, objects, text
from connectors.base import Template
from connectors.errors import Rejected
from connectors.phrases import phrase
from connectors.submission import clean_line

FIELDS = "name,language,status,category,parameter_format,components"
PAGE, MOST_PAGES = 100, 60  # an account holds at most 6,000 templates
PLACE = re.compile(r"\{\{\s{0,4}([A-Za-z0-9_]{1,60})\s{0,4}\}\}")
PLAIN_BUTTONS = frozenset({"QUICK_REPLY", "URL", "PHONE_NUMBER", "VOICE_CALL"})
PLAIN_COMPONENTS = frozenset({"HEADER", "BODY", "FOOTER", "BUTTONS"})
Object = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Slot:
    """A place to fill in: in which component, under which name ("" for numbered ones), of which button."""

    component: str  # header, body, button
    name: str = ""
    index: int = 0


@dataclass(frozen=True, slots=True)
class Definition:
    """A template as Meta holds it: our text, and its places in the order of their numbers."""

    template: Template
    slots: tuple[Slot, ...]


def approved(graph: Graph, account: str, name: str = "") -> tuple[Definition, ...]:
    """Return the approved templates of a WhatsApp business account that consist of text. Raises as `Graph`."""
    found: list[Definition] = []
    query: dict[str, str | int] = {
        "fields": FIELDS,
        "limit": PAGE,
        "status": "APPROVED",
        **({"name": name} if name else {}),
    }
    for _ in range(MOST_PAGES):
        page = graph.get(f"{segment(account)}/message_templates", **query)
        found += [known for each in objects(at(page, "data")) if (known := definition(each))]
        after = line(at(page, "paging", "cursors", "after"), 2000)
        if not after or not at(page, "paging", "next"):
            break
        query["after"] = after
    return tuple(found)


def definition(template: Object) -> Definition | None:
    """Return a template, None where it is not approved or needs more than text."""
    components = objects(template.get("components"))
    kinds = [line(component.get("type"), 40).upper() for component in components]
    if line(template.get("status")).upper() != "APPROVED" or not set(kinds) <= PLAIN_COMPONENTS or "BODY" not in kinds:
        return None
    if line(template.get("category")).upper() == "AUTHENTICATION":
        return None
    slots: list[Slot] = []
    paragraphs: list[str] = []
    is_named = line(template.get("parameter_format")).upper() == "NAMED"
    for kind, component in sorted(zip(kinds, components, strict=True), key=lambda part: _order(part[0])):
        written = _written(kind, component, slots, is_named=is_named)
        if written is None:
            return None
        paragraphs += [written] if written else []
    known = Template(line(template.get("name"), 512), line(template.get("language"), 20), "\n\n".join(paragraphs))
    return Definition(known, tuple(slots))


def body_of(known: Definition, values: Sequence[str]) -> dict[str, Any]:
    """Return the `template` object of a message. Raises Rejected where values are missing or too many."""
    if len(values) != len(known.slots):
        raise Rejected(
            phrase(
                "The template {name} has {slots} places, {values} were filled in.",
                name=repr(known.template.name),
                slots=len(known.slots),
                values=len(values),
            )
        )
    parts: dict[tuple[str, int], list[dict[str, str]]] = {}
    for slot, value in zip(known.slots, values, strict=True):
        # line ends, tabs and runs of spaces are refused in parameters
        said = clean_line(value, 1024)
        if not said:
            raise Rejected(phrase("A place of the template {name} was left empty.", name=repr(known.template.name)))
        parameter = {"type": "text", "text": said} | ({"parameter_name": slot.name} if slot.name else {})
        parts.setdefault((slot.component, slot.index), []).append(parameter)
    components = [_component(kind, index, parameters) for (kind, index), parameters in parts.items()]
    whole = {"name": known.template.name, "language": {"code": known.template.language}}
    return {**whole, "components": components} if components else whole


def _component(kind: str, index: int, parameters: list[dict[str, str]]) -> dict[str, Any]:
    button = {"sub_type": "url", "index": str(index)} if kind == "button" else {}
    return {"type": kind, **button, "parameters": parameters}


def _order(kind: str) -> int:
    return ("HEADER", "BODY", "FOOTER", "BUTTONS").index(kind)


def _written(kind: str, component: Object, slots: list[Slot], *, is_named: bool) -> str | None:
    """Return a component's text with places numbered on, adding them to `slots`; None where it is not only text."""
    if kind == "BUTTONS":
        return _buttons(objects(component.get("buttons")), slots)
    if kind == "HEADER" and line(component.get("format")).upper() not in {"", "TEXT"}:
        return None
    return _numbered(text(component.get("text")), kind.lower(), slots, is_named=is_named)


def _buttons(buttons: Sequence[Object], slots: list[Slot]) -> str | None:
    lines = []
    for index, button in enumerate(buttons):
        if line(button.get("type"), 40).upper() not in PLAIN_BUTTONS:
            return None
        url = _numbered(line(button.get("url"), 2000), "button", slots, index=index)
        lines.append(f"[{line(button.get('text'), 100)}]" + (f" {url}" if url else ""))
    return "\n".join(lines)


def _numbered(written: str, component: str, slots: list[Slot], *, index: int = 0, is_named: bool = False) -> str:
    """Number the places on from those before; the same name again is the same place."""
    names = list(dict.fromkeys(PLACE.findall(written)))
    if not is_named:
        names.sort(key=lambda name: (len(name), name))  # Meta takes numbered parameters in the order of their numbers
    numbers = {name: len(slots) + place for place, name in enumerate(names, start=1)}
    slots += [Slot(component, name if is_named else "", index) for name in names]
    return PLACE.sub(lambda found: f"{{{{{numbers[found.group(1)]}}}}}", written)


def find(definitions: Sequence[Definition], template: Template) -> Definition:
    """Return the definition of a template that is to be sent. Raises Rejected where there is none any more."""
    for known in definitions:
        if (known.template.name, known.template.language) == (template.name, template.language):
            return known
    raise Rejected(
        phrase(
            "There is no approved template {name} in {language}.",
            name=repr(template.name),
            language=repr(template.language),
        )
    )
