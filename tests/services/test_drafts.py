"""Drafts: nobody overwrites what they have not seen, nothing written is lost, and what was sent is gone."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from sqlalchemy import select
from sqlalchemy.orm import Session

from app import blobs
from app.clock import now
from app.errors import Conflict, Invalid, NotFound
from app.events import DraftChanged
from app.models import Attachment, Conversation, Draft, DraftFile, DraftKind, DraftVersion, OutboxEvent, User
from app.services import draft_files, drafts, replies
from app.services.arrivals import StoredAttachment
from tests.services.making import House, letter

FIRST = "Dear Mia, your parcel was handed over"


@pytest.fixture
def house(session: Session, tmp_path: Path) -> House:
    return House(session, tmp_path)


@pytest.fixture
def conversation(house: House) -> Conversation:
    return house.one(letter())[0]


def keep(house: House, conversation: Conversation, text: str, **more: Any) -> Draft | None:
    given = {"author": house.agents[0], "kind": DraftKind.REPLY, **more}
    return drafts.keep(house.session, conversation=conversation, text=text, **given)


def begun(house: House, conversation: Conversation, text: str = FIRST, **more: Any) -> Draft:
    row = keep(house, conversation, text, **more)
    assert row is not None
    return row


def said_before(house: House, row: Draft) -> list[str]:
    query = select(DraftVersion.text).where(DraftVersion.draft_id == row.id).order_by(DraftVersion.id)
    return list(house.session.scalars(query))


def own(house: House, conversation: Conversation, author: User) -> str | None:
    row = drafts.of(house.session, conversation=conversation, author=author)
    return row.text if row else None


def test_of_two_tabs_the_second_is_told(house: House, conversation: Conversation) -> None:
    seen = begun(house, conversation).mark
    begun(house, conversation, FIRST + " today", mark=seen, client_key="tab1")
    with pytest.raises(Conflict, match="changed elsewhere"):
        keep(house, conversation, "Other words", mark=seen, client_key="tab2")
    with pytest.raises(Conflict, match="changed elsewhere"):
        keep(house, conversation, "Other words", client_key="tab3")  # it did not even know of the first
    assert own(house, conversation, house.agents[0]) == FIRST + " today"
    begun(house, conversation, FIRST + " today at noon", mark=seen, client_key="tab1")  # an answer it never got


def test_what_goes_is_kept_among_its_versions_and_can_be_brought_back(house: House, conversation: Conversation) -> None:
    with time_machine.travel(now(), tick=False) as clock:
        row = begun(house, conversation)
        begun(house, conversation, FIRST + " to", mark=row.mark)
        assert said_before(house, row) == [FIRST]  # the first of each minute
        begun(house, conversation, FIRST + " today", mark=row.mark)
        assert said_before(house, row) == [FIRST]
        clock.shift(timedelta(minutes=2))
        begun(house, conversation, FIRST + " today.", mark=row.mark)
        begun(house, conversation, "", mark=row.mark)
    assert said_before(house, row) == [FIRST, FIRST + " today", FIRST + " today."]
    newest = house.session.scalars(select(DraftVersion).order_by(DraftVersion.id.desc())).first()
    assert newest
    drafts.bring_back(house.session, conversation=conversation, author=house.agents[0], version_id=newest.id)
    assert row.text == FIRST + " today."
    with pytest.raises(Conflict):
        drafts.bring_back(house.session, conversation=conversation, author=house.agents[1], version_id=newest.id)
    for number in range(30):
        begun(house, conversation, f"{number} " * 30, mark=row.mark)
    assert len(said_before(house, row)) == drafts.MOST_VERSIONS


def test_a_colleague_takes_over_and_who_had_it_is_told(house: House, conversation: Conversation) -> None:
    ana, ben = house.agents[:2]
    row = begun(house, conversation)
    seen = row.mark
    begun(house, conversation, "My own try", author=ben)
    taken = drafts.take_over(house.session, conversation=conversation, user=ben, public_id=str(row.public_id))
    assert (taken.text, taken.author_id, taken.taken_from_id) == (FIRST, ben.id, ana.id)
    assert said_before(house, taken) == [FIRST, "My own try"]
    with pytest.raises(Conflict, match="taken over"):
        keep(house, conversation, FIRST + " and", mark=seen)
    assert begun(house, conversation, FIRST + " and").author_id == ana.id  # she has read so, and keeps hers
    assert own(house, conversation, ben) == FIRST


def test_what_was_sent_is_gone_and_a_late_word_of_it_does_not_bring_it_back(
    house: House, conversation: Conversation
) -> None:
    ana = house.agents[0]
    row = begun(house, conversation, client_key="key1")
    done = {"conversation": conversation, "author": ana}
    replies.queue_reply(house.session, text=FIRST + "!", client_key="key1", **done)
    drafts.finish(house.session, text=FIRST + "!", mark=row.mark, client_key="key1", **done)
    house.session.flush()
    assert own(house, conversation, ana) is None
    assert keep(house, conversation, FIRST + "!", mark=row.mark, client_key="key1") is None
    assert keep(house, conversation, FIRST + "!", before=row.mark, client_key="key2") is None  # it never heard back
    assert own(house, conversation, ana) is None
    assert begun(house, conversation, "The next one", before=row.mark, client_key="key2").text == "The next one"


def test_sending_leaves_what_was_written_elsewhere(house: House, conversation: Conversation) -> None:
    begun(house, conversation, "Words of the other tab", client_key="other")
    drafts.finish(
        house.session, conversation=conversation, author=house.agents[0], text="Sent", mark="", client_key="this"
    )
    house.session.flush()
    assert own(house, conversation, house.agents[0]) == "Words of the other tab"


def attach(house: House, conversation: Conversation, name: str, **more: Any) -> DraftFile:
    file = StoredAttachment(name, "text/plain", 3, name.ljust(64, "0"), content_id=more.pop("content_id", None))
    given = {"author": house.agents[0], "kind": DraftKind.REPLY, "file": file, "key": name, **more}
    return draft_files.add(house.session, conversation=conversation, **given)


def waiting(house: House, conversation: Conversation, author: User) -> list[str]:
    row = drafts.of(house.session, conversation=conversation, author=author)
    query = select(DraftFile.filename).where(DraftFile.draft_id == (row.id if row else None)).order_by(DraftFile.id)
    return list(house.session.scalars(query))


def test_files_wait_with_a_draft_go_with_what_is_sent_and_never_twice(house: House, conversation: Conversation) -> None:
    ana, ben = house.agents[:2]
    first = attach(house, conversation, "a.txt")  # begins the draft: words written elsewhere are not refused for it
    assert attach(house, conversation, "a.txt").id == first.id  # the same upload again
    row = begun(house, conversation, FIRST, client_key="page")
    lost, later = attach(house, conversation, "lost.txt"), attach(house, conversation, "later.txt")
    attach(house, conversation, "shown before.png", content_id="12345678@inline")
    draft_files.drop(house.session, conversation=conversation, author=ben, public_id=str(lost.public_id))  # not his
    assert waiting(house, conversation, ana) == ["a.txt", "lost.txt", "later.txt", "shown before.png"]
    done: dict[str, Any] = {"conversation": conversation, "author": ana}
    ids = [str(first.public_id)]
    taken = draft_files.take(house.session, ids=ids, again=["lost.txt"], client_key="page", **done)
    replies.queue_reply(house.session, text=FIRST, client_key="page", uploads=taken, **done)
    drafts.finish(house.session, text=FIRST, mark=row.mark, client_key="page", **done)
    assert house.session.scalars(select(Attachment.filename)).all() == ["a.txt"]
    assert waiting(house, conversation, ana) == ["later.txt"]  # attached elsewhere meanwhile: it was not sent
    assert begun(house, conversation, "The next one", mark=row.mark).text == "The next one"
    assert draft_files.take(house.session, ids=ids, client_key="page", **done) == []  # the same form once more
    with pytest.raises(Conflict, match="not there any more"):
        draft_files.take(house.session, ids=[*ids, str(later.public_id)], client_key="other", **done)
    assert waiting(house, conversation, ana) == ["later.txt"]
    attach(house, conversation, "bens.txt", author=ben)
    draft = drafts.of(house.session, conversation=conversation, author=ana)
    assert draft
    drafts.take_over(house.session, conversation=conversation, user=ben, public_id=str(draft.public_id))
    assert waiting(house, conversation, ben) == ["later.txt", "bens.txt"]


def test_a_channel_says_at_once_what_it_does_not_take(house: House, conversation: Conversation) -> None:
    big = StoredAttachment("film.mp4", "video/mp4", 10**12, "0" * 64)
    given = {"conversation": conversation, "author": house.agents[0], "file": big, "key": "k"}
    with pytest.raises(Invalid, match="larger than"):
        draft_files.add(house.session, kind=DraftKind.REPLY, **given)
    assert draft_files.add(house.session, kind=DraftKind.NOTE, **given).size == 10**12
    for number in range(draft_files.MOST - 1):
        attach(house, conversation, f"{number}.txt", kind=DraftKind.NOTE)
    with pytest.raises(Invalid, match="at most"):
        attach(house, conversation, "one more.txt", kind=DraftKind.NOTE)
    assert attach(house, conversation, "0.txt", kind=DraftKind.NOTE).filename == "0.txt"  # an answer it never got
    row = attach(house, conversation, "1.txt", kind=DraftKind.NOTE)
    row.content_id, row.created_at = "12345678@inline", now() - draft_files.FORGOTTEN * 2
    attach(house, conversation, "one more.txt", kind=DraftKind.NOTE)  # in the place of a picture that no word names
    assert row.draft_id is None


def test_what_belongs_to_nobody_is_forgotten_after_a_day(house: House, conversation: Conversation) -> None:
    files = [attach(house, conversation, name) for name in ("needed", "unneeded", "waits")]
    done = {"conversation": conversation, "author": house.agents[0]}
    same = draft_files.stored(files[0])
    replies.write_note(house.session, text="", client_key="n", uploads=[same], **done)
    for file in files[:2]:
        draft_files.drop(house.session, public_id=str(file.public_id), **done)
    assert draft_files.forget(house.session) == []
    with time_machine.travel(now() + draft_files.KEPT * 2):
        assert draft_files.forget(house.session) == [files[1].blob_sha256]
        assert draft_files.forget(house.session) == []
    assert waiting(house, conversation, house.agents[0]) == ["waits"]


def test_bytes_that_somebody_put_again_stay(house: House) -> None:
    old, again = blobs.put(b"nobody wants this"), blobs.put(b"somebody wants this")
    for name in (old, again):
        os.utime(blobs.path_of(name), (0, 0))
    assert blobs.put(b"somebody wants this") == again
    assert blobs.remove(old, unless_since=now() - draft_files.KEPT)
    assert not blobs.remove(again, unless_since=now() - draft_files.KEPT)
    assert blobs.get(again) == b"somebody wants this"
    with pytest.raises(NotFound):
        blobs.get(old)
    assert blobs.put(b"nobody wants this") == old
    assert blobs.get(old) == b"nobody wants this"


def test_colleagues_hear_of_a_beginning_and_an_end_not_of_every_word(house: House, conversation: Conversation) -> None:
    row = begun(house, conversation)
    for more in (" to", " to the", " to the carrier"):
        begun(house, conversation, FIRST + more, mark=row.mark)
    assert _told(house) == 1
    begun(house, conversation, FIRST, mark=row.mark, kind=DraftKind.NOTE)
    begun(house, conversation, "", mark=row.mark)
    assert _told(house) == 3


def test_an_empty_box_is_no_draft(house: House, conversation: Conversation) -> None:
    assert keep(house, conversation, " \n") is None
    assert own(house, conversation, house.agents[0]) is None


def _told(house: House) -> int:
    names = select(OutboxEvent.name).where(OutboxEvent.name == DraftChanged.wire_name())
    return len(house.session.scalars(names).all())
