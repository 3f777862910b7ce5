"""How a notice is said in words, in a page that is open and by push."""

from __future__ import annotations

from app.queries.notices import Notice
from app.render import one_line


def said(notice: Notice) -> tuple[str, str]:
    """Return title and text of a notice, what is sensitive hidden as the list hides it."""
    contact = one_line(notice.contact)
    by = notice.assigned_by
    if notice.said_by:
        title = _by_colleague(notice, contact)
    else:
        title = contact if by is None else f"{by or 'A rule'} assigned you {contact}"
    return title, "\n".join(one_line(text) for text in (notice.subject, notice.preview) if text)


def _by_colleague(notice: Notice, contact: str) -> str:
    if notice.mentions_me:
        return f"{notice.said_by} mentioned you: {contact}"
    return f"{notice.said_by} wrote a note: {contact}" if notice.is_note else f"{notice.said_by} replied to {contact}"


def plainly(notice: Notice, *, inbox: str, number: int) -> tuple[str, str]:
    """Return title and text that name nobody: for screens that others may see."""
    if notice.mentions_me:
        title = f"You were mentioned in {inbox}"
    elif notice.said_by:
        title = f"A colleague wrote in {inbox}"
    elif notice.assigned_by is not None:
        title = f"A conversation in {inbox} was assigned to you"
    else:
        title = f"New message in {inbox}"
    return title, f"Conversation {number}"
