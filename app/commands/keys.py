"""How keys are written: steps with a blank between them ("g i"), each a key with what is held down ("Mod+k").

Mod is Ctrl, and Command on a Mac. A letter is written as it is typed: "G" is Shift and g.
"""

from __future__ import annotations

from collections.abc import Mapping

from app.phrases import phrase

HELD = ("Mod", "Alt", "Shift")  # in this order
NAMED = frozenset(
    {"Enter", "Escape", "Tab", "Space", "Home", "End", "PageUp", "PageDown", "Backspace", "Delete"}
    | {f"Arrow{side}" for side in ("Up", "Down", "Left", "Right")}
    | {f"F{number}" for number in range(2, 13)}
)
KEPT = frozenset(f"Mod+{key}" for key in "acvxyzwtnrlfpqs0123456789")  # by browsers, for what all know them for
MOST_STEPS = 3
LONGEST = 40  # characters
_SPOKEN = {"ctrl": "Mod", "control": "Mod", "cmd": "Mod", "command": "Mod", "mod": "Mod"}
_SPOKEN |= {"alt": "Alt", "option": "Alt", "shift": "Shift"}


def normal(typed: str) -> str:
    """Return keys as they are stored, "" for none. Raises ValueError with a sentence where they cannot be used."""
    if len(typed) > LONGEST:
        raise ValueError(phrase("These are too many keys."))
    steps = [_step(step) for step in typed.split()]
    if len(steps) > MOST_STEPS:
        raise ValueError(phrase("Use at most {most} keys one after the other.", most=MOST_STEPS))
    return " ".join(steps)


def is_single(keys: str) -> bool:
    """Tell whether keys are typed with nothing held down, as a person who dictates types them by accident."""
    return bool(keys) and not keys.startswith(("Mod+", "Alt+"))


def spoken(keys: str) -> str:
    """Return keys as people write them: "Ctrl+K", "g i"; normal() reads them back."""
    return " ".join(_said(step) for step in keys.split())


def holder(wanted: str, bindings: Mapping[str, str], *, apart_from: str = "") -> str | None:
    """Return the command that already has these keys, or whose keys begin or go on like them."""
    for command, keys in bindings.items():
        begins = f"{keys} ".startswith(f"{wanted} ") or f"{wanted} ".startswith(f"{keys} ")
        if wanted and keys and command != apart_from and begins:
            return command
    return None


def _said(step: str) -> str:
    words = step.replace("Mod+", "Ctrl+").replace("Escape", "Esc")
    return words[:-1] + words[-1].upper() if len(words) > 1 and words[-2] == "+" else words


def _step(typed: str) -> str:
    *held, key = typed.split("+") if typed != "+" and not typed.endswith("++") else [*typed[:-2].split("+"), "+"]
    words = [_SPOKEN.get(word.lower(), "") for word in held if word]
    if "" in words:
        raise ValueError(phrase("“{keys}” is not known: hold Ctrl or Alt, as in Ctrl+K.", keys=typed))
    named = next((name for name in NAMED if name.lower() == key.lower()), None)
    if named is None and (len(key) != 1 or not key.isprintable()):
        raise ValueError(
            phrase("“{keys}” is no key. Write a letter or a sign, with a blank between keys that follow.", keys=typed)
        )
    step = "+".join([*(word for word in HELD if word in words), named or _letter(key, words)])
    _check(step, named, words)
    return step.replace("Shift+", "") if named is None else step


def _letter(key: str, words: list[str]) -> str:
    if "Mod" in words or "Alt" in words:
        return key.lower()
    return key.upper() if "Shift" in words else key


def _check(step: str, named: str | None, words: list[str]) -> None:
    if "Shift" in words and ("Mod" in words or "Alt" in words):
        raise ValueError(phrase("Hold Ctrl or Alt, without Shift."))
    if {"Mod", "Alt"} <= set(words):
        raise ValueError(phrase("Hold Ctrl or Alt, not both."))
    if named and "Mod" not in words and "Alt" not in words:
        raise ValueError(phrase("{key} keeps its meaning: hold Ctrl or Alt with it.", key=named))
    if step in KEPT:
        raise ValueError(phrase("Your browser keeps {keys} for itself.", keys=spoken(step)))
