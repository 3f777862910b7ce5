"""Everything the settings pages can do, typed: results on standard output, trouble in one sentence with status 2."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from sqlalchemy import select

from app import crypto, db
from app.clock import now
from app.models import Channel, ChannelState, Delivery, DeliveryState, Inbox, Role, User
from app.services import channels, ingest
from connectors.base import RawDelivery
from connectors.registry import MAIL, WEBCHAT
from tests.cli.conftest import Run

PASSWORD = "correct horse battery"


def _user(email: str) -> User:
    with db.reading() as session:
        user = session.scalars(select(User).where(User.email == email)).one()
        session.expunge(user)
    return user


def _channel() -> Channel:
    with db.reading() as session:
        channel = session.scalars(select(Channel)).one()
        session.expunge(channel)
    return channel


def test_users(run: Run) -> None:
    assert run("users", "list").output == "There is none yet.\n"
    added = run(
        "users", "add", "ana@example.com", "--name", "Ana", "--role", "admin", "--password-stdin", typed=PASSWORD
    )
    assert (added.exit_code, added.output) == (0, "Added ana@example.com.\n")
    assert run("users", "invite", "bo@example.com", "--name", "Bo").output.startswith("http://localhost/invite/")
    run("users", "role", "bo@example.com", "supervisor")
    assert _user("bo@example.com").role is Role.SUPERVISOR
    listed = run("users", "list").output
    assert "ana@example.com  Ana" in listed
    assert "supervisor" in listed
    assert run("users", "reset-link", "ana@example.com").output.startswith("http://localhost/reset/")
    run("users", "deactivate", "bo@example.com")
    assert not _user("bo@example.com").is_active
    run("users", "activate", "bo@example.com")
    assert _user("bo@example.com").is_active


@pytest.mark.parametrize(
    ("words", "typed", "sentence"),
    [
        (("users", "role", "who@example.com", "admin"), "", "There is no user with the address who@example.com."),
        (("users", "add", "x", "--name", "X", "--password-stdin"), PASSWORD, "Write a whole address"),
        (("users", "add", "x@example.com", "--name", "X", "--password-stdin"), "short", "Use at least 10 characters"),
        (("users", "add", "x@example.com", "--name", "X", "--password-stdin"), "", "to standard input"),
        (("users", "add", "x@example.com", "--name", "X"), "", "--password-stdin"),
        (("teams", "remove", "Nobody", "--yes"), "", "There is no team named “Nobody”."),
        (("channels", "add", "pigeon", "--inbox", "Help"), "", "There is no kind of channel called “pigeon”"),
        (("channels", "add", WEBCHAT, "--inbox", "Help", "--set", "title"), "", "key=value"),
        (("channels", "add", WEBCHAT, "--inbox", "Help", "--set", "tilte=x"), "", "“tilte” is no setting"),
        (("channels", "add", WEBCHAT, "--inbox", "Help"), "", "There is no inbox named “Help”."),
        (("channels", "add", MAIL, "--inbox", "Help", "--set", "imap_password=x"), "", "--secrets-stdin"),
        (("channels", "pause", "Nothing"), "", "There is no channel “Nothing”."),
        (("rules", "import"), "{", "This is no JSON."),
        (("rules", "import"), "{}", "This is no list of rules."),
        (("rules", "enable", "Nothing"), "", "There is no rule named “Nothing”."),
        (("deliveries", "retry"), "", "--all"),
    ],
)
def test_trouble_is_one_sentence_and_status_2(run: Run, words: tuple[str, ...], typed: str, sentence: str) -> None:
    result = run(*words, typed=typed)
    assert result.exit_code == 2
    assert sentence in result.output
    assert result.output.count("\n") == 1
    assert "Traceback" not in result.output


def test_teams_and_inboxes(run: Run) -> None:
    run("users", "invite", "bo@example.com", "--name", "Bo")
    run("teams", "add", "Support")
    run("teams", "members", "Support", "bo@example.com")
    run("inboxes", "add", "Help", "--team", "Support")
    assert "Support  Bo       Help" in run("teams", "list").output
    run("inboxes", "edit", "Help", "--name", "Help desk", "--no-auto-assign", "--signature", "Yours")
    run("inboxes", "share", "Help desk", "--user", "bo@example.com")
    with db.reading() as session:
        inbox = session.scalars(select(Inbox)).one()
        assert (inbox.name, inbox.auto_assign, inbox.signature, inbox.team_id is None) == (
            "Help desk",
            False,
            "Yours",
            False,
        )
    assert "Help desk  Support  no        0         Bo" in run("inboxes", "list").output
    run("teams", "rename", "Support", "Service")
    run("teams", "remove", "Service", "--yes")
    assert run("inboxes", "remove", "Help desk").exit_code == 0
    assert run("inboxes", "list").output == "There is none yet.\n"


def test_a_channel_from_connecting_to_removing(run: Run) -> None:
    run("inboxes", "add", "Help")
    assert "identify_secret" in run("channels", "kinds", WEBCHAT).output
    assert MAIL in run("channels", "kinds").output
    added = run("channels", "add", WEBCHAT, "--inbox", "Help", "--name", "Chat", "--set", "origins=https://shop.example",
                "--secrets-stdin", typed="identify_secret=sesame=open\n")  # fmt: skip
    assert "The chat can be shown on https://shop.example." in added.output
    assert crypto.unseal(_channel().sealed)["identify_secret"] == "sesame=open"
    assert "https://shop.example" in run("channels", "test", "Chat").output
    run("channels", "set", "Chat", "title=Talk to us")
    stored = crypto.unseal(_channel().sealed)
    assert (stored["title"], stored["identify_secret"]) == ("Talk to us", "sesame=open")
    run("channels", "pause", "Chat")
    assert _channel().state is ChannelState.PAUSED
    assert "Paused from the command line." in run("channels", "list").output
    run("channels", "resume", str(_channel().public_id))
    assert _channel().state is ChannelState.ACTIVE
    run("channels", "remove", "Chat", "--yes")
    assert _channel().state is ChannelState.REMOVED


def test_a_new_key_seals_every_channel_anew_and_the_old_one_can_go(run: Run, home: Path) -> None:
    run("inboxes", "add", "Help")
    for number in range(3):
        run("channels", "add", WEBCHAT, "--inbox", "Help", "--name", f"Chat {number}")
    keys = home / "keys" / "sealing"
    old = keys.read_text().split()
    assert run("keys", "rotate").output == "A new key seals; sealed 3 channels anew.\n"
    new = keys.read_text().split()
    assert new[1:] == old
    keys.write_text(new[0] + "\n")
    with db.reading() as session:
        assert {crypto.unseal(row.sealed)["title"] for row in session.scalars(select(Channel))} == {"Chat with us"}


def test_a_key_from_the_environment_is_not_rotated_here(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    from cryptography.fernet import Fernet

    from tests.rooms import forget

    old, new = Fernet.generate_key().decode(), Fernet.generate_key().decode()
    monkeypatch.setenv("TRIBUTARY_KEY", old)
    forget()
    run("inboxes", "add", "Help")
    run("channels", "add", WEBCHAT, "--inbox", "Help")
    refused = run("keys", "rotate")
    assert (refused.exit_code, "put the new key in front" in refused.output) == (2, True)
    monkeypatch.setenv("TRIBUTARY_KEY", f"{new},{old}")
    forget()
    assert run("keys", "rotate", "--reseal-only").output == "Sealed 1 channels anew.\n"
    monkeypatch.setenv("TRIBUTARY_KEY", new)
    forget()
    assert crypto.unseal(_channel().sealed)["title"] == "Chat with us"


def test_rules_travel_by_name(run: Run) -> None:
    run("teams", "add", "Night shift")
    rules = [
        {
            "name": "Night",
            "match": "any",
            "conditions": [{"field": "text", "operator": "contains", "value": "night"}],
            "actions": [{"do": "assign_team", "value": "Night shift"}],
            "enabled": False,
            "stop": True,
        },
        {"name": "All", "actions": [{"do": "add_tag", "value": "seen"}]},
    ]
    assert run("rules", "import", typed=json.dumps(rules)).output == "Added 2 rules.\n"
    exported = json.loads(run("rules", "export").output)
    assert exported[0] == rules[0]
    run("rules", "enable", "Night")
    run("rules", "move", "All", "--", "-1")
    listed = run("rules", "list").output.splitlines()
    assert listed[1].startswith("1  All")
    assert "yes" in listed[2]
    run("rules", "disable", "All")
    run("rules", "remove", "Night")
    assert [rule["enabled"] for rule in json.loads(run("rules", "export").output)] == [False]


def test_an_import_with_one_bad_rule_adds_none(run: Run) -> None:
    rules = [{"name": "Good", "actions": [{"do": "add_tag", "value": "x"}]}, {"name": "Bad", "actions": []}]
    result = run("rules", "import", typed=json.dumps(rules))
    assert (result.exit_code, "Rule 2, “Bad”" in result.output) == (2, True)
    assert run("rules", "export").output.strip() == "[]"


def test_tags(run: Run) -> None:
    run("tags", "add", "vip", "--colour", "amber")
    run("tags", "rename", "vip", "gold")
    assert "gold  amber   0" in run("tags", "list").output
    assert run("tags", "add", "GOLD").exit_code == 2
    run("tags", "remove", "gold", "--yes")
    assert run("tags", "list").output == "There is none yet.\n"


def test_parked_deliveries_are_listed_and_tried_again(run: Run) -> None:
    run("inboxes", "add", "Help")
    run("channels", "add", WEBCHAT, "--inbox", "Help")
    raw = [ingest.keep(RawDelivery(raw=bytes([n]), received_at=now())) for n in range(3)]
    with db.transaction() as session:
        channel = session.scalars(select(Channel)).one()
        for id_ in ingest.store_batch(session, channel=channel, deliveries=raw):
            ingest.park(session, delivery_id=id_, reason=f"Reason {id_}.")
    listed = run("deliveries", "list", "--parked").output
    assert listed.count("Reason") == 3
    one = listed.splitlines()[1].split()[-1]
    assert run("deliveries", "retry", one).output == "Trying 1 again.\n"
    assert run("deliveries", "retry", "--all").output == "Trying 2 again.\n"
    with db.reading() as session:
        assert {row.state for row in session.scalars(select(Delivery))} == {DeliveryState.STORED}
    assert run("deliveries", "list", "--parked").output == "There is none yet.\n"


def test_a_database_that_is_away_is_one_sentence(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    from tests.rooms import forget

    monkeypatch.setenv("DATABASE_URL", "postgresql+psycopg://nobody@127.0.0.1:1/nothing")
    forget()
    result = run("users", "list")
    assert (result.exit_code, result.output) == (
        2,
        "The database does not answer: is it running, and is DATABASE_URL right?\n",
    )


def test_resealing_goes_through_all_channels_in_batches(run: Run) -> None:
    run("inboxes", "add", "Help")
    for number in range(5):
        run("channels", "add", WEBCHAT, "--inbox", "Help", "--name", f"Chat {number}")
    crypto.rotate_sealing_key()
    with db.reading() as session:
        before = {row.id: row.sealed for row in session.scalars(select(Channel))}
    done, last, batches = 0, 0, 0
    while True:
        with db.transaction() as session:
            batch = channels.reseal_batch(session, after_id=last, limit=2)
        if batch is None:
            break
        done, last, batches = done + batch[0], batch[1], batches + 1
    with db.reading() as session:
        after = {row.id: row.sealed for row in session.scalars(select(Channel))}
    assert (done, batches) == (5, 3)
    assert all(after[id_] != before[id_] for id_ in before)
