"""The settings of an installation, read once from the environment: the only place that does."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from app.errors import SetupError

ROOT = Path(__file__).resolve().parent.parent
RUN_FILE = "run.env"  # in the home, while the supervisor runs


@dataclass(frozen=True, slots=True)
class Settings:
    """`home` keeps state (blobs, keys, embedded servers); `base_url` is how the world reaches us, no trailing slash.

    `models` are "TASK=FOLDER" or "TASK=MODEL_ID@REVISION": models that answer a task in ours' place; `translators` are
    "FOLDER" or "MODEL_ID@REVISION".
    """

    home: Path
    database_url: str
    redis_url: str
    base_url: str
    demo: bool
    secret_key: str | None
    sealing_keys: tuple[str, ...]
    push_key: str | None  # signs what push services get: the same on every machine of an installation
    secure_cookies: bool
    trusted_proxies: int
    models: tuple[str, ...]
    translators: tuple[str, ...]  # models that put messages into readers' languages
    private_webhooks: bool  # webhooks may go to loopback and private networks, and without TLS
    hasty_passwords: bool  # for tests: hashing a password costs next to nothing; never where the address is https
    automatic_mails_per_hour: int  # at most so many that nobody wrote go to one contact

    @property
    def blobs(self) -> Path:
        return self.home / "blobs"


@cache
def settings() -> Settings:
    """Read the environment. Raises SetupError naming the missing setting."""
    env = environment()
    base_url = env.get("BASE_URL", f"http://127.0.0.1:{env.get('PORT', '8000')}").rstrip("/")
    return Settings(
        home=home_of(env),
        database_url=_required(env, "DATABASE_URL"),
        redis_url=_required(env, "REDIS_URL"),
        base_url=base_url,
        demo=env.get("DEMO", "1") not in {"0", "false", "no", ""},
        secret_key=env.get("SECRET_KEY") or None,
        sealing_keys=tuple(part for part in env.get("TRIBUTARY_KEY", "").replace(",", " ").split() if part),
        push_key=env.get("PUSH_KEY") or None,
        secure_cookies=base_url.startswith("https://"),
        trusted_proxies=_whole(env, "TRUSTED_PROXIES", 0),
        models=tuple(env.get("MODELS", "").split()),
        translators=tuple(env.get("TRANSLATORS", "").split()),
        private_webhooks=env.get("WEBHOOKS_TO_PRIVATE", "0") not in {"0", "false", "no", ""},
        hasty_passwords=env.get("HASTY_PASSWORDS") == "1" and not base_url.startswith("https://"),
        automatic_mails_per_hour=_whole(env, "AUTOMATIC_MAILS_PER_HOUR", 4),
    )


def environment() -> dict[str, str]:
    """Return the process's environment, over what a running supervisor noted in its home: so commands typed by hand
    (`flask --app app.factory …`, `python -m workers doctor`) find its servers.
    """
    own = process_environment()
    return {**read_env_file(home_of(own) / RUN_FILE), **own}


def home_of(env: Mapping[str, str]) -> Path:
    """Return the folder that keeps state."""
    return Path(env.get("TRIBUTARY_HOME") or ROOT / "var").expanduser().resolve()


def read_env_file(path: Path) -> dict[str, str]:
    """Read KEY=VALUE lines; a value may stand in quotes. A missing file is empty; a bad line raises SetupError."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return {}
    values = {}
    for number, line in enumerate(lines, start=1):
        name, equals, value = line.strip().removeprefix("export ").partition("=")
        if not name or name.startswith("#"):
            continue
        if not equals or not name.strip().isidentifier():
            raise SetupError(f"{path}, line {number}: expected KEY=VALUE.")
        value = value.strip()
        quoted = len(value) > 1 and value[0] == value[-1] and value[0] in "\"'"
        values[name.strip()] = value[1:-1] if quoted else value
    return values


def process_environment() -> dict[str, str]:
    """Return a copy of this process's environment, for the supervisor that hands it on to its children."""
    return dict(os.environ)


def forget() -> None:
    """Read the environment anew at the next call (tests change it)."""
    settings.cache_clear()


def _required(env: Mapping[str, str], name: str) -> str:
    value = env.get(name)
    if not value:
        raise SetupError(
            f"{name} is not set: start with `make run`, which sets it, or put it into .env (see .env.example)."
        )
    return value


def _whole(env: Mapping[str, str], name: str, default: int) -> int:
    value = env.get(name, "")
    if not value:
        return default
    if not value.isdigit():
        raise SetupError(f"{name} must be a whole number, not {value!r}.")
    return int(value)
