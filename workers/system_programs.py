"""Programs that pip cannot bring: installed where this account may, else named in one sentence.

Standard library only (see setup.py).
"""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from app.config import process_environment
from app.errors import SetupError

CHROMIUMS = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
)
SERVICE_POLICY = Path("/usr/sbin/policy-rc.d")
MORE_PLACES = "/usr/sbin:/usr/local/sbin:/opt/homebrew/sbin:/opt/homebrew/bin:/usr/local/bin"
ASK_PLAYWRIGHT = (
    "from playwright.sync_api import sync_playwright as start\nwith start() as p: print(p.chromium.executable_path)"
)


def ensure_venv_module() -> None:
    """Debian and Ubuntu split Python's venv module off. Raises SetupError if it cannot be installed."""
    package = f"python3.{sys.version_info.minor}-venv"
    if not _has_venv():
        apt_install(package)
        importlib.invalidate_caches()
    if not _has_venv():
        raise SetupError(f"Python's venv module is missing: run `sudo apt-get install {package}`, then start again.")


def _has_venv() -> bool:
    return bool(importlib.util.find_spec("venv") and importlib.util.find_spec("ensurepip"))


def ensure_test_programs(python: Path) -> None:
    """Find or install Chromium and Dovecot. Raises SetupError naming all that is missing."""
    missing = []
    if not find_dovecot() and not (_brew_install("dovecot") or apt_install("dovecot-imapd")):
        missing.append("Dovecot (package dovecot-imapd)")
    if not find_chromium(python) and not _install_chromium(python):
        missing.append("Chromium (package chromium)")
    if missing:
        raise SetupError(f"The tests need {' and '.join(missing)}: install that as root, then start again.")


def find_dovecot() -> Path | None:
    """Return the mail server that the tests start."""
    found = shutil.which("dovecot", path=f"{process_environment().get('PATH', '')}:{MORE_PLACES}")
    return Path(found) if found else None


def find_chromium(python: Path) -> Path | None:
    """Return a browser that runs: the system's, else the one that Playwright keeps. (Ubuntu's package is an empty
    shell without snap, so being there is not enough.)
    """
    for name in CHROMIUMS:
        found = shutil.which(name)
        if found and _runs([found, "--version"]):
            return Path(found)
    asked = subprocess.run(  # noqa: S603 - our own line of Python
        [str(python), "-c", ASK_PLAYWRIGHT], capture_output=True, text=True, check=False
    )
    own = Path(asked.stdout.strip() or "/nonexistent")
    return own if own.exists() else None


def _install_chromium(python: Path) -> bool:
    if not _is_ubuntu() and apt_install("chromium") and find_chromium(python):
        return True
    sys.stdout.write("── fetching the Chromium that Playwright keeps (about 180 MB)\n")
    sys.stdout.flush()
    libraries = ["--with-deps"] if _can_apt() else []
    argv = [str(python), "-m", "playwright", "install", *libraries, "chromium"]
    return _runs(argv, seconds=900, quiet=True) and find_chromium(python) is not None


def apt_install(package: str) -> bool:
    """Install a Debian package without starting its service; return whether that worked."""
    if not _can_apt():
        return False
    sys.stdout.write(f"── installing {package} (apt-get)\n")
    sys.stdout.flush()
    argv = ["apt-get", "install", "-y", "--no-install-recommends", package]
    with _services_stay_off():
        return _runs(argv, seconds=600) or (_runs(["apt-get", "update"], seconds=300) and _runs(argv, seconds=600))


def _can_apt() -> bool:
    return os.geteuid() == 0 and shutil.which("apt-get") is not None


@contextmanager
def _services_stay_off() -> Iterator[None]:
    """Debian starts a server when it is installed, unless this file says no: tests start their own."""
    if SERVICE_POLICY.exists():
        yield
        return
    SERVICE_POLICY.write_text("#!/bin/sh\nexit 101\n")
    SERVICE_POLICY.chmod(0o755)
    try:
        yield
    finally:
        SERVICE_POLICY.unlink(missing_ok=True)


def _brew_install(formula: str) -> bool:
    return sys.platform == "darwin" and bool(shutil.which("brew")) and _runs(["brew", "install", formula], seconds=900)


def _is_ubuntu() -> bool:
    with contextlib.suppress(OSError):
        return "ID=ubuntu\n" in Path("/etc/os-release").read_text()
    return False


def _runs(argv: list[str], *, seconds: float = 30, quiet: bool = False) -> bool:
    """Run a program; its output goes to the screen only if it takes long (an installation)."""
    output = subprocess.DEVNULL if quiet or seconds <= 30 else None
    env = {**process_environment(), "DEBIAN_FRONTEND": "noninteractive"}
    try:
        done = subprocess.run(  # noqa: S603 - fixed words
            argv, env=env, stdin=subprocess.DEVNULL, stdout=output, stderr=output, timeout=seconds, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0
