"""Settings, intents, learning and accuracy: the forms, who may use them, and what they say."""

from __future__ import annotations

import pytest
from sqlalchemy import select, update

from app import db
from app.models import Correction, Learning, Message, Prediction, Subject, TaskThreshold, User, WorkspaceIntent
from app.services import corrections, learning, light_heads, workspace_intents
from app.services.light_heads import Fitted
from tests.inbox_house import Seeded, counted, seeded
from tests.rooms import Visitor

__all__ = ["seeded"]
MODEL = "1"  # of the seed


@pytest.fixture
def dev(seeded: Seeded) -> Visitor:
    """A supervisor's browser."""
    return seeded.visitor("dev")


def add_intent(dev: Visitor, title: str, examples: int = 0) -> str:
    """Add an intent by the form, with so many examples; return its address."""
    dev.get("/settings/intents")
    address = dev.post("/settings/intents", {"title": title}).headers["Location"]
    if examples:
        texts = "\n".join(f"{title}, as said in way number {number}" for number in range(examples))
        assert dev.post(f"{address}/examples", {"examples": texts}).status_code == 303
    return address


def judge(count: int, *, label: str) -> list[int]:
    """Say of so many messages, the newest first, that their sentiment is this; return their ids."""
    with db.transaction() as session:
        query = select(Message).join(Prediction, Prediction.message_id == Message.id)
        messages = session.scalars(
            query.where(Prediction.task == "sentiment").order_by(Message.id.desc()).limit(count)
        ).all()
        user = session.scalars(select(User).where(User.email.startswith("ben"))).one()
        for message in messages:
            corrections.correct(session, message=message, task="sentiment", labels=[label], actor=user)
        return [message.id for message in messages]


def learn(subject: Subject = Subject.SENTIMENT, *, learned_from: list[int] | None = None) -> int:
    """Keep a version as the annotator does; return its number."""
    with db.transaction() as session:
        session.execute(update(Learning).values(claimed_until=None))  # what another test left claimed
        learning.ask(session, subject=subject, actor=None)
        claim = learning.claim(session)
        while claim and claim.subject != subject:  # what another test left waiting
            claim = learning.claim(session)
        assert claim
        fitted = Fitted(b"weights", ["negative"], 1, {"accuracy": 0.9}, learned_from or [], MODEL)
        head = learning.keep(session, claim, fitted)
        assert head
        return head.version


@pytest.mark.parametrize(
    "page", ["intents", "learning", "accuracy", "accuracy/kept-back?task=intent&reason=confidence"]
)
def test_agents_are_kept_out(seeded: Seeded, page: str) -> None:
    assert seeded.visitor("ben").get(f"/settings/{page}").status_code == 403
    assert seeded.visitor("dev").get(f"/settings/{page}").status_code == 200


def test_an_intent_says_how_many_examples_it_still_needs(dev: Visitor) -> None:
    address = add_intent(dev, "Delivery is late", examples=3)
    assert "<strong>5</strong> more" in dev.get(address).text
    assert "5 more to be trained" in dev.get("/settings/intents").text
    more = "\n".join(f"where is my parcel {n}" for n in range(5))
    dev.post(f"{address}/examples", {"examples": more + "\n\n" + more.upper()})
    page = dev.get(address).text
    assert "8 examples: enough to be trained" in page
    assert "where is my parcel 4" in page


def test_training_is_refused_until_two_intents_have_enough(dev: Visitor) -> None:
    add_intent(dev, "Warranty", examples=8)
    with db.transaction() as session:
        for row in session.scalars(select(WorkspaceIntent).where(WorkspaceIntent.title != "Warranty")):
            workspace_intents.archive(session, intent=row, actor=session.scalars(select(User)).first())  # type: ignore[arg-type]
    answer = dev.post("/settings/intents/training")
    assert answer.status_code == 422
    assert "At least 2 intents need 8 examples" in answer.text
    add_intent(dev, "Wrong grind", examples=8)
    assert dev.post("/settings/intents/training").status_code == 303
    running = dev.get("/settings/intents/training")
    assert "HX-Refresh" not in running.headers
    panel = running.text
    assert "Waiting for the annotator" in panel
    assert 'hx-trigger="every 1s"' in panel
    with db.reading() as session:
        assert session.scalars(select(Learning).where(Learning.subject == Subject.INTENTS)).one().is_waiting
    version = learn(Subject.INTENTS)
    done = dev.get("/settings/intents/training")
    assert f"Version {version} is in use" in done.text
    assert done.headers["HX-Refresh"] == "true"  # the list beside it has news, too
    dev.post("/settings/learning/intent", {"version": ""})
    assert "not in use: the built-in intents are" in dev.get("/settings/intents/training").text


def test_an_intent_is_renamed_merged_archived_and_restored(dev: Visitor) -> None:
    first, second = add_intent(dev, "Broken parts", examples=4), add_intent(dev, "Damaged goods", examples=2)
    dev.get(first)
    assert dev.post(first, {"title": "Damaged goods", "version": "1"}).status_code == 409
    assert dev.post(first, {"title": "Broken", "description": "in transit", "version": "1"}).status_code == 303
    assert "Somebody else changed" in dev.post(first, {"title": "Bust", "version": "1"}).text
    into = second.rsplit("/", 1)[1]
    dev.post(f"{first}/merge", {"into": into})
    page = dev.get("/settings/intents").text
    assert "merged into Damaged goods" in page
    assert "6 examples" in dev.get(second).text
    dev.post(f"{second}/archive")
    assert "Archived: it is not trained" in dev.get(second).text
    dev.post(f"{second}/restore")
    assert "Archived: it is not trained" not in dev.get(second).text


def test_an_example_belongs_to_one_intent_and_can_be_removed(dev: Visitor) -> None:
    first, second = add_intent(dev, "Roast date", examples=1), add_intent(dev, "Freshness")
    answer = dev.post(f"{second}/examples", {"examples": "Roast date, as said in  way number 0"})
    assert answer.status_code == 409
    assert "is an example of “Roast date” already" in answer.text
    page = dev.get(first).text
    remove = page.split(f'action="{first}/examples/')[1].split('"')[0]
    assert dev.post(f"{second}/examples/{remove}").status_code == 404
    assert dev.post(f"{first}/examples/{remove}").status_code == 303
    assert "None yet" in dev.get(first).text


def test_messages_are_found_by_their_words_and_taken_as_examples(seeded: Seeded, dev: Visitor) -> None:
    address = add_intent(dev, "Grinder trouble")
    page = dev.get(f"{address}?find=grinder").text
    assert "Messages with “grinder”" in page
    found = page.split('name="message" value="')[1].split('"')[0]
    dev.post(f"{address}/examples", {"message": found})
    assert "from a message" in dev.get(address).text
    chloe_sees = seeded.visitor("chloe").post(f"{address}/examples", {"message": found})
    assert chloe_sees.status_code == 403
    assert dev.post(f"{address}/examples", {"message": "nonsense"}).status_code == 404


def test_going_back_leaves_out_what_later_versions_learned(dev: Visitor) -> None:
    judge(2, label="positive")
    with db.reading() as session:
        ids = [row.id for row in session.scalars(select(Correction).order_by(Correction.id))]
    first = learn(learned_from=ids[:1])
    second = learn(learned_from=ids)
    page = dev.get("/settings/learning").text
    assert f'"version" value="{first}"' in page
    assert dev.post("/settings/learning/sentiment", {"version": str(first)}).status_code == 303
    with db.reading() as session:
        in_use = light_heads.in_use(session, "sentiment")
        assert in_use
        assert in_use.version == first
        aside = session.scalars(
            select(Correction.id).where(Correction.set_aside_at.is_not(None)).order_by(Correction.id)
        ).all()
    assert list(aside) == ids[1:]
    assert "left out by going back" in dev.get("/settings/learning").text
    dev.post("/settings/learning/sentiment", {"version": str(second)})
    assert "left out by going back" not in dev.get("/settings/learning").text
    dev.post("/settings/learning/sentiment", {"version": ""})
    page = dev.get("/settings/learning").text
    assert "the model alone, Dev Malhotra" in page
    assert dev.post("/settings/learning/sentiment", {"version": "99"}).status_code == 404
    assert dev.post("/settings/learning/sentiment", {"version": "x"}).status_code == 422
    assert dev.post("/settings/learning/colour", {"version": "1"}).status_code == 404


def test_accuracy_tells_who_was_right_and_what_a_threshold_changes(dev: Visitor) -> None:
    judge(12, label="negative")
    page = dev.get("/settings/accuracy?task=sentiment&threshold=0.9").text
    assert "12 judged" in page
    assert "At 0.90:" in page
    assert "messages would change" in page
    assert page.count("data-threshold=") == 51
    assert "help@harbourpine.example" in page
    assert dev.get("/settings/accuracy?task=urgency").status_code == 404


def test_a_threshold_is_kept_with_who_set_it(dev: Visitor) -> None:
    dev.get("/settings/accuracy")
    assert dev.post("/settings/accuracy/threshold", {"task": "emotion", "threshold": "0.62"}).status_code == 303
    assert dev.post("/settings/accuracy/threshold", {"task": "emotion", "threshold": "0.62"}).status_code == 303
    for wrong in ("2", "nan", "much", "-0.1"):
        assert dev.post("/settings/accuracy/threshold", {"task": "emotion", "threshold": wrong}).status_code == 422
    page = dev.get("/settings/accuracy?task=emotion")
    assert page.status_code == 200
    with db.reading() as session:
        rows = session.scalars(select(TaskThreshold).where(TaskThreshold.task == "emotion")).all()
        assert [(row.threshold, row.user_id is not None) for row in rows] == [(0.62, True)]
    dev.post("/settings/accuracy/threshold", {"task": "emotion", "threshold": ""})
    with db.reading() as session:
        assert session.scalars(select(TaskThreshold.threshold).order_by(TaskThreshold.id.desc())).first() is None


def test_what_was_kept_back_is_listed_with_its_messages(dev: Visitor) -> None:
    with db.transaction() as session:
        row = session.scalars(select(Prediction).where(Prediction.task == "intent").order_by(Prediction.id)).first()
        assert row
        row.abstained, row.abstain_reason = True, "language:fr"
    page = dev.get("/settings/accuracy?task=intent").text
    assert "Not learned: French" in page
    listed = dev.get("/settings/accuracy/kept-back?task=intent&reason=language:fr").text
    assert listed.count("Best guess") == 1
    assert "#m-" in listed


def test_the_pages_take_few_statements_however_much_there_is(dev: Visitor) -> None:
    address = add_intent(dev, "Counted", examples=20)
    for page in ("/settings/intents", address, "/settings/learning", "/settings/accuracy"):
        with counted() as said:
            assert dev.get(page).status_code == 200
        assert len(said) <= 8, (page, said)
