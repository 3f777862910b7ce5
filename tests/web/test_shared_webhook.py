"""One webhook address for all pages of an app: each page's things reach its own channel, none is lost, none doubled."""

from __future__ import annotations

import json
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from app.db import transaction
from app.models import Channel
from app.services import channels
from tests.fakes.graph import APP_SECRET, signed
from tests.public_channels import deliveries, open_channel, take_in

HOME = {"facebook": "page_id", "instagram": "account_id", "whatsapp": "phone_number_id"}
FIRST, SECOND, ELSEWHERE, UNKNOWN = "17841405822304914", "17841405822304915", "17841405822304916", "17841405822304917"
every_kind = pytest.mark.parametrize("kind", HOME)


def said(kind: str, account: str, words: str) -> dict[str, Any]:
    """Return an entry in which a customer writes to an account."""
    if kind != "whatsapp":
        message = {"mid": f"m_{account}_{words}", "text": words}
        event = {"sender": {"id": "5489021377824031"}, "recipient": {"id": account}, "timestamp": 1795000000000}
        return {"id": account, "time": 1795000000000, "messaging": [{**event, "message": message}]}
    message = {"from": "16505551234", "id": f"wamid.{account}{words}", "timestamp": "1795000000", "type": "text"}
    metadata = {"display_phone_number": "15550783881", "phone_number_id": account}
    value = {"messaging_product": "whatsapp", "metadata": metadata, "messages": [{**message, "text": {"body": words}}]}
    return {"id": "102290129340398", "changes": [{"field": "messages", "value": value}]}


def call_of(kind: str, *entries: dict[str, Any]) -> bytes:
    objects = {"facebook": "page", "instagram": "instagram", "whatsapp": "whatsapp_business_account"}
    return json.dumps({"object": objects[kind], "entry": list(entries)}).encode()


def page(kind: str, account: str, secret: str = APP_SECRET) -> Channel:
    return open_channel(kind, **{HOME[kind]: account, "app_secret": secret, "verify_token": "open sesame"})


def post(house: Flask, channel: Channel, body: bytes, secret: str = APP_SECRET) -> TestResponse:
    call = signed({"app_secret": secret}, body)
    return house.test_client().post(f"/webhooks/{channel.kind}/{channel.token}", data=body, headers=dict(call.headers))


def heard(channel: Channel) -> list[str]:
    return [message.text for message in take_in(channel)]


def let(channel: Channel, what: str) -> None:
    with transaction() as session:
        row = session.get_one(Channel, channel.id)
        if what == "pause":
            channels.pause(session, channel=row, actor=None)
        else:
            channels.remove(session, channel=row)


@every_kind
def test_what_names_another_page_of_the_app_reaches_that_pages_channel_once(house: Flask, kind: str) -> None:
    first, second = page(kind, FIRST), page(kind, SECOND)
    body = call_of(kind, said(kind, SECOND, "for the second"))
    for called in (first, first, second):  # as often as the provider likes, at whichever address
        assert post(house, called, body).status_code == 200
    assert (heard(first), heard(second)) == ([], ["for the second"])
    assert len(deliveries()) == 1
    assert deliveries(second)[0].meta.get("only") is None


@every_kind
def test_a_call_for_several_pages_is_parted_and_read_by_each_for_its_own_part(house: Flask, kind: str) -> None:
    first, second = page(kind, FIRST), page(kind, SECOND)
    entries = [said(kind, account, f"{n} for {account}") for n in (1, 2) for account in (FIRST, SECOND, UNKNOWN)]
    for _ in range(2):
        assert post(house, first, call_of(kind, *entries)).status_code == 200
    assert heard(second) == [f"1 for {SECOND}", f"2 for {SECOND}"]
    known = [f"1 for {FIRST}", f"1 for {UNKNOWN}", f"2 for {FIRST}", f"2 for {UNKNOWN}"]
    assert heard(first) == known, "what names nobody known stays where it came"
    assert len({one.blob_sha256 for one in deliveries()}) == 1


@every_kind
def test_a_page_of_another_app_gets_nothing_by_this_ones_signature(house: Flask, kind: str) -> None:
    first, other = page(kind, FIRST), page(kind, ELSEWHERE, secret="another app's")
    assert post(house, first, call_of(kind, said(kind, ELSEWHERE, "forged"))).status_code == 200
    assert (heard(first), heard(other)) == (["forged"], [])


@every_kind
def test_a_paused_page_still_gets_its_part_and_loses_nothing_to_others(house: Flask, kind: str) -> None:
    first, second = page(kind, FIRST), page(kind, SECOND)
    let(second, "pause")
    body = call_of(kind, said(kind, FIRST, "one"), said(kind, SECOND, "two"))
    assert post(house, first, body).status_code == 200
    assert (heard(first), heard(second)) == (["one"], ["two"])


@every_kind
@pytest.mark.parametrize(("what", "kept"), [("pause", ["one"]), ("remove", [])])
def test_the_address_of_a_channel_that_rests_still_serves_the_others_of_its_app(
    house: Flask, kind: str, what: str, kept: list[str]
) -> None:
    first, second = page(kind, FIRST), page(kind, SECOND)
    page(kind, ELSEWHERE, secret="another app's")
    let(first, what)
    body = call_of(kind, said(kind, FIRST, "one"), said(kind, SECOND, "two"))
    assert post(house, first, body).status_code == 200
    assert heard(second) == ["two"]
    assert heard(first) == kept
    assert post(house, first, body, secret="a guess").status_code == 404
    address = f"/webhooks/{kind}/{first.token}"
    query = {"hub.mode": "subscribe", "hub.challenge": "1", "hub.verify_token": "open sesame"}
    assert house.test_client().get(address, query_string=query).status_code == 404


@every_kind
def test_a_channel_alone_at_its_address_takes_what_names_an_id_it_does_not_know(house: Flask, kind: str) -> None:
    only = page(kind, FIRST)
    assert post(house, only, call_of(kind, said(kind, UNKNOWN, "hello"))).status_code == 200
    assert heard(only) == ["hello"]
