"""Files of a draft: stored when they are attached, so that no reload loses them, and taken along by what is sent.

add ──► with the draft ──► take: in the transaction that writes the message, which has them from then on
             └───────────► drop, or the draft itself is gone: they belong to nobody, and the clock forgets them

A draft may hold files alone (Draft.version 0). The caller has locked the conversation.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, Select, delete, or_, select
from sqlalchemy.orm import Session

from app.clock import now
from app.errors import Conflict, Invalid, NotFound
from app.models import (
    Attachment,
    Conversation,
    Delivery,
    Draft,
    DraftFile,
    DraftKind,
    ScheduledReply,
    TakenBack,
    User,
)
from app.phrases import phrase
from app.services import delivery_route, drafts
from app.services.arrivals import StoredAttachment

MOST = 40  # of one draft, with the pictures that its words had before
LONGEST_KEY = 64  # characters
FORGOTTEN = timedelta(hours=1)  # a picture that was taken out of the words may be wanted back until then
KEPT = timedelta(days=1)  # what belongs to nobody, before its bytes go
AT_ONCE = 500  # forgotten in one transaction


def add(
    session: Session,
    *,
    conversation: Conversation,
    author: User,
    kind: DraftKind,
    file: StoredAttachment,
    key: str,
    client_key: str = "",
) -> DraftFile:
    """Let a file wait with its author's draft, which begins with it if there is none. The same key twice is one file.

    `client_key` is the one that the draft will be sent under. Raises Invalid for one file too many, and for a reply
    whose channel does not take it.
    """
    if not key or len(key) > LONGEST_KEY:
        raise Invalid(phrase("The form is out of date: load the page again."), field="key")
    draft = drafts.of(session, conversation=conversation, author=author)
    draft = draft or drafts.begin_with_files(
        session, conversation=conversation, author=author, kind=kind, client_key=client_key
    )
    known = session.scalars(_of(draft).where(DraftFile.client_key == key)).one_or_none()
    if known is not None:
        return known
    check(session, conversation=conversation, author=author, kind=kind, file=file, key=key)
    _let_go(session, draft)
    row = DraftFile(
        draft_id=draft.id,
        client_key=key,
        filename=file.filename,
        content_type=file.content_type,
        size=file.size,
        blob_sha256=file.blob_sha256,
        content_id=file.content_id,
    )
    session.add(row)
    session.flush()
    drafts.tell(session, conversation)
    return row


def check(
    session: Session, *, conversation: Conversation, author: User, kind: DraftKind, file: StoredAttachment, key: str
) -> None:
    """Raise Invalid for one file too many, and for one that the channel of a reply does not take.

    Asked before its bytes are written, too: what is refused leaves nothing behind. One whose key is known is there.
    """
    draft = drafts.of(session, conversation=conversation, author=author)
    waiting = session.scalars(_of(draft)).all() if draft else []
    if draft is None or key not in {one.client_key for one in waiting}:
        wanted = [one for one in waiting if draft and not _is_forgotten(one, draft)]
        if len(wanted) >= MOST:
            raise Invalid(phrase("A draft keeps at most {count} files. Take some off.", count=MOST), field="file")
        if kind is DraftKind.REPLY:
            attached = [stored(one) for one in wanted if one.content_id is None]
            delivery_route.of(session, conversation).check_files([*attached, file])


def get(session: Session, *, conversation: Conversation, public_id: str) -> DraftFile:
    """Return a file of a draft of this conversation, whoever writes it. Raises NotFound."""
    try:
        wanted = UUID(public_id)
    except ValueError:
        raise NotFound from None
    query = select(DraftFile).join(Draft, Draft.id == DraftFile.draft_id)
    row = session.scalars(
        query.where(Draft.conversation_id == conversation.id, DraftFile.public_id == wanted)
    ).one_or_none()
    if row is None:
        raise NotFound(phrase("This file is not in the draft any more."))
    return row


def drop(session: Session, *, conversation: Conversation, author: User, public_id: str) -> None:
    """Take a file off its author's draft; nothing happens where it is gone, or a colleague has it now."""
    query = _mine(conversation, author).where(DraftFile.public_id.in_(_uuids([public_id])))
    row = session.scalars(query).one_or_none()
    if row is not None:
        row.draft_id = None
        session.flush()
        drafts.tell(session, conversation)


def take(
    session: Session,
    *,
    conversation: Conversation,
    author: User,
    ids: Sequence[str],
    again: Collection[str] = (),
    client_key: str,
) -> list[StoredAttachment]:
    """Take files out of their author's draft, for they are sent now; nothing where this was sent before.

    `again`: the keys of uploads whose files come with the form, for the page never heard that they had arrived.
    Raises Conflict where one of them is not there any more.
    """
    wanted = _uuids(dict.fromkeys(ids))
    either = or_(DraftFile.public_id.in_(wanted), DraftFile.client_key.in_(again))
    rows = {row.public_id: row for row in session.scalars(_mine(conversation, author).where(either))}
    is_repeated = drafts.has_left(session, conversation, client_key)
    if not is_repeated and (len(wanted) < len(set(ids)) or not rows.keys() >= set(wanted)):
        raise Conflict(phrase("A file of this is not there any more. Look at what is attached, then send it again."))
    for row in rows.values():
        session.delete(row)
    session.flush()
    return [] if is_repeated else [stored(rows[id_]) for id_ in wanted]


def stored(row: DraftFile) -> StoredAttachment:
    """Return a file as messages take it."""
    return StoredAttachment(row.filename, row.content_type, row.size, row.blob_sha256, content_id=row.content_id)


def forget(session: Session) -> list[str]:
    """Forget files that belong to nobody and are a day old; return the names of the blobs that no row needs any more.

    Bytes are found again by what they are, so that a mail or a message may have the very same ones. Their tables have
    no index by name: they are read through, once for all of these, and only when there are some.
    """
    query = select(DraftFile).where(DraftFile.draft_id.is_(None), DraftFile.created_at < now() - KEPT)
    lost = session.scalars(query.order_by(DraftFile.id).limit(AT_ONCE).with_for_update(skip_locked=True)).all()
    if not lost:
        return []
    session.execute(delete(DraftFile).where(DraftFile.id.in_([row.id for row in lost])))
    names = {row.blob_sha256 for row in lost}
    return sorted(names - _needed(session, names))


def _let_go(session: Session, draft: Draft) -> None:
    """Where there is no room left: let go of pictures that the words have not named for an hour."""
    waiting = session.scalars(_of(draft)).all()
    for row in waiting if len(waiting) >= MOST else ():
        if _is_forgotten(row, draft):
            row.draft_id = None
    session.flush()


def _is_forgotten(row: DraftFile, draft: Draft) -> bool:
    is_named = row.content_id is None or row.content_id in draft.text
    return not is_named and row.created_at < now() - FORGOTTEN


def _needed(session: Session, names: Collection[str]) -> set[str]:
    found: set[str] = set()
    for column in (Attachment.blob_sha256, Delivery.blob_sha256, DraftFile.blob_sha256):
        found.update(session.scalars(select(column).where(column.in_(names)).distinct()))
    for kept in (TakenBack, ScheduledReply):
        held = session.scalars(select(kept.files).where(or_(*(_names(kept, name) for name in names))))
        found.update(file["blob_sha256"] for files in held for file in files)
    return found


def _names(kept: type[TakenBack | ScheduledReply], name: str) -> ColumnElement[bool]:
    return kept.files.contains([{"blob_sha256": name}])


def _of(draft: Draft) -> Select[DraftFile]:
    return select(DraftFile).where(DraftFile.draft_id == draft.id).order_by(DraftFile.id)


def _mine(conversation: Conversation, author: User) -> Select[DraftFile]:
    query = select(DraftFile).join(Draft, Draft.id == DraftFile.draft_id).order_by(DraftFile.id)
    return query.where(Draft.conversation_id == conversation.id, Draft.author_id == author.id)


def _uuids(ids: Collection[str]) -> list[UUID]:
    """Return those that may be ids at all."""
    found = []
    for one in ids:
        try:
            found.append(UUID(one))
        except ValueError:
            continue
    return found
