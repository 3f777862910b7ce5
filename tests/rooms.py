"""A Flask application over a database of its own, for tests of pages and commands: real PostgreSQL, real Valkey."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import CodeType
from typing import Any

import pytest
from flask import Flask
from flask import session as cookies
from flask.testing import FlaskClient
from flask_wtf.csrf import generate_csrf
from jinja2.bccache import Bucket, BytecodeCache
from sqlalchemy import select
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from app import config, db
from app.factory import create_app
from app.models import Role, User
from app.services import passwords, users
from app.web.session import begin_session

PASSWORD = "correct horse battery"
ADMIN = "ana@example.com"
_TOKEN = re.compile(r'name="csrf-token" content="([^"]+)"')


@contextmanager
def surroundings(monkeypatch: pytest.MonkeyPatch, *, database_url: str, redis_url: str, home: Path) -> Iterator[None]:
    """Point the settings at this test's servers and folder, and back."""
    for name, value in {
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "TRIBUTARY_HOME": str(home),
        "BASE_URL": "http://localhost",
        "HASTY_PASSWORDS": "1",  # tests sign in a thousand times; tests/services/test_passwords.py tries the real cost
    }.items():
        monkeypatch.setenv(name, value)
    forget()
    try:
        yield
    finally:
        db.engine().dispose()
        forget()


def forget() -> None:
    config.forget()
    db.engine.cache_clear()
    db._sessions.cache_clear()
    db._readers.cache_clear()


def add_user(email: str = ADMIN, *, role: Role = Role.ADMIN, name: str = "Ana Admin", password: str = PASSWORD) -> User:
    hashed = passwords.hash_password(password, email=email)
    with db.transaction() as session:
        return users.add(session, email=email, name=name, role=role, password_hash=hashed)


class _Compiled(BytecodeCache):
    """The templates' code, compiled once a process: every test has an application of its own that would do it again."""

    def __init__(self) -> None:
        self._kept: dict[str, tuple[str, CodeType | None]] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        checksum, code = self._kept.get(bucket.key, ("", None))
        bucket.code = code if checksum == bucket.checksum else None

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._kept[bucket.key] = bucket.checksum, bucket.code


_compiled = _Compiled()
_compile_builder = Rule._compile_builder
_builders: dict[tuple[object, ...], Callable[..., tuple[str, str]]] = {}


def _builder_of(rule: Rule, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:
    """What makes addresses of a route, compiled once a process: it was half of what a test's own application cost."""
    defaults = tuple(sorted((rule.defaults or {}).items()))
    key = (rule.rule, rule.subdomain, rule.host, defaults, append_unknown)
    if key not in _builders:
        _builders[key] = _compile_builder(rule, append_unknown)
    return _builders[key]


Rule._compile_builder = _builder_of  # type: ignore[method-assign, assignment]


def web_app() -> Flask:
    """Make the web application over the surroundings of this moment."""
    app = create_app()
    app.testing = True
    app.jinja_env.bytecode_cache = _compiled
    return app


class Visitor:
    """A browser without scripts: keeps cookies, takes the CSRF token from the page it saw last."""

    def __init__(self, app: Flask, address: str = "127.0.0.1") -> None:
        self.client: FlaskClient = app.test_client()
        self.address = address
        self.token = ""

    def get(self, path: str, **headers: str) -> TestResponse:
        response = self.client.get(path, headers=headers, environ_base={"REMOTE_ADDR": self.address})
        found = _TOKEN.search(response.text) if response.mimetype == "text/html" else None
        self.token = found.group(1) if found else self.token
        return response

    def post(self, path: str, data: Mapping[str, Any] | None = None, **headers: str) -> TestResponse:
        form = {"csrf_token": self.token, **(data or {})}
        return self.client.post(path, data=form, headers=headers, environ_base={"REMOTE_ADDR": self.address})

    def enter(self, email: str = ADMIN) -> None:
        """Be signed in as by the form, which takes three requests: for tests of what comes after it."""
        app = self.client.application
        with app.test_request_context("/", environ_base={"REMOTE_ADDR": self.address}):
            with db.reading() as session:
                begin_session(session.scalars(select(User).where(User.email == email)).one())
            self.token = generate_csrf()
            answer = app.response_class()
            app.session_interface.save_session(app, cookies, answer)
        for line in answer.headers.getlist("Set-Cookie"):
            name, _, rest = line.partition("=")
            self.client.set_cookie(name, rest.partition(";")[0])

    def sign_in(self, email: str = ADMIN, password: str = PASSWORD, **more: str) -> TestResponse:
        self.get("/sign-in")
        answer = self.post("/sign-in", {"email": email, "password": password, **more})
        self.get("/account")
        return answer
