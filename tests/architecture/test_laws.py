"""The laws of ARCHITECTURE.md that a machine can check; each check is itself checked on a planted fault."""

from __future__ import annotations

import ast
import dataclasses
import statistics
import subprocess
import sys
from typing import Any

import pytest

from app.events import Event
from connectors.registry import kinds
from tests.architecture.source import ROOT, attributes, functions, line_count, modules, strings

LONGEST_FUNCTION, P90_FUNCTION, MEDIAN_FUNCTION, LONGEST_FILE = 60, 25, 8, 300
HEAVY = {
    "torch",
    "transformers",
    "onnxruntime",
    "imapclient",
    "inscriptis",
    "icalendar",
    "py3langid",
    "lxml",
    "flask",
    "rq",
    "gevent",
}
LIGHT_MODULES = (
    "connectors",
    "connectors.base",
    "connectors.registry",
    "connectors._mime",
    "nlp",
    "nlp.prediction",
    "nlp.tasks",
    "nlp.light",
    "nlp.annotate",
    "app",
    "app.models",
    "app.services.ingest",
    "app.services.routing",
)


def users_of(pattern: str, *, allowed: tuple[str, ...]) -> list[str]:
    return [
        f"{name}: {found}"
        for name, tree in modules().items()
        if name not in allowed
        for found in attributes(tree)
        if found == pattern or found.endswith(f".{pattern}")
    ]


def test_every_import_goes_down_the_floors() -> None:
    checked = subprocess.run(
        [sys.executable, "-c", "from importlinter.cli import lint_imports_command; lint_imports_command()"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert checked.returncode == 0, checked.stdout


@pytest.mark.parametrize("module", LIGHT_MODULES)
def test_importing_a_room_loads_no_heavy_library(module: str) -> None:
    code = f"import {module}, sys; print(*sorted({HEAVY!r} & set(sys.modules)))"
    loaded = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert loaded.stdout.split() == []


def test_functions_and_files_stay_small() -> None:
    sizes = {f"{name}:{function}": lines for name, tree in modules().items() for function, lines in functions(tree)}
    assert {name: lines for name, lines in sizes.items() if lines > LONGEST_FUNCTION} == {}
    assert statistics.median(sizes.values()) <= MEDIAN_FUNCTION
    assert statistics.quantiles(sizes.values(), n=10)[-1] <= P90_FUNCTION
    assert {name: line_count(name) for name in modules() if line_count(name) > LONGEST_FILE} == {}


def test_typescript_files_stay_small() -> None:
    sizes = {path: line_count(path) for path in map(str, (ROOT / "app/static/src").rglob("*.ts"))}
    assert sizes
    assert {path: lines for path, lines in sizes.items() if lines > LONGEST_FILE} == {}


def test_only_the_database_module_commits() -> None:
    assert users_of("session.commit", allowed=("app/db.py",)) == []


def test_only_the_configuration_reads_the_environment() -> None:
    allowed = ("app/config.py", "nlp/__main__.py", "workers/setup.py")
    assert users_of("os.environ", allowed=allowed) == []


def test_only_the_clock_asks_what_time_it_is() -> None:
    connectors = tuple(name for name in modules() if name.startswith("connectors/"))
    assert users_of("datetime.now", allowed=("app/clock.py", *connectors)) == []


def test_only_the_queues_know_rq() -> None:
    for name, tree in modules().items():
        imported = {alias.name.split(".")[0] for n in ast.walk(tree) if isinstance(n, ast.Import) for alias in n.names}
        imported |= {(n.module or "").split(".")[0] for n in ast.walk(tree) if isinstance(n, ast.ImportFrom)}
        assert "rq" not in imported or name == "workers/queues.py", name


def test_event_names_are_spelled_in_one_place() -> None:
    names = set(Event.vocabulary)
    found = {name: names & set(strings(tree)) for name, tree in modules().items() if name != "app/events.py"}
    assert {name: sorted(used) for name, used in found.items() if used} == {}


def test_event_names_follow_the_rule() -> None:
    for name, kind in Event.vocabulary.items():
        noun, dot, participle = name.partition(".")
        assert name == kind.wire_name()
        assert dot
        assert noun.isalpha()
        assert participle.replace("_", "").isalpha()
        assert kind.__name__.lower() == noun + participle.replace("_", "")


def test_every_event_survives_the_wire() -> None:
    for name, kind in Event.vocabulary.items():
        values: dict[str, Any] = {
            field: [] if "list" in str(note) else (1 if "int" in str(note) else "x") for field, note in notes(kind)
        }
        event = kind(**values)
        assert Event.from_payload(name, event.payload()) == event


def notes(kind: type[Event]) -> list[tuple[str, object]]:
    return [(field.name, field.type) for field in dataclasses.fields(kind)]


def test_no_other_code_names_a_kind_of_channel() -> None:
    """A channel's name stands in its own files (mail, web form, web chat and sandbox each have some) and nowhere else."""
    words = set(kinds()) - ORDINARY_WORDS
    for name, tree in modules().items():
        stem = name.rsplit("/", 1)[-1].removesuffix(".py")
        parts_of_one = any(name.startswith(f"connectors/_{kind}_") for kind in kinds())
        own = stem in words or parts_of_one or name == "connectors/registry.py"
        used = words & set(strings(tree)) if not own else set()
        assert used <= ALLOWED_KINDS.get(name, set()), f"{name} names {used}"


ORDINARY_WORDS = {"line", "voice", "x"}  # kinds of channels whose names also mean something else
ALLOWED_KINDS: dict[str, set[str]] = {
    "app/web/__init__.py": {"webform", "webchat"},  # the names of page modules
    "app/sockets/__init__.py": {"webchat"},
    "app/services/workspace.py": {"webform", "webchat", "sandbox"},  # the demo connects one example of each
    "app/web/inbox/looks.py": {"mail"},  # the name of an icon
    "connectors/__main__.py": {"mail"},  # the command that reads a mail file needs no channel
}


def test_the_checks_find_planted_faults() -> None:
    planted = ast.parse("import os\nos.environ['X']\nsession.commit()\nname = 'message.received'\n")
    assert {"os.environ", "session.commit"} <= set(attributes(planted))
    assert "message.received" in set(strings(planted))
