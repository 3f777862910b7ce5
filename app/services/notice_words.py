"""How a notice is said in words, in a page that is open and by push: as phrases, which whoever tells it translates."""

from __future__ import annotations

from app.phrases import phrase
from app.queries.notices import Notice
from app.render import one_line


def said(notice: Notice) -> tuple[str, str]:
    """Return title and text of a notice, what is sensitive hidden as the list hides it."""
    contact = one_line(notice.contact)
    if notice.said_by:
        title = _by_colleague(notice, contact)
    elif notice.assigned_by is None:
        title = contact
    elif notice.assigned_by:
        title = phrase("{name} assigned you {contact}", name=notice.assigned_by, contact=contact)
    else:
        title = phrase("A rule assigned you {contact}", contact=contact)
    return title, "\n".join(one_line(text) for text in (notice.subject, notice.preview) if text)


def _by_colleague(notice: Notice, contact: str) -> str:
    if notice.mentions_me:
        return phrase("{name} mentioned you: {contact}", name=notice.said_by, contact=contact)
    if notice.is_note:
        return phrase("{name} wrote a note: {contact}", name=notice.said_by, contact=contact)
    return phrase("{name} replied to {contact}", name=notice.said_by, contact=contact)


def plainly(notice: Notice, *, inbox: str, number: int) -> tuple[str, str]:
    """Return title and text that name nobody: for screens that others may see."""
    if notice.mentions_me:
        title = phrase("You were mentioned in {inbox}", inbox=inbox)
    elif notice.said_by:
        title = phrase("A colleague wrote in {inbox}", inbox=inbox)
    elif notice.assigned_by is not None:
        title = phrase("A conversation in {inbox} was assigned to you", inbox=inbox)
    else:
        title = phrase("New message in {inbox}", inbox=inbox)
    return title, phrase("Conversation {number}", number=str(number))
