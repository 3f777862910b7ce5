"""What two conversations have to do with each other: said by a person, or by the reopen rules; taken back by anybody.

A link is one row, read in both directions: what is a duplicate of another is on the other's side "duplicated by" this.
Two conversations have at most one link of a kind, whichever way round. Both rows are locked by the caller.
"""

from __future__ import annotations

from sqlalchemy import Select, and_, or_, select
from sqlalchemy.orm import Session

from app.errors import Conflict, Invalid
from app.models import Activity, Conversation, ConversationLink, LinkKind, User
from app.models.conversation_link import LINKED, MOST_LINKS, RELATIONS, relation
from app.phrases import phrase
from app.services import activities
from app.services.changes import conversation_changed

NAMED = "link"  # in Activity.data: the public id of the link


def make(
    session: Session, *, actor: User | None, this: Conversation, other: Conversation, as_: str
) -> ConversationLink:
    """Say what `this` is to `other`: a key of RELATIONS.

    Raises Invalid for an unknown relation, one with itself, or too many, Conflict where they have this link already.
    """
    if as_ not in RELATIONS:
        raise Invalid(phrase("Choose what they have to do with each other."), field="relation")
    if this.id == other.id:
        raise Invalid(phrase("Choose another conversation than this one."), field="other")
    kind, is_from = RELATIONS[as_]
    _check_new(session, kind, this, other)
    one, two = (this, other) if is_from else (other, this)
    link = ConversationLink(from_id=one.id, to_id=two.id, kind=kind, actor_id=actor.id if actor else None)
    session.add(link)
    session.flush()  # its public id is needed below
    for place, far, told in ((one, two, True), (two, one, False)):
        verb = LINKED + relation(kind, is_from=told)
        activities.record(session, verb=verb, conversation=place, actor=actor, data=_data(far, link))
        conversation_changed(session, place)
    return link


def remove(session: Session, *, actor: User, link: ConversationLink, one: Conversation, two: Conversation) -> None:
    """Take a link back; `one` and `two` are its ends. Its lines say so, and a new line on both sides."""
    for line in session.scalars(_lines(link)):
        line.data = {**line.data, "is_undone": True}
    for place, far in ((one, two), (two, one)):
        data = {"number": far.number, "other": str(far.public_id)}
        activities.record(session, verb="conversation.unlinked", conversation=place, actor=actor, data=data)
        conversation_changed(session, place)
    session.delete(link)
    session.flush()


def ends(session: Session, link: ConversationLink) -> tuple[Conversation, Conversation]:
    """Return both conversations of a link, from and to."""
    return session.get_one(Conversation, link.from_id), session.get_one(Conversation, link.to_id)


def _check_new(session: Session, kind: LinkKind, this: Conversation, other: Conversation) -> None:
    ways = [
        and_(ConversationLink.from_id == one.id, ConversationLink.to_id == two.id)
        for one, two in ((this, other), (other, this))
    ]
    if session.scalar(select(ConversationLink.id).where(ConversationLink.kind == kind, or_(*ways))) is not None:
        raise Conflict(phrase("#{number} has this link already.", number=str(other.number)))
    for place in (this, other):
        here = or_(ConversationLink.from_id == place.id, ConversationLink.to_id == place.id)
        if len(session.scalars(select(ConversationLink.id).where(here).limit(MOST_LINKS)).all()) >= MOST_LINKS:
            raise Invalid(
                phrase("#{number} has {most} links: no more fit.", number=str(place.number), most=MOST_LINKS),
                field="other",
            )


def _data(far: Conversation, link: ConversationLink) -> dict[str, object]:
    return {"number": far.number, "other": str(far.public_id), NAMED: str(link.public_id)}


def _lines(link: ConversationLink) -> Select[Activity]:
    here = Activity.conversation_id.in_([link.from_id, link.to_id])
    return select(Activity).where(here, Activity.data[NAMED].astext == str(link.public_id)).order_by(Activity.id)
