"""Keys and seals. Credentials are sealed with Fernet (AES-128-CBC + HMAC-SHA256); the first key seals, all keys open.

The keys live in `<home>/keys/` (folder 0700, files 0600), made once; TRIBUTARY_KEY, SECRET_KEY and
PUSH_KEY replace them.
Rotation: `flask --app app.factory keys rotate` puts a new key in front and seals everything anew.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import secrets
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, cast

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from app.config import settings
from app.errors import SetupError

_BASE32 = "abcdefghijklmnopqrstuvwxyz234567"


def seal(values: Mapping[str, Any]) -> bytes:
    """Encrypt a JSON-able mapping."""
    return _box().encrypt(json.dumps(dict(values), sort_keys=True).encode())


def unseal(sealed: bytes) -> dict[str, Any]:
    """Decrypt what `seal` made. Raises SetupError if no key at hand fits."""
    try:
        return cast("dict[str, Any]", json.loads(_box().decrypt(sealed)))
    except InvalidToken:
        raise SetupError(
            "The sealing key does not fit the stored credentials: restore the keys folder or TRIBUTARY_KEY."
        ) from None


def reseal(sealed: bytes) -> bytes:
    """Seal with the newest key what an older key sealed."""
    try:
        return _box().rotate(sealed)
    except InvalidToken:
        raise SetupError(
            "The sealing key does not fit the stored credentials: restore the keys folder or TRIBUTARY_KEY."
        ) from None


def rotate_sealing_key() -> None:
    """Put a fresh key in front of those in the home. Raises SetupError if the keys come from the environment."""
    if settings().sealing_keys:
        raise SetupError(
            "TRIBUTARY_KEY is set: put the new key in front of the old one there, then run this with --reseal-only."
        )
    path = _keys_folder() / "sealing"
    _write(path, "\n".join([Fernet.generate_key().decode(), *_sealing_keys()]) + "\n")


def session_secret() -> str:
    """Return the secret that signs session cookies."""
    return settings().secret_key or _made_once("session", lambda: secrets.token_hex(32))


def push_key(make: Callable[[], str]) -> str:
    """Return the key that signs what push services get; `make` makes it at first need."""
    return settings().push_key or _made_once("push", make)


def new_token(characters: int = 32) -> str:
    """Return an unguessable lower-case token; 5 bits a character (32 characters: 160 bit)."""
    return "".join(secrets.choice(_BASE32) for _ in range(characters))


def digest(token: str) -> str:
    """Return what is stored in place of a token."""
    return hashlib.sha256(token.encode()).hexdigest()


def sign(purpose: str, value: str) -> str:
    """Return an HMAC-SHA256 over a value, in hex, bound to a purpose."""
    return hmac.new(session_secret().encode(), f"{purpose}\0{value}".encode(), hashlib.sha256).hexdigest()


def is_signed(purpose: str, value: str, signature: str) -> bool:
    return hmac.compare_digest(sign(purpose, value), signature)


def _box() -> MultiFernet:
    try:
        return MultiFernet([Fernet(key) for key in _sealing_keys()])
    except ValueError:
        raise SetupError("TRIBUTARY_KEY must hold Fernet keys (32 bytes, url-safe base64), newest first.") from None


def _sealing_keys() -> list[str]:
    given = settings().sealing_keys
    return list(given) if given else _made_once("sealing", lambda: Fernet.generate_key().decode()).split()


def _made_once(name: str, make: Any) -> str:
    path = _keys_folder() / name
    if not path.exists():
        _write(path, make() + "\n", exclusive=True)
    return path.read_text().strip()


def _keys_folder() -> Path:
    folder = settings().home / "keys"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def _write(path: Path, text: str, *, exclusive: bool = False) -> None:
    """Write a 0600 file whole or not at all; with `exclusive` the first of two racing processes wins."""
    part = path.with_name(f"{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    if not exclusive:
        part.replace(path)
        return
    try:
        os.link(part, path)
    except FileExistsError:
        pass  # another process made it first; its key is the one
    finally:
        part.unlink()
