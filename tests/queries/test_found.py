"""What a search over everything finds: in any language, with every operator, and only what the user may see."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select, text

from app.clock import now
from app.db import reading, transaction
from app.folding import words
from app.models import (
    Attachment,
    Case,
    CaseConversation,
    Contact,
    ContactIdentity,
    Conversation,
    Direction,
    KbArticle,
    Message,
    MessageWords,
    SearchKind,
    Visibility,
)
from app.queries import contact_lookup, search_messages, search_page
from app.queries.search_terms import LISTED
from app.services import access, search_fill, search_index
from app.services.search_keys import typed_key
from app.services.search_vectors import Part, vector
from tests.inbox_house import Seeded, counted, seeded
from workers.jobs import search

__all__ = ["seeded"]

SAID = {
    "german": "Der Müller möchte sein Geld für die Straßenlampe zurück",
    "spelled": "Herr Mueller wartet auf die Oelkanne",
    "japanese": "注文1234の返金してください",
    "chinese": "我想申请退款，谢谢",
    "korean": "환불을 원합니다",
    "thai": "ฉันต้องการคืนเงินให้ด้วย",
    "arabic": "أُرِيدُ اِسْتِرْدَادَ المَبْلَغ",
    "hindi": "मुझे पैसे वापस चाहिए",
    "turkish": "İade istiyorum, ışık bozuk",
    "russian": "Хочу вернуть деньги за ёлку",
    "greek": "Θέλω επιστροφή χρημάτων",
    "plain": "Please don't send the xylophone <script>alert(1)</script> to mia.o'neil@shop.example again",
    "hidden": "My card is 4111 1111 1111 1111 and the zither is broken",
}


@pytest.fixture(scope="module")
def said(seeded: Seeded) -> dict[str, int]:
    """Messages in many languages, all in one conversation of Marta's; their ids by name."""
    with transaction() as session:
        home = session.get_one(Conversation, seeded.made.conversations["Marta Lindqvist"].id)
        made = {name: _message(home, one) for name, one in SAID.items()}
        session.add_all(made.values())
        session.flush()
        search_index.messages(session, list(made.values()))
        return {name: message.id for name, message in made.items()}


def _message(home: Conversation, said: str, **more: object) -> Message:
    return Message(
        conversation_id=home.id,
        channel_id=home.channel_id,
        contact_id=home.contact_id,
        direction=Direction.INBOUND,
        text=said,
        created_at=now(),
        **more,
    )


def page(seeded: Seeded, typed: str, who: str = "ana", **more: str) -> search_page.Page:
    user = seeded.made.users[who]
    with reading() as session:
        return search_page.page(session, typed=typed, user=user, inbox_ids=access.inbox_ids_of(user), **more)


def found(seeded: Seeded, typed: str, who: str = "ana") -> set[int]:
    """Return the ids of all messages that are found."""
    user = seeded.made.users[who]
    with reading() as session:
        search = search_page._understood(typed)
        assert not search.problems
        asked = search_messages.asked(search, user=user, inbox_ids=access.inbox_ids_of(user))
        return {hit.message_id for hit in search_messages.hits(session, asked)}


@pytest.mark.parametrize(
    ("typed", "names"),
    [
        ("müller", {"german", "spelled"}),
        ("muller", {"german"}),
        ("MUELLER", {"german", "spelled"}),
        ("strassenlampe", {"german"}),
        ("ölkanne", {"spelled"}),
        ("返金", {"japanese"}),
        ("金", {"japanese"}),
        ("注文1234", {"japanese"}),
        ("退款", {"chinese"}),
        ("退谢", set()),
        ("환불", {"korean"}),
        ("คืนเงิน", {"thai"}),
        ("استرداد", {"arabic"}),
        ("اريد", {"arabic"}),
        ("पैसे", {"hindi"}),
        ("ISIK", {"turkish"}),
        ("iade", {"turkish"}),
        ("елку", {"russian"}),
        ("επιστροφη", {"greek"}),
        ("xylo*", {"plain"}),
        ("xylo", set()),
        ('"the xylophone"', {"plain"}),
        ('"xylophone the"', set()),
        ("xylophone -script", set()),
        ("xylophone -zither", {"plain"}),
        ("don't xylophone", {"plain"}),
        ("o'neil@shop.example", {"plain"}),
        ("zither", {"hidden"}),
        ("4111", set()),
        ("1111", set()),
        ("'; DROP TABLE message; xylophone", set()),
        ("xylophone '; & | ! ( ) : * \\\\ <-> %", {"plain"}),
    ],
)
def test_words_are_found_in_any_script(seeded: Seeded, said: dict[str, int], typed: str, names: set[str]) -> None:
    assert found(seeded, typed) & set(said.values()) == {said[name] for name in names}


@settings(deadline=None, max_examples=60)
@given(st.text(max_size=60))
def test_what_is_written_is_what_postgresql_reads(seeded: Seeded, told: str) -> None:
    """Any text makes a tsvector, and holds each of its own words."""
    clean = told.replace("\0", "").encode("utf-8", "ignore").decode()
    with reading() as session:
        written = vector([Part(clean)], region="US", marks=["~to.o'neil\\@x.example"])
        held = set(
            session.scalars(text("SELECT unnest(tsvector_to_array(CAST(:told AS tsvector)))"), {"told": written})
        )
    assert {word.text for word in words(clean)} <= held or "•" in written


@settings(deadline=None, max_examples=60)
@given(st.text(max_size=80))
def test_anything_can_be_searched_for(seeded: Seeded, typed: str) -> None:
    page(seeded, " ".join(typed.replace("\0", "").split()))


def test_every_operator_agrees_with_the_lists_own(seeded: Seeded) -> None:
    """An operator alone finds the conversations that the list finds with it."""
    from tests.queries.test_search import rows

    for operator in LISTED:
        shown = page(seeded, operator.example, kind="message")
        assert shown.search.problems == ()
        listed = {row.public_id for row in rows(seeded, operator.example)}
        assert shown.conversations.count == len(listed), operator.name
        assert {row.public_id for row in shown.conversations.rows} <= listed


def test_operators_narrow_what_words_find(seeded: Seeded, said: dict[str, int]) -> None:
    ids = {said["plain"]}
    assert found(seeded, "xylophone from:lindqvist in:support after:2d channel:mail") == ids
    assert found(seeded, "xylophone from:nobody") == set()
    assert found(seeded, "xylophone before:2d") == set()
    assert found(seeded, "xylophone in:wholesale") == set()
    assert found(seeded, "xylophone lindqvist") == ids  # the customer's name, and a word of theirs
    assert found(seeded, "xylophone lindqvist -zither") == ids
    assert found(seeded, "xylophone assignee:none is:resolved") == set()


def test_a_message_is_found_by_its_files_notes_and_recipients(seeded: Seeded) -> None:
    with transaction() as session:
        home = session.get_one(Conversation, seeded.made.conversations["Jonas Weber"].id)
        told = {"to": [{"email": "Repairs@Harbourpine.example", "name": ""}]}
        letter = _message(home, "The bassoon arrived", recipients=told, custom={"order": "HP-20417"})
        note = _message(home, "He plays the bassoon badly", visibility=Visibility.PRIVATE)
        session.add_all([letter, note])
        session.flush()
        file = Attachment(message_id=letter.id, filename="Invoice.pdf", content_type="a/b", size=1, blob_sha256="0")
        session.add(file)
        session.flush()
        search_index.messages(session, [letter, note])
        case = Case(title="Bassoon repair", contact_id=home.contact_id, description="A bent key")
        session.add(case)
        session.flush()
        session.add(CaseConversation(case_id=case.id, conversation_id=home.id))
        search_index.cases(session, [case.id])
        number, letter_id, note_id = case.number, letter.id, note.id
    assert found(seeded, "bassoon") == {letter_id, note_id}
    assert found(seeded, "bassoon has:attachment") == {letter_id}
    assert found(seeded, "bassoon has:note") == {note_id}
    assert found(seeded, "bassoon to:repairs@harbourpine.example") == {letter_id}
    assert found(seeded, "bassoon to:harbourpine.example") == {letter_id}
    assert found(seeded, "bassoon to:repairs@example.com") == set()
    assert found(seeded, "invoice bassoon") == {letter_id}
    assert found(seeded, "HP-20417") == {letter_id}
    assert found(seeded, f"bassoon case:{number}") == {letter_id, note_id}
    (shown,) = page(seeded, "bent").things[SearchKind.CASE].rows
    assert shown["title"] == "Bassoon repair"


def test_nothing_of_other_inboxes_is_found(seeded: Seeded) -> None:
    with transaction() as session:
        home = session.get_one(Conversation, seeded.made.conversations["Tomás Herrera"].id)
        secret = _message(home, "A clavichord for the hotel")
        session.add(secret)
        session.flush()
        search_index.messages(session, [secret])
        id_ = secret.id
    assert found(seeded, "clavichord") == {id_}
    assert found(seeded, "clavichord", "ben") == {id_}
    assert found(seeded, "clavichord", "chloe") == set()
    assert found(seeded, "herrera clavichord", "chloe") == set()
    assert found(seeded, "in:wholesale clavichord", "chloe") == set()
    assert page(seeded, "herrera", "chloe").is_empty
    assert page(seeded, "from:herrera", "chloe").is_empty
    assert lookup(seeded, "herrera", "chloe") == []
    assert lookup(seeded, "herr", "ben") == ["Tomás Herrera"]


def lookup(seeded: Seeded, typed: str, who: str = "ana") -> list[str]:
    user = seeded.made.users[who]
    with reading() as session:
        ids = access.inbox_ids_of(user)
        return [one.name for one in contact_lookup.find(session, typed=typed_key(typed), user=user, inbox_ids=ids)]


def test_contacts_are_looked_up_by_what_was_typed_so_far(seeded: Seeded) -> None:
    with transaction() as session:
        held = Contact(name="Zoë van der Quist")
        session.add(held)
        session.flush()
        for kind, address in (("phone", "+49 171 2345678"), ("email", "zoe@quist.example"), ("handle", "@zoequist")):
            session.add(ContactIdentity(contact_id=held.id, kind=kind, address=address))
        search_index.contacts(session, [held.id])
    for typed in ("zo", "Zoe van", "der q", "QUIST", "zoe@qu", "quist.example", "0171 23", "+49171", "@zoeq"):
        assert "Zoë van der Quist" in lookup(seeded, typed), typed
    assert lookup(seeded, "") == []
    assert lookup(seeded, "uist") == []
    with transaction() as session:
        session.add(hidden := Contact(name="Otto 4111 1111 1111 1111"))
        session.flush()
        search_index.contacts(session, [hidden.id])
    assert len(lookup(seeded, "otto")) == 1
    assert lookup(seeded, "4111") == lookup(seeded, "1111") == []


def test_articles_that_are_drafts_are_for_those_who_write_them(seeded: Seeded) -> None:
    with transaction() as session:
        draft = KbArticle(title="Tuning a theremin", body="Stand still.")
        session.add(draft)
        session.flush()
        search_index.articles(session, [draft.id])
    assert page(seeded, "theremin").things[SearchKind.ARTICLE].count == 1
    assert page(seeded, "theremin", "ben").things[SearchKind.ARTICLE].count == 0


def test_pages_go_on_where_the_last_one_ended(seeded: Seeded) -> None:
    for order in ("best", "newest"):
        seen: list[object] = []
        after = ""
        for _ in range(40):
            shown = page(seeded, "the", kind="message", order=order, after=after)
            seen += [row.public_id for row in shown.conversations.rows]
            after = shown.conversations.more
            if not after:
                break
        assert len(seen) == len(set(seen)) == page(seeded, "the", kind="message").conversations.count > 25


def test_a_search_that_cannot_be_understood_says_why(seeded: Seeded) -> None:
    for typed, why in (
        ("moood:<1", "Did you mean"),
        ("-refund", "beside those that are left out"),
        ("?!", "no letters or digits"),
        ("r*", "at least 2 letters"),
        ("case:x", "takes a number"),
        ("is:lost", "is one of"),
    ):
        (problem,) = page(seeded, typed).search.problems
        assert why in problem


def test_few_statements_whatever_is_asked(seeded: Seeded) -> None:
    browser = seeded.visitor("ana")
    for typed in (
        "refund",
        "marta refund -tag:warranty from:lindqvist is:unread",
        "mood:<0",
        '"of the" has:attachment',
    ):
        with counted() as statements:
            answer = browser.get(f"/search?{urlencode({'q': typed})}")
        assert answer.status_code == 200
        assert len(statements) <= 9, statements  # one of them asks who is signed in


def test_the_index_is_filled_back_and_what_slipped_through_is_found(seeded: Seeded) -> None:
    with transaction() as session:
        before = set(session.scalars(select(MessageWords.message_id)))
        session.execute(text("DELETE FROM message_words"))
        search_fill.start_again(session)
        assert search_fill.is_due(session)
        search_fill.write_all(session)
        assert set(session.scalars(select(MessageWords.message_id))) == before
        assert not search_fill.is_due(session)
        home = session.get_one(Conversation, seeded.made.conversations["Jonas Weber"].id)
        late = _message(home, "An ocarina nobody told of")
        session.add(late)
        session.flush()
        assert search_fill.is_due(session)
        id_ = late.id
    search.fill([1])  # as a worker does
    assert found(seeded, "ocarina") == {id_}


def test_the_walk_is_as_good_as_a_look_at_every_message(seeded: Seeded) -> None:
    """The slices of messages_with together hold what a plain condition finds, newest first, however few are wanted."""
    with transaction() as session:
        session.execute(text("SELECT setval(pg_get_serial_sequence('message', 'id'), 3000000)"))  # into other blocks
        home = session.get_one(Conversation, seeded.made.conversations["Marta Lindqvist"].id)
        far = [_message(home, "the last of the lutes") for _ in range(3)]
        session.add_all(far)
        session.flush()
        search_index.messages(session, far)
        wanted = "'the' & !'refund'"
        plain = "SELECT message_id FROM message_words WHERE words @@ CAST(:q AS tsquery) ORDER BY 1 DESC"
        every = list(session.scalars(text(plain), {"q": wanted}))
        for most in (1, 4, 10_000):
            walk = text("SELECT * FROM messages_with(CAST(:q AS tsquery), NULL, NULL, :most)")
            assert list(session.scalars(walk, {"q": wanted, "most": most})) == every[:most]
        inboxes = text("SELECT * FROM messages_with(CAST(:q AS tsquery), ARRAY[-1], NULL, 100)")
        assert list(session.scalars(inboxes, {"q": wanted})) == []
