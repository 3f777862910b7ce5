"""Keep the words of messages, contacts, cases and articles where the search finds them, in the change's transaction.

What screens hide (cards, passwords …) is taken out before, so that nobody finds a text by what they may not read.
Messages are written set-wise; `fill` does what was there before there was a search, a portion at a time.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import bindparam, delete, insert, select, text
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from app.models import (
    Attachment,
    Case,
    Contact,
    ContactIdentity,
    ContactKey,
    FoundWords,
    KbArticle,
    Message,
    MessageWords,
    PrivacySetting,
    SearchKind,
)
from app.personal_data import HOME
from app.services.search_keys import contact_keys
from app.services.search_vectors import Part, marks_of, vector

WRITE = text(
    "INSERT INTO message_words (message_id, words)"
    " SELECT id, CAST(told AS tsvector) FROM unnest(CAST(:ids AS bigint[]), CAST(:vectors AS text[])) AS new (id, told)"
    " ON CONFLICT (message_id) DO UPDATE SET words = excluded.words"
).bindparams(bindparam("ids"), bindparam("vectors"))
FIELDS = "D"  # the weight of form fields and file names


def messages(session: Session, written: Collection[Message], files: Mapping[int, Iterable[str]] | None = None) -> None:
    """Write the words of new or changed messages anew; those of deleted ones go.

    Args:
        files: names of files by message id, where they are known; else they are read.

    """
    gone = [message.id for message in written if message.is_deleted]
    there = [message for message in written if not message.is_deleted]
    if gone:
        session.execute(delete(MessageWords).where(MessageWords.message_id.in_(gone)))
    if not there:
        return
    named = files if files is not None else _files(session, [message.id for message in there])
    region = _region(session)
    vectors = [_of_message(message, list(named.get(message.id, ())), region) for message in there]
    session.execute(WRITE, {"ids": [message.id for message in there], "vectors": vectors})


def contacts(session: Session, ids: Collection[int]) -> None:
    """Write what contacts are found by anew: names, addresses, handles, numbers, notes."""
    if not ids:
        return
    session.flush()
    region = _region(session)
    people = session.scalars(select(Contact).where(Contact.id.in_(ids)).order_by(Contact.id)).all()
    held: defaultdict[int, list[ContactIdentity]] = defaultdict(list)
    for identity in session.scalars(select(ContactIdentity).where(ContactIdentity.contact_id.in_(ids))):
        held[identity.contact_id].append(identity)
    rows = [
        {"contact_id": person.id, "words": vector(_of_contact(person, held[person.id]), region=region)}
        for person in people
    ]
    _write(session, SearchKind.CONTACT, rows)
    keys = [
        {"key": key, "contact_id": person.id}
        for person in people
        for key in contact_keys(person, held[person.id], region=region)
    ]
    session.execute(delete(ContactKey).where(ContactKey.contact_id.in_(ids)))
    if keys:
        session.execute(insert(ContactKey), keys)


def cases(session: Session, ids: Collection[int]) -> None:
    """Write what cases are found by anew."""
    rows = session.scalars(select(Case).where(Case.id.in_(ids)).order_by(Case.id)).all()
    region = _region(session)
    parts = {row.id: [Part(row.title, "A"), Part(str(row.number), "A"), Part(row.description)] for row in rows}
    told = [{"case_id": id_, "words": vector(of, region=region)} for id_, of in parts.items()]
    _write(session, SearchKind.CASE, told)


def articles(session: Session, ids: Collection[int]) -> None:
    """Write what articles are found by anew: all of them, drafts too, for who may see them decides the query."""
    rows = session.scalars(select(KbArticle).where(KbArticle.id.in_(ids)).order_by(KbArticle.id)).all()
    region = _region(session)
    parts = {row.id: [Part(row.title, "A"), Part(row.body)] for row in rows}
    told = [{"article_id": id_, "words": vector(of, region=region)} for id_, of in parts.items()]
    _write(session, SearchKind.ARTICLE, told)


def _region(session: Session) -> str:
    """Return the workspace's country, by which numbers are told from others."""
    return session.scalar(select(PrivacySetting.region)) or HOME


def _write(session: Session, kind: SearchKind, rows: Sequence[dict[str, Any]]) -> None:
    if not rows:
        return
    statement = upsert(FoundWords)
    kept = {"words": statement.excluded.words}
    session.execute(statement.on_conflict_do_update(index_elements=[f"{kind.value}_id"], set_=kept), list(rows))


def _of_message(message: Message, files: Sequence[str], region: str) -> str:
    fields = [Part(one, FIELDS) for one in (*_strings(message.custom), *files)]
    parts = [Part(message.subject, "A"), Part(message.text, "B"), *fields]
    return vector(parts, region=region, marks=marks_of(message, has_files=bool(files)))


def _of_contact(person: Contact, held: Iterable[ContactIdentity]) -> list[Part]:
    addresses = [Part(one, "A") for identity in held for one in (identity.address, identity.handle, identity.name)]
    return [Part(person.name, "A"), *addresses, Part(person.note)]


def _strings(custom: Mapping[str, Any]) -> list[str]:
    """Return the values of a form's own fields: they are flat."""
    return [str(value) for value in custom.values() if isinstance(value, (str, int, float))]


def _files(session: Session, ids: Collection[int]) -> dict[int, list[str]]:
    found: defaultdict[int, list[str]] = defaultdict(list)
    query = select(Attachment.message_id, Attachment.filename).where(Attachment.message_id.in_(ids))
    for message_id, filename in session.execute(query.order_by(Attachment.id)):
        found[message_id].append(filename)
    return found
