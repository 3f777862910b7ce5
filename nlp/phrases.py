"""Lists of phrases as one regular expression."""

from __future__ import annotations

import re


def any_of(*phrases: str) -> re.Pattern[str]:
    """Compile phrases that begin and end with whole words, whatever their case. Each is a small regular expression with
    bounded repetitions only; "~" stands for up to three words in between, a blank for one to three.
    """
    spelled = (phrase.replace(" ", r"[ \t]{1,3}").replace("~", r"(?:[\w']{1,20}[ \t]){0,3}") for phrase in phrases)
    return re.compile(rf"(?<!\w)(?:{'|'.join(spelled)})(?!\w)", re.IGNORECASE)
