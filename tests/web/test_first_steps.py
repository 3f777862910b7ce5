"""The first steps, from the set-up link on: what each page does, and that its state is what is truly there."""

from __future__ import annotations

import re
from html import unescape
from types import SimpleNamespace
from urllib.parse import urlsplit

import pytest
from flask import Flask
from sqlalchemy import select

from app import db
from app.models import Channel, Delivery, Inbox, Role, TeamMember, User
from app.queries import first_steps as there
from app.services import access, channel_settings, channels, first_steps, public_channels, visitors, workspace
from app.services import ingest as ingesting
from connectors._mail_servers import find_servers
from connectors.registry import MAIL, WEBCHAT
from tests.dovecot import Dovecot, dovecot
from tests.inbox_house import counted
from tests.rooms import PASSWORD, Visitor, add_user
from tests.smtp import SmtpServer, smtp_server

__all__ = ["dovecot", "smtp_server"]

ADDRESS = "kim@example.com"


@pytest.fixture
def admin(house: Flask) -> Visitor:
    """Somebody who has just set up an empty workspace."""
    with db.transaction() as session:
        workspace.prepare(session)
        link = workspace.open_setup_link(session)
    assert link
    browser, path = Visitor(house), urlsplit(link).path
    browser.get(path)
    typed = {"name": "Kim Berg", "email": ADDRESS, "password": PASSWORD, "again": PASSWORD}
    assert browser.post(path, typed).location == "/first-steps"
    browser.get("/first-steps")
    return browser


def states(browser: Visitor) -> dict[str, str]:
    """Return the state of each step, as the page says it."""
    return dict(re.findall(r'data-step="(\w+)" data-state="(\w+)"', browser.get("/first-steps").text))


def inbox_id() -> str:
    with db.reading() as session:
        return str(session.scalars(select(Inbox.public_id)).one())


@pytest.fixture
def mailbox(dovecot: Dovecot, smtp_server: SmtpServer) -> dict[str, str]:
    credentials = dovecot.new_mailbox().credentials(smtp_port=smtp_server.port)
    return {f"setting-{key}": str(value) for key, value in credentials.items()}


def test_a_new_admin_has_five_steps_to_do_and_skips_takes_up_and_puts_away(admin: Visitor) -> None:
    keys = ("mailbox", "colleagues", "chat", "demo", "keys")
    assert states(admin) == dict.fromkeys(keys, "open")
    assert admin.post("/first-steps/colleagues/skip").status_code == 303
    assert states(admin)["colleagues"] == "skipped"
    assert "1 of 5" in admin.get("/first-steps/progress").text
    assert admin.post("/first-steps/colleagues/take-up").status_code == 303
    assert admin.post("/first-steps/profile/skip").status_code == 404  # not a step of theirs
    for what in ("sheet", "bar"):
        assert admin.post(f"/first-steps/tried/{what}").status_code == 204
    assert admin.post("/first-steps/tried/nonsense").status_code == 404
    assert states(admin) == {**dict.fromkeys(keys, "open"), "keys": "done"}
    assert 'id="first-steps"' in admin.get("/inbox").text
    admin.post("/first-steps/away")
    assert 'id="first-steps"' not in admin.get("/inbox").text
    assert admin.get("/first-steps/progress").text.strip() == ""


def test_a_mailbox_is_found_by_its_address_tried_and_connected(
    admin: Visitor, mailbox: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    found = admin.post("/first-steps/mailbox", {"do": "find", "setting-address": "help@gmail.com"}).text
    assert 'value="imap.gmail.com"' in found
    assert "app password" in found
    link = re.search(r'href="(/settings/channels/new/[^"]+)"', found)
    assert link
    full = admin.get(unescape(link[1])).text
    assert 'value="help@gmail.com"' in full
    assert re.search(r'value="google" selected', full)
    form = {"do": "connect", "inbox": inbox_id(), **mailbox}
    wrong = admin.post("/first-steps/mailbox", form | {"setting-imap_password": "not this"})
    assert (wrong.status_code, states(admin)["mailbox"]) == (422, "open")
    assert "not this" not in wrong.text
    assert admin.post("/first-steps/mailbox", form).location == "/first-steps"
    assert states(admin)["mailbox"] == "done"
    with db.transaction() as session:
        channels.pause(session, channel=session.scalars(select(Channel).with_for_update()).one(), actor=None)
    assert states(admin)["mailbox"] == "begun"  # it is there, and does not run
    assert "does not run" in admin.get("/first-steps").text


def test_colleagues_get_links_without_a_mail_channel_and_mail_with_one(
    admin: Visitor, mailbox: dict[str, str], smtp_server: SmtpServer
) -> None:
    with db.reading() as session:
        team = session.scalars(select(TeamMember.team_id)).first()
        assert team is not None
    page = admin.get("/first-steps/colleagues").text
    chosen = re.search(r'<option value="([0-9a-f-]{36})"', page)
    assert chosen
    form = {"role": "agent", "team": chosen[1]}
    wrong = admin.post("/first-steps/colleagues", form | {"addresses": "ana@example.com, nobody"})
    assert (wrong.status_code, "“nobody” is no whole address" in wrong.text) == (422, True)
    told = admin.post(
        "/first-steps/colleagues", form | {"addresses": "Ana Keller <ana@example.com>\nleo.m@example.com"}
    )
    assert told.headers["Cache-Control"] == "no-store"
    assert re.findall(r"http://localhost/invite/[\w-]+", told.text)
    with db.reading() as session:
        made = {user.email: user for user in session.scalars(select(User))}
        assert (made["ana@example.com"].name, made["leo.m@example.com"].name) == ("Ana Keller", "Leo M")
        assert len(session.scalars(select(TeamMember).where(TeamMember.team_id == team)).all()) == 3
    assert states(admin)["colleagues"] == "done"

    admin.get("/first-steps/mailbox")
    admin.post("/first-steps/mailbox", {"do": "connect", "inbox": inbox_id(), **mailbox})
    mailed = admin.post("/first-steps/colleagues", form | {"addresses": "mia@example.com"})
    assert "/invite/" not in mailed.text
    letter = smtp_server.wait_for(1)[0].mail
    body = letter.get_body(("plain",))
    assert body is not None
    link = re.search(r"http://localhost(/invite/[\w-]+)", body.get_content())
    assert link
    newcomer = Visitor(admin.client.application)
    newcomer.get(link[1])
    assert newcomer.post(link[1], {"password": PASSWORD, "again": PASSWORD}).location == "/first-steps"
    assert set(states(newcomer)) == {"profile", "keys", "notices", "demo"}
    assert newcomer.get("/first-steps/mailbox").status_code == 403


def test_the_chat_is_made_and_the_first_visitor_is_noticed(admin: Visitor) -> None:
    wrong = admin.post("/first-steps/chat", {"inbox": inbox_id(), "origins": "no website"})
    assert (wrong.status_code, "is no website address" in unescape(wrong.text)) == (422, True)
    admin.post("/first-steps/chat", {"inbox": inbox_id(), "origins": "https://www.acme.example"})
    with db.reading() as session:
        token = session.scalars(select(Channel.token)).one()
    page = unescape(admin.get("/first-steps/chat").text)
    assert f'<script src="http://localhost/webchat/{token}.js" async></script>' in page
    assert admin.get(f"/webchat/{token}/preview").status_code == 200
    assert "Nobody has written yet" in admin.get("/first-steps/chat/visit").text
    write_as_visitor(token)
    assert "The first visitor has written" in admin.get("/first-steps/chat/visit").text
    assert states(admin)["chat"] == "done"


def write_as_visitor(token: str) -> None:
    """Let a visitor's words arrive and be ingested."""
    from workers.jobs.ingest import ingest

    visitor = visitors.visitor_of(channel_token=token, token=visitors.welcome(channel_token=token))
    said = visitors.said(visitor, client_id="first-message", text="Hello?", page="", remote_address="")
    kept = ingesting.keep(said)
    with db.transaction() as session:
        channel = public_channels.channel_at(session, kind=WEBCHAT, token=token)
        public_channels.store(session, channel=channel, delivery=kept)
    with db.reading() as session:
        ids = [row.id for row in session.scalars(select(Delivery))]
    ingest(ids)


def test_an_agent_has_steps_of_their_own_and_a_demo_to_begin_and_remove(admin: Visitor) -> None:
    agent = add_user("ben@example.com", role=Role.AGENT, name="Ben")
    browser = Visitor(admin.client.application)
    browser.enter("ben@example.com")
    assert states(browser) == dict.fromkeys(("profile", "keys", "notices", "demo"), "open")
    browser.post("/first-steps/demo")
    assert "No inbox is shared with you yet" in browser.get("/first-steps/demo").text
    with db.transaction() as session:
        team = session.scalars(select(TeamMember.team_id)).first()
        session.add(TeamMember(team_id=team, user_id=agent.id))
    browser.post("/first-steps/demo")
    page = browser.get("/first-steps/demo").text
    assert "The customer is writing" in page
    gone = re.search(r'action="(/first-steps/demo/[0-9a-f-]+/remove)"', page)
    assert gone
    assert browser.post(gone[1]).location == "/first-steps"
    assert states(browser)["demo"] == "open"
    browser.post("/account", {"name": "Ben Okafor", "theme": "system", "accepting": "1"})
    assert states(browser)["profile"] == "done"


def test_all_steps_are_read_in_one_statement(admin: Visitor) -> None:
    with db.reading() as session:
        user = session.scalars(select(User)).one()
        with counted() as said:
            found = there.found(session, user=user, inbox_ids=access.inbox_ids_of(user))
    assert len(said) == 1
    assert not first_steps.are_over(first_steps.steps_of(user, found))


def test_servers_are_found_by_delivery_and_by_what_the_domain_says() -> None:
    zone = {
        ("acme.example", "MX"): [SimpleNamespace(exchange="acme-example.mail.protection.outlook.com.")],
        ("_imaps._tcp.own.example", "SRV"): [SimpleNamespace(priority=1, weight=0, target="in.own.example.", port=993)],
        ("_submissions._tcp.own.example", "SRV"): [SimpleNamespace(priority=0, weight=1, target=".", port=0)],
        ("_submission._tcp.own.example", "SRV"): [
            SimpleNamespace(priority=1, weight=1, target="o.own.example.", port=587)
        ],
    }

    def servers(address: str) -> tuple[object, ...] | None:
        found = find_servers(address, records=lambda name, kind: zone.get((name, kind), []))
        if found is None:
            return None
        assert set(found.values) <= set(channel_settings.defaults(MAIL)) | {"imap_host", "smtp_host"}
        return found.source, found.auth, found.values["imap_host"], found.values["smtp_host"]

    assert servers("x@acme.example") == ("provider", "microsoft", "outlook.office365.com", "smtp.office365.com")
    assert servers("x@own.example") == ("domain", "password", "in.own.example", "o.own.example")
    assert servers("x@nowhere.example") is None
    assert servers("x@[::1]") is None
