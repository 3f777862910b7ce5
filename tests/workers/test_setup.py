"""The set-up: what is pinned is complete, steps run once, and what runs before pip needs nothing from it."""

from __future__ import annotations

import importlib.metadata
import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from app.config import read_env_file
from app.errors import SetupError
from workers.node import node_on_path
from workers.processes import ROOT
from workers.setup import Step
from workers.system_programs import find_chromium, find_dovecot


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def pinned() -> dict[str, str]:
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    return {normal(name): version for name, _, version in (line.partition("==") for line in lines if "==" in line)}


def test_every_dependency_is_pinned_to_the_version_that_is_installed() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = [*project["dependencies"], *project["optional-dependencies"]["dev"]]
    names = {normal(re.split(r"[\[<>=;! ]", requirement)[0]) for requirement in wanted}
    assert names <= set(pinned())
    for name in names:
        assert importlib.metadata.version(name).partition("+")[0] == pinned()[name], name


def test_the_lock_of_the_front_end_names_no_address_and_serves_every_system() -> None:
    lock = json.loads((ROOT / "package-lock.json").read_text())["packages"]
    assert not [name for name, entry in lock.items() if "resolved" in entry]
    for tool in ("@tailwindcss/oxide", "@esbuild/", "lightningcss", "@parcel/watcher", "@typescript/typescript"):
        for system in ("linux-x64", "linux-arm64", "darwin-arm64"):
            pattern = f"node_modules/{tool}-?{system}(-gnu|-glibc)?"
            assert [name for name in lock if re.fullmatch(pattern, name)], (tool, system)


def test_the_set_up_runs_before_anything_is_installed() -> None:
    bare = subprocess.run(
        [sys.executable, "-S", "-m", "workers.setup", "--help"], cwd=ROOT, capture_output=True, check=False
    )
    assert bare.returncode == 0, bare.stderr


def test_a_step_is_done_once_and_again_only_when_its_inputs_change(tmp_path: Path) -> None:
    done: list[str] = []
    first = Step("a step", tmp_path / ".stamp", "one", lambda: done.append("one"))
    assert not first.is_done()
    first.run()
    assert first.is_done()
    assert not Step("a step", tmp_path / ".stamp", "two", lambda: None).is_done()
    assert done == ["one"]


def test_a_step_that_fails_is_tried_again(tmp_path: Path) -> None:
    def fail() -> None:
        raise SetupError("the network is down")

    step = Step("a step", tmp_path / ".stamp", "one", fail)
    with pytest.raises(SetupError):
        step.run()
    assert not step.is_done()


@pytest.mark.parametrize(("version", "is_taken"), [("v18.19.0", False), ("v20.1.0", True), ("v26.0.0", True)])
def test_only_a_new_enough_node_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: str, is_taken: bool
) -> None:
    for name in ("node", "npm"):
        program = tmp_path / name
        program.write_text(f"#!/bin/sh\necho {version}\n")
        program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert (node_on_path() is not None) is is_taken


def test_a_python_that_is_too_old_or_not_there_is_one_sentence(tmp_path: Path) -> None:
    old = tmp_path / "python3"
    old.write_text("#!/bin/sh\nexit 1\n")
    old.chmod(0o755)
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}
    command = ["make", "run", f"PYTHON={old}"]
    made = subprocess.run(command, cwd=ROOT, env=clean, capture_output=True, text=True, check=False)
    assert made.returncode == 2
    assert made.stderr.splitlines()[0].startswith("Tributary needs Python 3.11 or newer")
    assert made.stdout == ""


def test_every_setting_of_the_example_is_read_somewhere(tmp_path: Path) -> None:
    example = (ROOT / ".env.example").read_text()
    shown = tmp_path / ".env"
    shown.write_text(re.sub(r"^#(?=[A-Z_]+=)", "", example, flags=re.MULTILINE))
    settings = read_env_file(shown)
    assert {"PORT", "DATABASE_URL", "REDIS_URL", "TRIBUTARY_HOME", "DEMO"} <= set(settings)
    code = "".join((ROOT / path).read_text() for path in ("app/config.py", "workers/surroundings.py"))
    assert not [name for name in settings if f'"{name}"' not in code]


def test_a_bad_line_of_the_settings_file_is_named(tmp_path: Path) -> None:
    settings = tmp_path / ".env"
    settings.write_text("GOOD=\"a b\"\n\n# a remark\nexport ALSO='x=y'\nno equals sign\n")
    with pytest.raises(SetupError, match="line 5"):
        read_env_file(settings)
    settings.write_text("GOOD=\"a b\"\nexport ALSO='x=y'\n")
    assert read_env_file(settings) == {"GOOD": "a b", "ALSO": "x=y"}


def test_the_programs_that_tests_need_are_here() -> None:
    assert find_dovecot()
    browser = find_chromium(Path(sys.executable))
    assert browser
    assert os.access(browser, os.X_OK)
