"""Why somebody was told of an alert, or not: stored in English, said in the reader's language when it is shown."""

from __future__ import annotations

import re
from collections.abc import Mapping

from app.phrases import Phrase, counted, phrase

NO_SIGHT = phrase("May not see every inbox that this looks at.")
NO_CHANNEL = phrase("There is no channel by which mail can leave: choose one in the rule.")
NO_LISTENER = phrase("No active webhook hears of alerts.")
OVER = phrase("It was over and acknowledged before this could be sent.")
GONE = phrase("Does not work here any more.")
KNOWN: Mapping[str, Phrase] = {str(reason): reason for reason in (NO_SIGHT, NO_CHANNEL, NO_LISTENER, OVER, GONE)}
_HANDED = re.compile(r"Handed to ([0-9,]{1,9}) webhooks?\.")
_PAUSED = re.compile(r"“([^”]*)”, by which it was to leave, is paused\.")
_TRIED = re.compile(r"(.*) Tried ([0-9]{1,4}) times\.", re.DOTALL)


def handed(webhooks: int) -> Phrase:
    return counted("Handed to {count} webhook.", "Handed to {count} webhooks.", webhooks)


def paused(channel: str) -> Phrase:
    return phrase("“{channel}”, by which it was to leave, is paused.", channel=channel)


def tried(reason: str, times: int) -> Phrase:
    return phrase("{reason} Tried {times} times.", reason=reason, times=times)


def read_again(stored: str) -> str:
    """Return a stored reason as the phrase it was; what a mail server said stays as it is."""
    if (found := _HANDED.fullmatch(stored)) is not None:
        return handed(int(found[1].replace(",", "")))
    if (found := _PAUSED.fullmatch(stored)) is not None:
        return paused(found[1])
    if (found := _TRIED.fullmatch(stored)) is not None:
        return tried(read_again(found[1]), int(found[2]))
    return KNOWN.get(stored, stored)
