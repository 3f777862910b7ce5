"""python -m connectors parse: the keys other programs rely on, errors in their line, and nothing heavy loaded."""

from __future__ import annotations

import base64
import hashlib
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from connectors._recorded import bodies

ROOT = Path(__file__).parents[2]
KEYS = [
    "external_id",
    "from",
    "to",
    "cc",
    "reply_to",
    "subject",
    "text",
    "quoted",
    "signature",
    "html",
    "attachments",
    "in_reply_to",
    "references",
    "auto",
    "sent_at",
    "kind",
    "sender",
    "thread",
    "target",
    "reaction",
    "status",
    "public",
    "url",
]

FULL = """Message-ID: <m1@x.example>
From: =?utf-8?Q?J=C3=B6rg?= <Joerg@x.example>
To: support@acme.example, "Team, All" <team@acme.example>
Cc: boss@x.example
Reply-To: desk@x.example
Subject: Re: =?utf-8?B?R3LDvMOfZQ==?=
Date: Tue, 4 Mar 2025 15:14:07 +0100
In-Reply-To: <r1@acme.example>
References: <r0@acme.example> <r1@acme.example>
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary=xx

--xx
Content-Type: multipart/alternative; boundary=yy

--yy
Content-Type: text/plain; charset=utf-8

Danke für die Hilfe!

--\x20
Jörg

Am 04.03.2025 um 14:14 schrieb Support:
> Bitte neu starten.
--yy
Content-Type: text/html; charset=utf-8

<p onclick="x()">Danke für die Hilfe!<script>alert(1)</script></p>
--yy--
--xx
Content-Type: text/plain; name="notiz.txt"
Content-Disposition: attachment; filename="notiz.txt"

hello
--xx--
"""


def run(*arguments: str, stdin: bytes = b"") -> tuple[int, list[dict[str, Any]], str]:
    command = [sys.executable, "-m", "connectors", *arguments]
    done = subprocess.run(command, cwd=ROOT, input=stdin, capture_output=True, check=False, timeout=60)
    return done.returncode, [json.loads(line) for line in done.stdout.decode().splitlines()], done.stderr.decode()


def test_a_mail_becomes_one_line_with_all_keys(tmp_path: Path) -> None:
    path = tmp_path / "full.eml"
    path.write_text(FULL, encoding="utf-8")
    status, (line,), _ = run("parse", "mail", str(path))
    assert status == 0
    assert list(line) == KEYS
    assert line == {
        "external_id": "m1@x.example",
        "from": {"email": "joerg@x.example", "name": "Jörg"},
        "to": [{"email": "support@acme.example", "name": ""}, {"email": "team@acme.example", "name": "Team, All"}],
        "cc": [{"email": "boss@x.example", "name": ""}],
        "reply_to": [{"email": "desk@x.example", "name": ""}],
        "subject": "Re: Grüße",
        "text": "Danke für die Hilfe!",
        "quoted": "Am 04.03.2025 um 14:14 schrieb Support:\n> Bitte neu starten.",
        "signature": "--\nJörg",
        "html": "<p>Danke für die Hilfe!</p>",
        "attachments": [
            {
                "filename": "notiz.txt",
                "content_type": "text/plain",
                "size": 5,
                "sha256": hashlib.sha256(b"hello").hexdigest(),
                "inline": False,
                "content_id": None,
            }
        ],
        "in_reply_to": "r1@acme.example",
        "references": ["r0@acme.example", "r1@acme.example"],
        "auto": "none",
        "sent_at": "2025-03-04T14:14:07+00:00",
        "kind": "text",
        "sender": {"kind": "email", "address": "joerg@x.example", "handle": ""},
        "thread": None,
        "target": None,
        "reaction": "",
        "status": None,
        "public": False,
        "url": "",
    }


def test_missing_things_are_empty_and_the_standard_input_is_read() -> None:
    status, (line,), _ = run("parse", "mail", "-", stdin=b"Subject: hi\n\n")
    assert status == 0
    assert line.pop("external_id").startswith("synthetic-")
    empty: dict[str, list[str]] = {key: [] for key in ("to", "cc", "reply_to", "attachments", "references")}
    nothing = {
        "html": None,
        "in_reply_to": None,
        "sent_at": None,
        "text": "",
        "quoted": "",
        "signature": "",
        "auto": "none",
        "kind": "text",
        "thread": None,
        "target": None,
        "reaction": "",
        "status": None,
        "public": False,
        "url": "",
    }
    assert line.pop("sender")["kind"] == "email"
    assert line == {"from": {"email": "", "name": ""}, "subject": "hi", **empty, **nothing}


def test_a_file_that_cannot_be_parsed_says_so_and_the_others_still_print(tmp_path: Path) -> None:
    good, bad, missing = tmp_path / "good.eml", tmp_path / "bad.eml", tmp_path / "missing.eml"
    good.write_text(FULL, encoding="utf-8")
    bad.write_bytes(b"\x00\xff\x01" * 99)
    status, lines, _ = run("parse", "mail", str(bad), str(missing), str(good))
    assert status == 1
    assert [sorted(line) for line in lines[:2]] == [["error", "file"]] * 2
    assert lines[2]["subject"] == "Re: Grüße"


def test_an_unknown_kind_is_one_sentence() -> None:
    status, lines, message = run("parse", "pigeon", "-")
    assert (status, lines) == (2, [])
    assert "pigeon" in message


@pytest.mark.parametrize("module", ["connectors._mime", "connectors.sanitize", "connectors.__main__"])
def test_importing_the_parser_loads_nothing_heavy(module: str) -> None:
    program = f"import sys, {module}; print(*sorted(sys.modules))"
    loaded = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, check=True, timeout=60)
    heavy = {"lxml", "inscriptis", "icalendar", "charset_normalizer", "nh3", "imapclient", "torch", "flask"}
    assert not heavy & set(loaded.stdout.decode().split())


FORM = b"MessageSid=SM1&From=%2B14155550100&To=%2B14155550199&Body=Hello"
BODY = {"update_id": 1, "message": {"message_id": 7, "chat": {"id": 5, "type": "private", "first_name": "Ana"}}}


def telegram(words: str) -> dict[str, Any]:
    return {**BODY, "message": {**BODY["message"], "text": words}}  # type: ignore[dict-item]  # nested as written above


@pytest.mark.parametrize(
    ("kind", "record", "said"),
    [
        ("twilio", {"headers": {}, "body": base64.b64encode(FORM).decode(), "isBase64Encoded": True}, ["Hello"]),
        ("sms", [{"httpMethod": "POST", "body": FORM.decode()}], ["Hello"]),
        (
            "Telegram",
            [{"headers": {}, "body": telegram("one")}, {"headers": {}, "body": telegram("two")}],
            ["one", "two"],
        ),
        ("telegram", {"headers": {}, "body": json.dumps(telegram("one"))}, ["one"]),
    ],
)
def test_a_call_that_was_written_down_with_its_headers_is_read(kind: str, record: Any, said: list[str]) -> None:
    status, lines, _ = run("parse", kind, "-", stdin=json.dumps(record).encode())
    assert (status, [line["text"] for line in lines]) == (0, said)


def test_calls_may_stand_one_a_line() -> None:
    kept = "\n".join(json.dumps(telegram(words)) for words in ("one", "two")).encode()
    status, lines, _ = run("parse", "telegram", "-", stdin=kept)
    assert (status, [line["text"] for line in lines]) == (0, ["one", "two"])


@pytest.mark.parametrize("raw", [b"[]", b"{", b'{"body": 5, "headers": {}}', b'{"body": "x"}', b"\xff\n{}\n[1]", b""])
def test_what_is_no_record_of_calls_is_left_as_it_is(raw: bytes) -> None:
    assert bodies(raw) == [raw]
