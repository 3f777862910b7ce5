"""The settings of an installation, read once from the environment: the only place that does."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from app.errors import SetupError

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True, slots=True)
class Settings:
    """`home` keeps state (blobs, keys, embedded servers); `base_url` is how the world reaches us, no trailing slash."""

    home: Path
    database_url: str
    redis_url: str
    base_url: str
    demo: bool
    secret_key: str | None
    sealing_keys: tuple[str, ...]
    secure_cookies: bool
    trusted_proxies: int

    @property
    def blobs(self) -> Path:
        return self.home / "blobs"


@cache
def settings() -> Settings:
    """Read the environment. Raises SetupError naming the missing setting."""
    env = os.environ
    base_url = env.get("BASE_URL", f"http://127.0.0.1:{env.get('PORT', '8000')}").rstrip("/")
    return Settings(
        home=Path(env.get("TRIBUTARY_HOME") or ROOT / "var").expanduser().resolve(),
        database_url=_required("DATABASE_URL"),
        redis_url=_required("REDIS_URL"),
        base_url=base_url,
        demo=env.get("DEMO", "1") not in {"0", "false", "no", ""},
        secret_key=env.get("SECRET_KEY") or None,
        sealing_keys=tuple(part for part in env.get("TRIBUTARY_KEY", "").replace(",", " ").split() if part),
        secure_cookies=base_url.startswith("https://"),
        trusted_proxies=_whole("TRUSTED_PROXIES", 0),
    )


def process_environment() -> dict[str, str]:
    """Return a copy of this process's environment, for the supervisor that hands it on to its children."""
    return dict(os.environ)


def forget() -> None:
    """Read the environment anew at the next call (tests change it)."""
    settings.cache_clear()


def _required(name: str) -> str:
    value = os.environ.get(name)
    if not value:
        raise SetupError(
            f"{name} is not set: start with `make run`, which sets it, or put it into .env (see .env.example)."
        )
    return value


def _whole(name: str, default: int) -> int:
    value = os.environ.get(name, "")
    if not value:
        return default
    if not value.isdigit():
        raise SetupError(f"{name} must be a whole number, not {value!r}.")
    return int(value)
