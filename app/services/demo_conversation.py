"""A live demo conversation: a made-up customer writes on the ordinary way in, can be answered, and answers back once.

Each user has at most one, through a sandbox channel of its own that carries the mark `demo_of_id`: reports, counts and
alerts leave it out (queries/demo_left_out.py), routing gives it to that user, and `remove` deletes every row of it.
"""

from __future__ import annotations

import secrets
import shutil
from pathlib import Path

from sqlalchemy import ColumnElement, and_, delete, exists, or_, select, update
from sqlalchemy.orm import Session

from app import crypto, outbox
from app.config import settings
from app.errors import Conflict, Forbidden, Invalid, NotFound
from app.events import ChannelChanged
from app.models import (
    Case,
    CaseConversation,
    Channel,
    Contact,
    ContactIdentity,
    Conversation,
    DailyCount,
    Delivery,
    Inbox,
    Message,
    MessageChange,
    PrivateThread,
    SendState,
    User,
)
from app.phrases import phrase
from app.services import access, channel_settings, channels, first_steps
from connectors.registry import SANDBOX

NAME = "Demo customer"
FOLDER = "demo"  # in the home
LARGEST_SEED = 2**31 - 1
MIXED = phrase("Messages were moved between the demo and another conversation: move them back, then remove the demo.")


def begin(session: Session, *, user: User) -> Channel:
    """Let a customer write to this user; the one who is there already stays. Raises Invalid without any inbox."""
    session.get_one(User, user.id, with_for_update=True)  # two presses of the button are one
    there = of(session, user=user)
    if there is not None:
        return there
    seen = access.visible_inboxes(session, user)
    if not seen:
        raise Invalid(phrase("No inbox is shared with you yet: an admin shares one under Settings, Inboxes."))
    seed = secrets.randbelow(LARGEST_SEED) + 1
    own = {"folder": str(settings().home / FOLDER / str(seed)), "customer": True, "seed": seed}
    credentials = channel_settings.read(SANDBOX, channel_settings.defaults(SANDBOX) | own)
    channel = channels.connect(session, inbox=seen[0], kind=SANDBOX, name=NAME, credentials=credentials)
    channel.demo_of_id = user.id
    session.flush()
    return channel


def of(session: Session, *, user: User) -> Channel | None:
    """Return the channel of a user's demo, also one that an admin disconnected: its conversation is still there."""
    query = select(Channel).where(Channel.demo_of_id == user.id)
    return session.scalars(query.order_by(Channel.id).limit(1)).one_or_none()


def get_for(session: Session, *, user: User, channel_id: str) -> Channel:
    """Return the channel of a demo that this user may remove: their own, or as an admin anybody's.

    Raises NotFound, Forbidden.
    """
    channel = next((row for row in _demos(session) if str(row.public_id) == channel_id), None)
    if channel is None or not access.sees_inbox(session, user, channel.inbox_id):
        raise NotFound
    if channel.demo_of_id != user.id and not user.is_admin:
        raise Forbidden(phrase("Only who began this demo, or an admin, can remove it."))
    return channel


def remove(session: Session, *, channel: Channel) -> Path:
    """Delete every row of a demo and return its folder, to be deleted after the commit.

    Raises Conflict where its messages were mixed with those of real customers. The user keeps that they answered it.
    """
    if channel.demo_of_id is None:
        raise NotFound
    channel = session.get_one(Channel, channel.id, with_for_update=True, populate_existing=True)
    mine = select(Conversation).where(Conversation.channel_id == channel.id)
    talks = list(session.scalars(mine.order_by(Conversation.id).with_for_update()))
    _refuse_mixed(session, channel, [talk.id for talk in talks])
    was_answered = session.scalars(select(Message.id).where(*_sent(channel)).limit(1)).first() is not None
    owner, inbox = session.get_one(User, channel.demo_of_id), session.get_one(Inbox, channel.inbox_id)
    folder = Path(str(crypto.unseal(channel.sealed)["folder"]))
    _delete_talks(session, channel, [talk.id for talk in talks])
    _delete_people(session, {talk.contact_id for talk in talks})
    for table in (DailyCount, Delivery):
        session.execute(delete(table).where(table.channel_id == channel.id))
    session.execute(delete(Channel).where(Channel.id == channel.id))
    if was_answered:
        first_steps.note_tried(session, user=owner, what=first_steps.DEMO)
    outbox.record(session, ChannelChanged(channel_id=channel.id, inbox=str(inbox.public_id)))
    return folder


def clear(folder: Path) -> None:
    """Delete the files of a demo that was removed; nothing outside the home's folder of demos."""
    if folder.parent == settings().home / FOLDER:
        shutil.rmtree(folder, ignore_errors=True)


def _demos(session: Session) -> list[Channel]:
    return list(session.scalars(select(Channel).where(Channel.demo_of_id.is_not(None))))


def _sent(channel: Channel) -> tuple[ColumnElement[bool], ...]:
    return Message.channel_id == channel.id, Message.send_state == SendState.SENT


def _refuse_mixed(session: Session, channel: Channel, talks: list[int]) -> None:
    is_ours, is_here = Message.channel_id == channel.id, Message.conversation_id.in_(talks)
    strays = select(Message.id).where(or_(and_(is_ours, ~is_here), and_(is_here, ~is_ours)))
    if session.scalars(strays.limit(1)).first() is not None:
        raise Conflict(MIXED)


def _delete_talks(session: Session, channel: Channel, talks: list[int]) -> None:
    """Delete the conversations with all that hangs on them; cases that were about nothing else go too."""
    of_demo = select(CaseConversation.case_id).where(CaseConversation.conversation_id.in_(talks))
    elsewhere = select(CaseConversation.case_id).where(CaseConversation.conversation_id.not_in(talks))
    session.execute(delete(Case).where(Case.id.in_(of_demo), Case.id.not_in(elsewhere)))
    for column in (Conversation.related_id, Conversation.merged_into_id):
        session.execute(update(Conversation).where(column.in_(talks)).values({column: None}))
    for table in (MessageChange, Message, PrivateThread):
        session.execute(delete(table).where(table.channel_id == channel.id))
    session.execute(delete(Conversation).where(Conversation.id.in_(talks)))


def _delete_people(session: Session, contact_ids: set[int]) -> None:
    """Delete the made-up customers, unless somebody made them one with a person who is really there."""
    gone = and_(Contact.id.in_(contact_ids), *(~one for one in _ties()))
    ids = list(session.scalars(select(Contact.id).where(gone)))
    session.execute(delete(ContactIdentity).where(ContactIdentity.contact_id.in_(ids)))
    session.execute(delete(Contact).where(Contact.id.in_(ids)))


def _ties() -> tuple[ColumnElement[bool], ...]:
    return tuple(exists().where(table.contact_id == Contact.id) for table in (Conversation, Message, Case))
