"""The sentiment report: its numbers, its files and the messages behind them say the same, to those who may see them."""

from __future__ import annotations

import csv
import io
import random
import re
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import redis
from lxml import html  # type: ignore[import-untyped]  # lxml publishes no types
from sqlalchemy import select

from app import db
from app.models import (
    Channel,
    Conversation,
    Correction,
    Message,
    Prediction,
    Role,
    Tag,
    Tagging,
    Team,
    User,
)
from app.queries.sentiment_asked import Asked, Period, period
from app.queries.sentiment_report import Report, report
from app.services import access, business_hours, sentiment_counts
from app.services.business_hours import Opening
from app.web.reports import csv_file
from tests.inbox_house import Seeded, counted, part
from tests.rooms import surroundings, web_app
from tests.seed import seed
from tests.seed_history import seed_history
from tests.servers import Servers, database, fresh_name

QUESTIONS = (
    "",
    "?range=7&bucket=hour",
    "?range=today",
    "?show=share",
    "?task=emotion",
    "?task=intent&show=share&open=1",
    "?by=channel",
    "?by=agent&show=volume",
    "?by=team&show=negative&open=1",
    "?by=tag",
    "?by=language&show=abstained",
    "?task=intent&by=intent",
    "?task=emotion&by=inbox&range=90&bucket=week",
    "?agent=none&language=en",
    "?tag=none&by=intent",
    "?intent=delivery&team=none",
)


@pytest.fixture(scope="module")
def seeded(servers: Servers, redis_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Seeded]:
    """A workspace with four weeks of past, two model versions and some corrections."""
    home = tmp_path_factory.mktemp("home")
    with (
        database(servers, fresh_name()) as url,
        pytest.MonkeyPatch.context() as patch,
        surroundings(patch, database_url=url, redis_url=redis_url, home=home),
    ):
        with redis.Redis.from_url(redis_url) as valkey:
            valkey.flushdb()
        with db.transaction() as session:
            made = seed(session, with_files=False)
            seed_history(session, made, weeks=4, a_day=7)
            made.channels["sales", "webform"].name = '=HYPERLINK("http://bad.example")'
            ids = list(session.scalars(select(Prediction.message_id).where(Prediction.task == "sentiment").limit(40)))
            with sentiment_counts.moving(session, message_ids=ids[::3]):
                session.add_all(
                    Correction(message_id=id_, task="sentiment", labels=["positive"]) for id_ in set(ids[::3])
                )
        app = web_app()
        yield Seeded(app, made)


def tables_of(page: str) -> dict[str, list[list[str]]]:
    """Return the words of the tables of numbers on the page, by their names."""
    return {table.get("data-table"): _words(table) for table in html.fromstring(page).xpath("//table[@data-table]")}


def _words(table: Any) -> list[list[str]]:
    for card in table.xpath(".//details"):
        card.drop_tree()
    return [[" ".join(cell.text_content().split()) for cell in row.xpath("./th|./td")] for row in table.xpath(".//tr")]


def plain(text: str) -> str:
    """Take away how a page dresses a number up."""
    bare = text.removesuffix("%").replace("−", "-").removeprefix("+").replace(",", "")
    return "" if bare == "–" else bare


def file_of(text: str) -> list[list[str]]:
    rows = list(csv.reader(io.StringIO(text.removeprefix("\ufeff"))))
    return [[name.removesuffix(", %").removeprefix("'") for name in rows[0]]] + [
        [row[0].removeprefix("'"), *row[1:]] for row in rows[1:]
    ]


@pytest.mark.parametrize("question", QUESTIONS)
def test_the_file_says_what_the_page_says(seeded: Seeded, question: str) -> None:
    ana = seeded.visitor()
    page = ana.get(f"/reports/sentiment{question}")
    assert page.status_code == 200
    for name, on_page in tables_of(page.text).items():
        file = ana.get(f"/reports/sentiment/files/{name}{question}")
        assert file.mimetype == "text/csv"
        wanted = [on_page[0]] + [[row[0], *map(plain, row[1:])] for row in on_page[1:]]
        assert file_of(file.text) == wanted


@pytest.mark.parametrize("question", QUESTIONS)
def test_a_page_takes_at_most_eight_statements_however_it_is_asked(seeded: Seeded, question: str) -> None:
    ana = seeded.visitor()
    with counted() as said:
        assert ana.get(f"/reports/sentiment{question}").status_code == 200
    assert len(said) <= 8
    with counted() as said:
        assert ana.get(f"/reports/sentiment/messages{question}").status_code == 200
    assert len(said) <= 8


@pytest.mark.parametrize("question", QUESTIONS)
def test_behind_each_number_are_as_many_messages(seeded: Seeded, question: str) -> None:
    ana, dice = seeded.visitor(), random.Random(question)
    tree = html.fromstring(ana.get(f"/reports/sentiment{question}").text)
    links = [
        (link.get("href"), link.text_content().strip())
        for link in tree.xpath("//dl[@class='figures']//a | //table[contains(@class, 'numbers')]//td/a")
        if re.fullmatch(r"[\d,]+", link.text_content().strip())
    ]
    for href, number in dice.sample(links, min(8, len(links))):
        assert messages_behind(ana, href) == int(number.replace(",", "")), href


def messages_behind(visitor: Any, href: str) -> int:
    """Turn all pages and count; no message may come twice."""
    found = 0
    while href:
        tree = html.fromstring(visitor.get(href).text)
        found += len(tree.xpath("//li[contains(@class, 'sheet-row')]"))
        more = tree.xpath("//a[@rel='next']/@href")
        href = more[0] if more else ""
    return found


def by_hand(
    session: Any, asked: Asked, here: Period, names: dict[str, Any], since: datetime, until: datetime
) -> Counter[str]:
    """Count the messages one by one in Python, by the label of the newest version."""
    corrected = {
        (c.message_id, c.task): c.labels[0]
        for c in session.scalars(select(Correction).where(Correction.undone_at.is_(None)))
    }
    tagged = Counter(session.scalars(select(Tagging.conversation_id)))
    wearing = {(t.conversation_id, t.tag_id) for t in session.scalars(select(Tagging))}
    predictions = session.scalars(select(Prediction).order_by(Prediction.id)).all()
    newest = {(p.message_id, p.task): p for p in predictions}
    of_version = {(p.message_id, p.task, p.model_version): p for p in predictions}
    rows = session.execute(select(Message, Conversation).join(Conversation, Conversation.id == Message.conversation_id))
    found: Counter[str] = Counter()

    def holds(p: Prediction | None) -> str | None:
        if p is None:
            return None
        return corrected.get((p.message_id, p.task)) or ("abstained" if p.abstained else p.label)

    for message, conversation in rows:
        told = newest.get((message.id, asked.task))
        hour = message.created_at.replace(minute=0, second=0, microsecond=0)
        doors = here.doors
        is_open = doors is None or sum(door <= hour for door in doors) % 2 == 1
        if told is None or not since <= hour < until or not is_open:
            continue
        intent = holds(of_version.get((message.id, "intent", told.model_version)))
        values = {
            "channel": message.channel_id,
            "inbox": conversation.inbox_id,
            "team": told.team_id,
            "agent": told.assignee_id,
            "intent": None if intent == "abstained" else intent,
            "language": message.language,
        }
        wanted = {name: None if value == "none" else names.get(value, value) for name, value in asked.filters.items()}
        if "tag" in wanted:
            tag = wanted.pop("tag")
            if (tag is None and tagged[conversation.id]) or (tag and (conversation.id, tag) not in wearing):
                continue
        if all(values[name] == value for name, value in wanted.items()):
            found[str(holds(told))] += 1
    return found


@pytest.mark.parametrize("chance", range(25))
def test_numbers_equal_a_count_by_hand_whatever_is_asked(seeded: Seeded, chance: int) -> None:
    dice = random.Random(chance)
    with db.reading() as session:
        tables: dict[str, Any] = {"channel": Channel, "team": Team, "agent": User, "tag": Tag}
        ids: dict[str, dict[str, int]] = {
            name: {str(row.public_id): row.id for row in session.scalars(select(table))}
            for name, table in tables.items()
        }
        said = {"task": dice.choice(["sentiment", "emotion", "intent"]), "range": dice.choice(["7", "30", "90"])}
        said |= {"open": dice.choice(["", "1"]), "by": dice.choice(["", "channel", "agent", "intent", "tag"])}
        for name in dice.sample(sorted(ids), dice.randint(0, 2)):
            said[name] = dice.choice([*ids[name], "none"] if name != "channel" else [*ids[name]])
        said |= {"intent": "delivery"} if dice.random() < 0.2 else {"language": "en"} if dice.random() < 0.3 else {}
        asked = Asked.of(said)
        zone = dice.choice([UTC, ZoneInfo("Europe/Berlin")])
        here = period(asked, now=datetime.now(UTC), zone=zone)
        read = _read(session, asked, here, seeded.made.users["ana"])
        names = {public: id_ for group in ids.values() for public, id_ in group.items()}
        for tally, span in ((read.now, (here.start, here.end)), (read.before, here.before)):
            read_of = {label: number for label, number in tally.labels.items() if number}
            assert read_of == dict(by_hand(session, asked, here, names, *span)), said
    if asked.by and asked.by != "tag":
        assert sum(group.now.messages for group in read.groups) == read.now.messages


def _read(session: Any, asked: Asked, here: Period, user: User) -> Report:
    return report(session, asked=asked, period=here, inbox_ids=access.inbox_ids_of(user), fell_to=-0.2)


def test_a_newer_model_has_a_line_of_its_own_and_changes_no_total(seeded: Seeded) -> None:
    with db.reading() as session:
        here = period(Asked(), now=datetime.now(UTC), zone=UTC)
        read = _read(session, Asked(), here, seeded.made.users["ana"])
    older, newer = read.versions
    both = [index for index in older.spoke_in if index in newer.spoke_in][1:-1]  # whole days that both have read
    assert both
    for index in both:
        assert read.buckets[index].messages == newer.buckets[index].messages
    assert older.spoke_in[0] < newer.spoke_in[0]
    page = seeded.visitor().get("/reports/sentiment").text
    assert "Net, model 0.9" in page
    assert "Net, model 1" in page


def test_agents_do_not_see_reports_and_supervisors_see_their_inboxes_alone(seeded: Seeded) -> None:
    chloe = seeded.visitor("chloe")
    for path in ("", "/messages", "/files/time"):
        assert chloe.get(f"/reports/sentiment{path}").status_code == 403
    assert "/reports/sentiment" not in chloe.get("/inbox").text
    with db.transaction() as session:
        session.get_one(User, seeded.made.users["chloe"].id).role = Role.SUPERVISOR
    try:
        support, whole = (
            chloe.get("/reports/sentiment?by=inbox").text,
            seeded.visitor().get("/reports/sentiment?by=inbox").text,
        )
        assert "Wholesale and sales" in whole
        assert "Wholesale and sales" not in support
        hidden = html.fromstring(whole).xpath(
            "//table[@data-table='groups']//tr[contains(th, 'Wholesale')]/td[1]/a/@href"
        )
        assert messages_behind(seeded.visitor(), hidden[0]) > 0
        assert messages_behind(chloe, hidden[0]) == 0
    finally:
        with db.transaction() as session:
            session.get_one(User, seeded.made.users["chloe"].id).role = Role.AGENT


def test_a_poke_fetches_the_same_fragment_that_the_page_is_made_of(seeded: Seeded) -> None:
    ana = seeded.visitor()
    whole = ana.get("/reports/sentiment?by=channel").text
    alone = ana.client.get("/reports/sentiment?by=channel", headers=part("report"))
    assert alone.headers["HX-Push-Url"] == "/reports/sentiment?by=channel"
    assert "<html" not in alone.text
    assert alone.text.strip() in whole


def test_names_are_never_formulas_in_a_file(seeded: Seeded) -> None:
    path, ana = "/reports/sentiment/files/groups?by=channel&range=90", seeded.visitor()
    text = ana.get(path).text
    german = ana.get(path, **{"Accept-Language": "de"}).text
    assert german.startswith("\ufeffKanal,Nachrichten,")
    assert [row[1:] for row in file_of(german)[1:]] == [row[1:] for row in file_of(text)[1:]]  # in any language
    assert "\"'=HYPERLINK" in text
    for bad in ("=1+1", "+1", "-1", "@x", "\t=1", " =1", "＝1"):
        assert csv_file.harmless(bad).startswith("'")
    assert csv_file.harmless("Shop chat") == "Shop chat"


@pytest.mark.parametrize(
    "path",
    [
        "?task=x&by=y&range=z&bucket=%00&channel=nope&agent=%F0%9F%98%80&since=0000-00-00&until=x&range=custom",
        "/messages?from=-1&to=99999999999999999999&label=%00&after=-5",
        "/messages?from=5&to=1&fell=nonsense&version=%27",
        "?intent=%00&language=%00",
    ],
)
def test_nonsense_in_the_address_is_answered_with_a_page(seeded: Seeded, path: str) -> None:
    assert seeded.visitor().get(f"/reports/sentiment{path}").status_code == 200


def test_business_hours_are_set_by_supervisors_and_counted_by(seeded: Seeded) -> None:
    assert seeded.visitor("chloe").get("/settings/business-hours").status_code == 403
    dev = seeded.visitor("dev")
    dev.get("/settings/business-hours")
    form = {f"{name}-{day}": str(hour) for day in range(7) for name, hour in (("open", 1), ("from", 8), ("to", 20))}
    assert dev.post("/settings/business-hours", form | {"time_zone": "Mars/Olympus"}).status_code == 422
    assert dev.post("/settings/business-hours", form | {"from-3": "21"}).status_code == 422
    assert dev.post("/settings/business-hours", {}).status_code == 422
    narrow = _messages(dev, "?open=1")
    assert dev.post("/settings/business-hours", form | {"time_zone": "Europe/Berlin"}).status_code == 303
    with db.reading() as session:
        assert business_hours.get(session).zone_name == "Europe/Berlin"
    assert narrow < _messages(dev, "?open=1") < _messages(dev, "")
    assert "Mon to Sun 8–20, Europe/Berlin" in dev.get("/reports/sentiment?open=1").text
    assert "Times are Europe/Berlin" in dev.get("/reports/sentiment?zone=house").text
    with db.transaction() as session:
        office = Opening()
        business_hours.change(session, week=office.week, time_zone="")


def _messages(visitor: Any, question: str) -> int:
    tree = html.fromstring(visitor.get(f"/reports/sentiment{question}").text)
    return int(tree.xpath("string(//dl[@class='figures']/div[1]/dd[1])").strip().replace(",", ""))
