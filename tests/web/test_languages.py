"""In which language and by which clock pages are read."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
import time_machine
from flask import Flask, g

from app import db
from app.languages import LANGUAGES, catalogue, speaking, translated
from app.models import Role, User
from app.phrases import Phrase, counted, phrase
from app.render import clock, day, duration, moment_words, reading_by
from app.retold import retold
from app.services import reading_settings, users
from tests.rooms import ADMIN, Visitor, add_user
from workers.translations.catalogues import compile_if_stale

NOON = datetime(2026, 11, 22, 12, 5, tzinfo=UTC)


@pytest.fixture(scope="module", autouse=True)
def _compiled() -> None:
    compile_if_stale()


def language_of(page: str) -> tuple[str, str]:
    found = re.search(r'<html lang="([^"]*)" dir="([^"]*)"', page)
    assert found
    return found[1], found[2]


def test_a_visitor_is_answered_in_what_the_browser_asks_for_else_in_the_language_of_the_house(house: Flask) -> None:
    visitor = Visitor(house)
    assert language_of(visitor.get("/sign-in").text) == ("en", "ltr")
    page = visitor.get("/sign-in", **{"Accept-Language": "nl, pt;q=0.8, de;q=0.7"}).text
    assert language_of(page) == ("pt-BR", "ltr")
    assert "Esqueceu a senha?" in page
    with db.transaction() as session:
        reading_settings.change_house_language(session, language="ja")
    assert language_of(visitor.get("/sign-in").text) == ("ja", "ltr")
    assert language_of(visitor.get("/sign-in", **{"Accept-Language": "nl"}).text) == ("ja", "ltr")
    assert language_of(visitor.get("/sign-in", **{"Accept-Language": "fr"}).text) == ("fr", "ltr")


def test_a_user_chooses_language_and_clock_and_nobody_elses_change(house: Flask) -> None:
    add_user()
    add_user("bo@example.com", role=Role.AGENT, name="Bo")
    ana, bo = Visitor(house), Visitor(house)
    ana.enter()
    bo.enter("bo@example.com")
    chosen = {"language": "ar", "time_zone": "Asia/Tokyo", "theme": "dark"}
    assert ana.post("/account/reading", chosen).status_code == 303
    page = ana.get("/account", **{"Accept-Language": "de"}).text
    assert language_of(page) == ("ar", "rtl")
    assert 'data-theme="dark"' in page
    assert "تم الحفظ." in page  # the flash of the change, already in the new language
    assert language_of(bo.get("/account").text) == ("en", "ltr")
    with db.reading() as session:
        user = users.find_by_email(session, ADMIN)
        assert user is not None
        assert (user.language, user.time_zone, user.theme) == ("ar", "Asia/Tokyo", "dark")


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"language": "tlh"}, "Wählen Sie eine Sprache aus der Liste."),
        ({"time_zone": "Mars/Olympus"}, "Wählen Sie eine Zeitzone aus der Liste, etwa Europe/Berlin."),
    ],
)
def test_what_cannot_be_chosen_is_refused_in_the_readers_language(
    house: Flask, wrong: dict[str, str], said: str
) -> None:
    add_user()
    ana = Visitor(house)
    ana.enter()
    form = {"language": "", "time_zone": "", "theme": "light", **wrong}
    answer = ana.post("/account/reading", form, **{"Accept-Language": "de"})
    assert answer.status_code == 422
    assert said in answer.text


def test_refusals_of_services_and_of_the_gate_are_translated_once_at_the_edge(house: Flask) -> None:
    add_user("bo@example.com", role=Role.AGENT, name="Bo")
    bo = Visitor(house)
    bo.enter("bo@example.com")
    spanish = {"Accept-Language": "es"}
    answer = bo.post("/account", {"name": "x" * 101, "theme": "dark"}, **spanish)
    assert "Usa como máximo 100 caracteres." in answer.text
    json = bo.get("/settings/users", **spanish, Accept="application/json")
    assert json.get_json() == {"error": "Solo los administradores pueden hacer esto."}
    assert bo.get("/settings/users", **spanish, **{"HX-Request": "true"}).text == json.get_json()["error"]
    assert "Aquí no hay nada" in bo.get("/nothing-here", **spanish).text


def test_a_channels_form_and_what_its_provider_wants_are_read_in_the_readers_language(house: Flask) -> None:
    add_user()
    ana = Visitor(house)
    ana.enter()
    german = {"Accept-Language": "de"}
    page = ana.get("/settings/channels/new/mail", **german).text
    assert {"Eingehende E-Mails (IMAP)", "Meist 993 mit TLS von Anfang an, 143 mit STARTTLS"} <= set(
        re.findall(r">\s*([^<>]+?)\s*<", page)
    )
    assert re.search(r'<option value="ssl"[^>]*>TLS von Anfang an</option>', page)
    choices = {"setting-groups": "addressed", "setting-receive_by": "polling"}
    form = {
        "name": "Bot",
        "setting-api_url": "https://api.telegram.org",
        "setting-token": "no token",
        **choices,
        "do": "test",
    }
    answer = ana.post("/settings/channels/new/telegram", form, **german)
    assert "Das Token des Bots fehlt oder hat nicht die Form 123456:ABC-DEF" in answer.text


def test_only_an_admin_sets_the_language_of_the_house(house: Flask) -> None:
    add_user()
    add_user("bo@example.com", role=Role.AGENT, name="Bo")
    ana, bo = Visitor(house), Visitor(house)
    ana.enter()
    bo.enter("bo@example.com")
    assert bo.post("/account/house", {"house_language": "fr"}).status_code == 403
    assert ana.post("/account/house", {"house_language": "xx"}).status_code == 422
    assert ana.post("/account/house", {"house_language": "fr"}).status_code == 303
    assert language_of(bo.get("/account").text) == ("fr", "ltr")


@pytest.mark.parametrize(
    ("code", "time_zone", "words"),
    [
        ("en", "UTC", ("12:05", "19 Nov, 12:05", "Thursday 19 Nov", "22 Nov 2026, 12:05 UTC", "3 h 12 min")),
        ("de", "Europe/Berlin", ("13:05", "19. Nov., 13:05", "Donnerstag, 19. Nov.", "22. Nov. 2026, 13:05 CET", "3 Std. 12 Min.")),
        ("ja", "Asia/Tokyo", ("21:05", "11月19日 21:05", "11月19日(木曜日)", "2026年11月22日 21:05 JST", "3 時間 12 分")),
        ("fr", "America/New_York", ("07:05", "19 nov., 07:05", "jeudi 19 nov.", "22 nov. 2026, 07:05 EST", "3 h 12 min")),
    ],
)  # fmt: skip
def test_days_and_times_are_said_in_language_and_zone(
    house: Flask, code: str, time_zone: str, words: tuple[str, ...]
) -> None:
    earlier = NOON.replace(day=19)
    with time_machine.travel(NOON, tick=False), house.test_request_context(), speaking(code), reading_by(time_zone):
        said = (clock(NOON), clock(earlier), day(earlier), moment_words(NOON), duration(3 * 3600 + 12 * 60))
    assert said == words


def test_the_clock_is_that_of_the_browser_then_of_the_house(house: Flask) -> None:
    with house.test_request_context(headers={"Cookie": "tz=Asia/Tokyo"}), time_machine.travel(NOON, tick=False):
        assert clock(NOON) == "21:05"
    with house.test_request_context(), time_machine.travel(NOON, tick=False):
        g.house_time_zone = "Europe/Berlin"
        assert clock(NOON) == "13:05"


def test_the_preview_says_this_moment_as_chosen(house: Flask) -> None:
    add_user()
    ana = Visitor(house)
    with time_machine.travel(NOON, tick=False):
        ana.enter()
        said = ana.get("/account/reading?language=ja&time_zone=Asia/Tokyo").text
        unknown = ana.get("/account/reading?language=%3Cb%3E&time_zone=nowhere")
    assert 'lang="ja"' in said
    assert "2026年11月22日 21:05 JST" in said
    assert unknown.status_code == 200


def test_values_are_text_and_arabic_has_six_forms() -> None:
    said = translated(phrase("Welcome, {name}", name="<b>{name}</b>"), "de")
    assert said == "Willkommen, <b>{name}</b>"  # escaped by the page, and not filled twice
    forms = {
        translated(counted("{count} conversation", "{count} conversations", n), "ar") for n in (0, 1, 2, 3, 11, 100)
    }
    assert len(forms) == 6
    assert translated(counted("{count} conversation", "{count} conversations", 12_345), "de") == "12.345 Konversationen"
    assert translated("Saved.", "de") == "Saved."  # only what is marked is translated


def test_a_translation_cannot_bring_html_into_a_page(house: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catalogue("de"), "ugettext", lambda text: f"<script>{text}")
    template = house.jinja_env.from_string("{{ _('Hello {name}', name=name) }}|{{ said }}")
    with house.test_request_context(), speaking("de"):
        shown = template.render(name="<i>", said=Phrase("Saved {what}", values={"what": "<u>"}))
    assert "<" not in shown
    assert shown.count("&lt;script&gt;") == 2


def test_every_language_is_offered_by_its_own_name(house: Flask) -> None:
    add_user()
    ana = Visitor(house)
    ana.enter()
    page = ana.get("/account").text
    assert all(f">{language.name}</option>" in page for language in LANGUAGES.values())
    assert User.language.default is not None


def test_a_stored_sentence_is_read_again_as_the_phrase_it_was(house: Flask) -> None:
    with house.test_request_context(), speaking("de"):
        assert translated(retold("Paused by Ana.")) == "Angehalten von Ana."
        again = translated(retold("X does not offer that. Tried 8 times."))  # a reason with a reason in it
        assert again.startswith("X bietet das nicht an. ")
        assert "8" in again
        for strange in ("550 5.1.1 mailbox unavailable", "Open", "Paused by {name} and", ""):
            assert retold(strange) == strange
            assert not isinstance(retold(strange), Phrase)
    with house.test_request_context():
        assert retold("Paused by Ana.") == "Paused by Ana."
