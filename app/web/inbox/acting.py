"""What forms on conversations share: the rows, locked; what is answered; and a word with a button that undoes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeAlias

from flask import flash, redirect, request
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from app.db import transaction
from app.errors import Invalid
from app.languages import translated
from app.models import Conversation
from app.phrases import phrase
from app.services import access, regrouping
from app.web.session import current_user

Answer: TypeAlias = Response | str | tuple[str, int]


@contextmanager
def locked(public_id: str) -> Iterator[tuple[Session, Conversation]]:
    """Open a transaction with a conversation that the user may see, locked. Raises NotFound."""
    with transaction() as session:
        yield session, access.conversation_for(session, current_user(), public_id, lock=True)


def locked_pair(session: Session, public_id: str, other_id: str) -> tuple[Conversation, Conversation]:
    """Return two conversations that the user may see, both locked. Raises NotFound, Invalid where none was chosen."""
    if not other_id:
        raise Invalid(phrase("Choose the other conversation."), field="other")
    this = access.conversation_for(session, current_user(), public_id)
    other = access.conversation_for(session, current_user(), other_id)
    regrouping.locked(session, this, other)
    return this, other


def lead_to(address: str) -> Response:
    """Answer a form with another page, whether its browser runs scripts or not."""
    if request.headers.get("HX-Request") == "true":
        return Response(status=204, headers={"HX-Redirect": address})
    return redirect(address, code=303)


def tell_undoable(words: str, address: str, **fields: str) -> None:
    """Say what was done on the next page, beside a button that sends `fields` to `address`, where it is undone."""
    flash({"words": translated(words), "undo": address, "fields": fields}, "success")  # type: ignore[arg-type] # any JSON is kept
