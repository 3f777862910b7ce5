"""The first steps of a user: which there are, how far each has come, and what the user put aside.

How far a step is follows from what is truly there (queries/first_steps.py). Kept of a user is only what leaves no other
trace: whether the steps are shown, which were skipped, and what was tried on their pages (the keys, the profile).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from sqlalchemy.orm import Session

from app.errors import NotFound
from app.models import User
from app.queries.first_steps import Found

Key = Literal["mailbox", "colleagues", "chat", "demo", "keys", "profile", "notices"]
FOR_ADMINS: tuple[Key, ...] = ("mailbox", "colleagues", "chat", "demo", "keys")
FOR_OTHERS: tuple[Key, ...] = ("profile", "keys", "notices", "demo")
KEYS_TO_TRY = frozenset({"sheet", "bar"})  # the list of keys, the command bar
PROFILE, DEMO = "profile", "demo"  # what else may have been tried: saved once; answered once
TRIED = KEYS_TO_TRY | {PROFILE, DEMO}


class StepState(StrEnum):
    OPEN = "open"
    BEGUN = "begun"  # something is there, and not all of it works yet
    DONE = "done"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Step:
    """`done`, `begun`: what is there; a step that was skipped and came true all the same is done."""

    key: Key
    state: StepState


def keys_for(user: User) -> tuple[Key, ...]:
    """Return which steps are a user's, in their order."""
    return FOR_ADMINS if user.is_admin else FOR_OTHERS


def steps_of(user: User, found: Found) -> tuple[Step, ...]:
    """Return the steps of a user with how far each has come."""
    return tuple(Step(key, _state(user, key, found)) for key in keys_for(user))


def is_shown(user: User) -> bool:
    """Say whether the rail shows the steps: to who began, until they put them away."""
    return bool(user.first_steps.get("shown"))


def are_over(steps: Sequence[Step]) -> bool:
    """Say whether nothing is left to do: everything is done or skipped."""
    return all(step.state in {StepState.DONE, StepState.SKIPPED} for step in steps)


def begin(session: Session, *, user: User) -> None:
    """Show the steps in the rail of somebody who is new, or who asks for them again."""
    _keep(session, user, shown=True)


def put_away(session: Session, *, user: User) -> None:
    """Show the steps no more in the rail; their page stays."""
    _keep(session, user, shown=False)


def skip(session: Session, *, user: User, key: str) -> None:
    """Leave a step for now. Raises NotFound."""
    _keep(session, user, skipped=sorted({*_list(user, "skipped"), _known(user, key)}))


def take_up(session: Session, *, user: User, key: str) -> None:
    """Come back to a step that was skipped. Raises NotFound."""
    _keep(session, user, skipped=sorted({*_list(user, "skipped")} - {_known(user, key)}))


def note_tried(session: Session, *, user: User, what: str) -> None:
    """Keep that a user did something that leaves no other trace. Raises NotFound."""
    if what not in TRIED:
        raise NotFound
    if what not in _list(user, "tried"):
        _keep(session, user, tried=sorted({*_list(user, "tried"), what}))


def has_tried(user: User, what: str) -> bool:
    return what in _list(user, "tried")


def _state(user: User, key: Key, found: Found) -> StepState:
    if _is_done(user, key, found):
        return StepState.DONE
    if key in _list(user, "skipped"):
        return StepState.SKIPPED
    begun = {
        "mailbox": found.mailbox is not None,
        "chat": found.chat is not None,
        "demo": found.demo is not None,
        "keys": bool(KEYS_TO_TRY & {*_list(user, "tried")}),
    }
    return StepState.BEGUN if begun.get(key) else StepState.OPEN


def _is_done(user: User, key: Key, found: Found) -> bool:
    if key == "keys":
        return KEYS_TO_TRY.issubset(_list(user, "tried"))
    return {
        "mailbox": found.mailbox is not None and found.mailbox.is_running,
        "colleagues": found.colleagues > 0,
        "chat": found.first_visit is not None,
        "demo": found.is_demo_answered or has_tried(user, DEMO),
        "profile": has_tried(user, PROFILE),
        "notices": found.has_notices,
    }[key]


def _list(user: User, name: str) -> Sequence[str]:
    return tuple(user.first_steps.get(name) or ())


def _known(user: User, key: str) -> str:
    if key not in keys_for(user):
        raise NotFound
    return key


def _keep(session: Session, user: User, **changes: object) -> None:
    """Write into the row as it is now: two pages of one person may say something at once."""
    row = session.get_one(User, user.id, with_for_update=True, populate_existing=True)
    row.first_steps = {**row.first_steps, **changes}
    session.flush()
