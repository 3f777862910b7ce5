"""What people read is marked, translated whole where a part is declared complete, and safe to show."""

from __future__ import annotations

import enum
import inspect

import pytest
from babel.messages.catalog import Message
from jinja2 import Environment

from app import models
from app.languages import LANGUAGES
from app.phrases import counted, phrase
from app.pseudo import accented
from app.render import words
from app.services import reading_settings
from app.vocabulary import WORDS
from nlp.tasks import EMOTIONS, LABELS
from workers.processes import ROOT
from workers.translations.catalogues import TRANSLATED, put, update
from workers.translations.checks import faults, missing, problems
from workers.translations.parts import PARTS, marked_templates, part_of
from workers.translations.sources import Key, Marked, gathered
from workers.translations.unmarked import unmarked

TEMPLATES = Environment(trim_blocks=True, lstrip_blocks=True, autoescape=True)


@pytest.fixture(scope="module")
def marked() -> dict[Key, Marked]:
    return gathered()


def test_every_word_of_the_marked_templates_is_marked() -> None:
    found = []
    for path in marked_templates():
        source = (ROOT / path).read_text(encoding="utf-8")
        lines = unmarked(source, TEMPLATES, is_html=path.endswith(".html"))
        found += [f"{path}:{line}: {text}" for line, text in lines]
    assert marked_templates()
    assert found == []


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("<p>Hello there</p>", "Hello there"),
        ("{% if a %}<p>Hello</p>{% endif %}", "Hello"),
        ('<a{% if a %} class="b"{% endif %} title="Go on">{{ _("Go on") }}</a>', "Go on"),
        ('<input placeholder="{{ a }} and more">', "… and more"),
        ('{{ "Back to all" if a else _("On") }}', "Back to all"),
        ('{{ field("name", "Your name") }}', "Your name"),
    ],
)
def test_an_unmarked_word_is_seen(source: str, text: str) -> None:
    assert [said for _, said in unmarked(source, TEMPLATES)] == [text]


def test_what_nobody_reads_need_not_be_marked() -> None:
    source = (
        '<a class="One two" href="/Some where">{{ icon("Arrow") }}{{ _("Go") }}</a><code>refun*</code>{# A note. #}'
    )
    assert unmarked(source, TEMPLATES) == []


def test_the_catalogues_are_without_faults(marked: dict[Key, Marked]) -> None:
    assert problems(marked) == []


@pytest.mark.parametrize(
    ("said", "fault"),
    [
        ("Hallo {nane}", "has the places"),
        ("Hallo", "has the places"),
        ("<b>Hallo</b> {name}", "holds HTML"),
        ("Hallo&nbsp;{name}", "holds HTML"),
        ("Hallo {name} %(name)s", "holds a placeholder"),
        ("Hallo {name} ", "begins or ends"),
    ],
)
def test_a_faulty_translation_is_seen(said: str, fault: str) -> None:
    assert [one for one in faults(Message("Hello {name}", said)) if fault in one]
    assert not list(faults(Message("Hello {name}", "Hallo {name}")))


def test_a_form_for_one_or_two_may_say_the_number_in_words() -> None:
    english = ("{count} file in {folder}", "{count} files in {folder}")
    assert not list(faults(Message(english, ("ein ملف {folder}", "{count} {folder}"))))
    assert list(faults(Message(english, ("{folder}", "{count}"))))


def test_every_label_of_the_models_has_its_word() -> None:
    kinds = [one for _, one in inspect.getmembers(models, inspect.isclass) if issubclass(one, enum.StrEnum)]
    labels = {str(member.value) for kind in kinds for member in kind}
    labels |= {label for task in LABELS for label in (task, *LABELS[task])} | set(EMOTIONS)
    assert {words(label) for label in labels} - set(WORDS) == set()


def test_the_languages_that_can_be_chosen_are_those_there_are() -> None:
    assert tuple(LANGUAGES) == reading_settings.CODES


def test_every_source_has_a_part_and_every_part_a_prefix_that_is_there() -> None:
    assert part_of("templates/base.html") == "frame"
    assert part_of("app/web/inbox/case.py") == "cases"
    assert part_of("app/anything.py") == "rest"
    prefixes = [prefix for part in PARTS.values() for prefix in part]
    assert [one for one in prefixes if not list((ROOT / one).parent.glob(f"{(ROOT / one).name}*"))] == []


def test_a_phrase_is_its_english_and_knows_how_it_was_made() -> None:
    said = phrase("Use at most {most} characters.", most=10_000)
    assert said == "Use at most 10,000 characters."
    assert (said.template, said.values) == ("Use at most {most} characters.", {"most": 10_000})
    assert counted("{count} file", "{count} files", 1) == "1 file"
    assert counted("{count} file", "{count} files", 0) == "0 files"
    assert phrase("Write {{ name }} for it.") == "Write {{ name }} for it."


def test_test_english_is_longer_and_keeps_its_places() -> None:
    said = accented("Use at most {most} characters.")
    assert "{most}" in said
    assert len(said) >= 1.35 * len("Use at most {most} characters.")
    assert "characters" not in said


def test_an_entry_that_another_part_has_is_taken_over(tmp_path: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workers.translations.catalogues.FOLDER", tmp_path)
    first, second = Key("Save"), Key("{count} file")
    wanted = {
        first: Marked(first, "", {"templates/alerts/a.html", "templates/cases/b.html"}),
        second: Marked(second, "{count} files", {"templates/cases/b.html"}),
    }
    assert update(["alerts"], wanted) == len(TRANSLATED)
    german = TRANSLATED[0]
    assert put("alerts", german, {first: ["Speichern"], Key("Nowhere"): ["Nirgends"]}) == [Key("Nowhere")]
    update(["cases"], wanted)
    assert missing(wanted, german, "cases") == [wanted[second]]
    assert put("cases", german, {second: ["{count} Datei", "{count} Dateien"]}) == []
    assert missing(wanted, german, "cases") == []
