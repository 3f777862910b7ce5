"""Drafts: what somebody writes and has not sent, kept here as they type, so that no browser can lose it.

keep ──► keep ──► finish: in the transaction that queues the reply
          └────► take_over: a colleague goes on with it; the next `keep` of who had it is refused

Nobody overwrites what they have not seen: who keeps a draft names the state that they changed (Draft.mark).
Its files are in draft_files.
The caller has locked the conversation.
"""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from app import outbox
from app.clock import now
from app.errors import Conflict, Invalid
from app.events import DraftChanged
from app.models import Conversation, Draft, DraftFile, DraftKind, DraftVersion, Message, ScheduledReply, User
from app.models.draft import ALIVE
from app.phrases import phrase

LONGEST = 100_000  # characters
MOST_VERSIONS = 20
OFTEN = timedelta(minutes=1)  # between two versions of one writer who only goes on
MUCH = 40  # characters taken out at once make a version
CHANGED = phrase("This draft was changed elsewhere meanwhile.")


def keep(
    session: Session,
    *,
    conversation: Conversation,
    author: User,
    kind: DraftKind,
    text: str,
    mark: str = "",
    before: str = "",
    client_key: str = "",
    seen: str = "",
) -> Draft | None:
    """Store what an author has written so far; None where there is nothing to keep, or it was sent already.

    `mark`: the state that was changed, "" for a new draft; `before`: one that was to be sent, and may still be there;
    `client_key`: the one it will be sent under, on one page the same.

    Raises Conflict for a draft that was changed, sent or taken over elsewhere, and Invalid.
    """
    text = text.replace("\r\n", "\n").replace("\x00", "")
    if len(text) > LONGEST:
        raise Invalid(phrase("A draft has at most {count} characters.", count=LONGEST), field="text")
    if client_key and has_left(session, conversation, client_key):
        return None
    row = of(session, conversation=conversation, author=author)
    if row is None:
        if mark:
            raise Conflict(phrase("This draft was sent or taken over elsewhere meanwhile."))
        row = Draft(conversation_id=conversation.id, author_id=author.id, version=1, client_key=client_key, seen=seen)
        row.kind, row.text, row.written_at, row.writing_since = kind, text, now(), now()
        return _begin(session, conversation, row)
    if (row.text, row.kind) == (text, kind):
        return row
    if row.version and row.mark not in {mark, before} and not (client_key and row.client_key == client_key):
        raise Conflict(CHANGED, version=row.version)
    was_shown = bool(row.text.strip()) and row.written_at > now() - ALIVE, row.kind
    if _is_worth_a_version(session, row, text):
        _keep_version(session, row)
    row.seen = row.seen if row.text.strip() else seen
    row.writing_since = row.writing_since if was_shown[0] else now()
    row.text, row.kind, row.client_key = text, kind, client_key
    row.version, row.written_at = row.version + 1, now()
    if was_shown != (bool(text.strip()), kind):
        tell(session, conversation)
    return row


def take_over(session: Session, *, conversation: Conversation, user: User, public_id: str) -> Draft:
    """Go on with a colleague's draft; what the user had written here is kept among its versions.

    Raises Conflict where it was sent or taken meanwhile.
    """
    row = find(session, conversation=conversation, public_id=public_id)
    if row is None or not (row.text.strip() or _attached(session, row)):
        raise Conflict(phrase("This draft was sent, emptied or taken over meanwhile."))
    if row.author_id == user.id:
        return row
    own = of(session, conversation=conversation, author=user)
    _keep_version(session, row)
    if own is not None:
        _keep_version(session, own)
        session.flush()
        session.execute(update(DraftVersion).where(DraftVersion.draft_id == own.id).values(draft_id=row.id))
        session.execute(update(DraftFile).where(DraftFile.draft_id == own.id).values(draft_id=row.id))
        session.delete(own)
        session.flush()  # one draft of each
    row.taken_from_id, row.author_id = row.author_id, user.id
    row.version, row.client_key, row.written_at = row.version + 1, "", now()
    row.writing_since = row.written_at
    tell(session, conversation)
    return row


def bring_back(session: Session, *, conversation: Conversation, author: User, version_id: int) -> DraftVersion:
    """Let an author's draft say again what it said before; what it says now becomes a version. Raises Conflict."""
    row = of(session, conversation=conversation, author=author)
    earlier = session.get(DraftVersion, version_id)
    if row is None or earlier is None or earlier.draft_id != row.id:
        raise Conflict(phrase("These earlier words are gone."))
    text, was_empty = earlier.text, not row.text.strip()
    _keep_version(session, row)
    row.text, row.client_key, row.version, row.written_at = text, "", row.version + 1, now()
    row.writing_since = row.writing_since if not was_empty else row.written_at
    if was_empty:
        tell(session, conversation)
    return earlier


def finish(
    session: Session, *, conversation: Conversation, author: User, text: str, mark: str, client_key: str
) -> None:
    """Remove the draft that was just sent. What its author wrote or attached elsewhere and did not send stays."""
    row = of(session, conversation=conversation, author=author)
    if row is None:
        return
    is_same = row.text.strip() == text.replace("\r\n", "\n").strip()
    if is_same or row.mark == mark or (client_key and row.client_key == client_key):
        _end(session, conversation, row, author)
        tell(session, conversation)


def begin_with_files(
    session: Session, *, conversation: Conversation, author: User, kind: DraftKind, client_key: str = ""
) -> Draft:
    """Begin a draft that has files and no words yet: whoever writes into it first overwrites nothing."""
    row = Draft(conversation_id=conversation.id, author_id=author.id, version=0, client_key=client_key)
    row.kind, row.text, row.written_at, row.writing_since = kind, "", now(), now()
    session.add(row)
    session.flush()
    return row


def of(session: Session, *, conversation: Conversation, author: User) -> Draft | None:
    """Return what a user is writing in a conversation."""
    query = select(Draft).where(Draft.conversation_id == conversation.id, Draft.author_id == author.id)
    return session.scalars(query).one_or_none()


def find(session: Session, *, conversation: Conversation, public_id: str) -> Draft | None:
    """Return a draft of this conversation."""
    try:
        wanted = UUID(public_id)
    except ValueError:
        return None
    query = select(Draft).where(Draft.conversation_id == conversation.id, Draft.public_id == wanted)
    return session.scalars(query).one_or_none()


def _begin(session: Session, conversation: Conversation, row: Draft) -> Draft | None:
    if not row.text.strip() or _was_just_said(session, row):
        return None
    session.add(row)
    session.flush()
    tell(session, conversation)
    return row


def _end(session: Session, conversation: Conversation, row: Draft, author: User) -> None:
    """Remove a draft; what was attached to it and not sent waits in a new one."""
    left = _attached(session, row)
    session.delete(row)
    session.flush()  # one draft of each
    if left:
        new = begin_with_files(session, conversation=conversation, author=author, kind=row.kind)
        session.execute(update(DraftFile).where(DraftFile.id.in_(left)).values(draft_id=new.id))


def _attached(session: Session, row: Draft) -> list[int]:
    """Return the ids of the files of a draft, without the pictures among its words."""
    query = select(DraftFile.id).where(DraftFile.draft_id == row.id, DraftFile.content_id.is_(None))
    return list(session.scalars(query))


def _is_worth_a_version(session: Session, row: Draft, text: str) -> bool:
    """Tell whether the standing words may be wanted back: much of them goes, or they are a minute old."""
    if not row.text.strip():
        return False
    if len(text) < len(row.text) - MUCH or not text.startswith(row.text[: len(row.text) // 2]):
        return True
    query = select(DraftVersion.written_at).where(DraftVersion.draft_id == row.id).order_by(DraftVersion.id.desc())
    newest = session.scalars(query.limit(1)).first()
    return newest is None or newest < now() - OFTEN


def _keep_version(session: Session, row: Draft) -> None:
    if not row.text.strip():
        return
    session.add(DraftVersion(draft_id=row.id, author_id=row.author_id, text=row.text, written_at=now()))
    session.flush()
    kept = select(DraftVersion.id).where(DraftVersion.draft_id == row.id).order_by(DraftVersion.id.desc())
    old = DraftVersion.id.in_(kept.offset(MOST_VERSIONS))
    session.execute(delete(DraftVersion).where(old))


def has_left(session: Session, conversation: Conversation, client_key: str) -> bool:
    """Tell whether these words were sent: what a slow browser still says of them comes too late."""
    return any(
        session.scalars(
            select(kind.id).where(kind.conversation_id == conversation.id, kind.client_key == client_key)
        ).first()
        for kind in (Message, ScheduledReply)
    )


def _was_just_said(session: Session, row: Draft) -> bool:
    """Tell whether the author's newest words here are these: a page that was left never heard that they arrived."""
    query = select(Message.text).where(
        Message.conversation_id == row.conversation_id, Message.author_id == row.author_id
    )
    newest = session.scalars(query.order_by(Message.id.desc()).limit(1)).first()
    return newest is not None and newest.strip() == row.text.strip()


def tell(session: Session, conversation: Conversation) -> None:
    """Let those who have the conversation open look at its drafts again."""
    outbox.record(session, DraftChanged(conversation_id=conversation.id, conversation=str(conversation.public_id)))
