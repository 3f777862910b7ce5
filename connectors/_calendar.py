"""A calendar part in words: what, when, where, who asks. For mails that say it in no other way.

Six properties are read by hand (RFC 5545: unfold, split at ":", undo four escapes). The icalendar library would also
follow the file's own time zone rules, look up its TZID among the files of this machine, and recurse into components:
none of that is wanted for one sentence out of a stranger's file.
"""

from __future__ import annotations

import re

from connectors._charset import decode

MAX_CALENDAR_BYTES = 64_000
_MAX_EVENTS = 5
_METHODS = {"REQUEST": "Invitation", "CANCEL": "Cancelled", "REPLY": "Answer", "COUNTER": "Counter-proposal"}
_FOLD = re.compile(r"\r?\n[ \t]")
_MOMENT = re.compile(r"(\d{4})(\d\d)(\d\d)(?:T(\d\d)(\d\d)\d\d(Z?))?")
_ZONE = re.compile(r";TZID=\"?([^;:\"]{1,60})", re.IGNORECASE)
_COMMON_NAME = re.compile(r";CN=\"?([^;:\"]{1,200})", re.IGNORECASE)
_ESCAPES = {"\\n": "\n", "\\N": "\n", "\\,": ",", "\\;": ";", "\\\\": "\\"}
_ESCAPE = re.compile(r"\\[nN,;\\]")

Properties = dict[str, tuple[str, str]]  # name → parameters, value; the first of each name


def calendar_text(data: bytes) -> str:
    """Readable lines for the events of an iCalendar file; "" if there are none."""
    text = _FOLD.sub("", decode(data[:MAX_CALENDAR_BYTES]))
    method, events = _read_events(text.splitlines())
    heading = _METHODS.get(method, "Event")
    return "\n\n".join(_describe(heading, event) for event in events)


def _read_events(lines: list[str]) -> tuple[str, list[Properties]]:
    method = ""
    events: list[Properties] = []
    depth = 0  # of components: an alarm inside an event has a description of its own
    for line in lines:
        head, _, value = line.partition(":")
        name, _, parameters = head.partition(";")
        name = name.upper()
        if name == "BEGIN" and value.upper() in {"VEVENT", "VTODO"}:
            if len(events) == _MAX_EVENTS:
                break
            events.append({})
            depth = 1
        elif name in {"BEGIN", "END"} and depth:
            depth += 1 if name == "BEGIN" else -1
        elif depth == 1:
            events[-1].setdefault(name, (f";{parameters}", value))
        elif name == "METHOD":
            method = value.strip().upper()
    return method, events


def _describe(heading: str, event: Properties) -> str:
    lines = [f"{heading}: {_line(event, 'SUMMARY') or '(no title)'}"]
    when = " – ".join(filter(None, (_moment(event, "DTSTART"), _moment(event, "DTEND"))))
    for label, value in (("When", when), ("Where", _line(event, "LOCATION")), ("Organiser", _organiser(event))):
        if value:
            lines.append(f"{label}: {value}")
    description = _unescape(event.get("DESCRIPTION", ("", ""))[1]).strip()
    return "\n".join([*lines, "", description] if description else lines)


def _moment(event: Properties, name: str) -> str:
    parameters, value = event.get(name, ("", ""))
    found = _MOMENT.match(value)
    if found is None:
        return ""
    day = f"{found[1]}-{found[2]}-{found[3]}"
    if found[4] is None:
        return day
    zone = _ZONE.search(parameters)
    name_of_zone = "UTC" if found[6] else zone[1] if zone else ""
    return f"{day} {found[4]}:{found[5]} {name_of_zone}".strip()


def _organiser(event: Properties) -> str:
    parameters, value = event.get("ORGANIZER", ("", ""))
    name = _COMMON_NAME.search(parameters)
    address = re.sub(r"(?i)^mailto:", "", value.strip())
    return f"{name[1]} <{address}>" if name and address else address


def _line(event: Properties, name: str) -> str:
    return " ".join(_unescape(event.get(name, ("", ""))[1]).split())


def _unescape(value: str) -> str:
    return _ESCAPE.sub(lambda found: _ESCAPES[found[0]], value)
