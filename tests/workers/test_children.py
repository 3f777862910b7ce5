"""A child that ends is started again, ever more slowly; its lines arrive whole."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.errors import SetupError
from workers.children import Child, Screen, read_procfile
from workers.leash import Leash, wait_until
from workers.loop import LONGEST_LINE, Loop
from workers.processes import Command


@pytest.fixture
def leash() -> Iterator[Leash]:
    leash = Leash("a test of children")
    yield leash
    leash.close()


def child_of(leash: Leash, script: str, name: str = "child") -> Child:
    return Child(name, lambda: Command(name, ("sh", "-c", script), {"PATH": os.environ["PATH"]}), leash)


def test_each_end_in_a_row_doubles_the_pause_up_to_half_a_minute(leash: Leash) -> None:
    child = child_of(leash, "exit 3")
    said = []
    for _ in range(8):
        child.start()
        assert wait_until(child.has_ended, 20)
        assert child.process is not None
        assert child.process.stdout is not None
        child.process.stdout.close()
        said.append(child.note_end())
    assert [line.split()[-2] for line in said] == ["0.5", "1", "2", "4", "8", "16", "30", "30"]
    assert said[0].startswith("ended with status 3")
    assert not child.is_due()


def test_lines_are_shown_whole_under_their_name_and_bad_bytes_do_no_harm(leash: Leash) -> None:
    stream = io.StringIO()
    loop = Loop(Screen(["tributary", "child"], stream), follow_parent=False)
    loop.keep(child_of(leash, r"printf 'one\ntw'; sleep 0.2; printf 'o \377\nlast'; sleep 600"))
    assert loop.wait(lambda: "two" in stream.getvalue(), 20)
    child = loop.children.pop()
    child.bury()
    assert loop.wait(lambda: "last" in stream.getvalue(), 20)
    lines = stream.getvalue().splitlines()
    assert lines == ["child     │ one", "child     │ two \ufffd", "child     │ last"]


def test_a_line_without_an_end_is_shown_in_pieces(leash: Leash, tmp_path: Path) -> None:
    stream = io.StringIO()
    loop = Loop(Screen(["child"], stream), follow_parent=False)
    loop.keep(child_of(leash, f"head -c {LONGEST_LINE * 3} /dev/zero | tr '\\0' x; touch '{tmp_path}/all'; sleep 600"))
    assert loop.wait((tmp_path / "all").exists, 20)
    loop.children.pop().bury()
    assert loop.wait(lambda: stream.getvalue().count("x") == LONGEST_LINE * 3, 20)


def test_a_procfile_gives_argument_vectors_and_a_bad_line_is_named(tmp_path: Path) -> None:
    procfile = tmp_path / "Procfile"
    procfile.write_text("# all of it\n\nweb: serve 'app.factory:create_app()' --port=1\nworker: work\n")
    assert read_procfile(procfile) == {"web": ["serve", "app.factory:create_app()", "--port=1"], "worker": ["work"]}
    procfile.write_text("web serve\n")
    with pytest.raises(SetupError, match="Procfile, line 1"):
        read_procfile(procfile)


def test_killing_the_watcher_does_not_free_anybody(leash: Leash) -> None:
    child = child_of(leash, "sleep 600")
    child.start()
    assert child.process is not None
    assert child.process.stdout is not None
    leash._watcher.kill()
    leash._watcher.wait()
    leash.hold(child.process.pid, 15)  # finds the watcher gone and starts another, which learns of the child
    leash.close()
    assert child.process.wait(10) == -15
    child.process.stdout.close()
