"""Visitors with the chat open, as far as HTTP goes."""

from __future__ import annotations

import hashlib
import hmac
import io
from typing import Any
from uuid import uuid4

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app.db import transaction
from app.models import Channel
from app.services import visitors
from tests.public_channels import take_in

SECRET = "the website's secret"
ADA = {"id": "42", "email": "Ada@example.com", "name": "Ada"}
PNG = bytes.fromhex("89504e470d0a1a0a0000000d4948445200000001000000010806000000" + "00" * 40)


class Guest:
    """A visitor's widget, as far as HTTP goes."""

    def __init__(self, house: Flask, channel: Channel, **identity: object) -> None:
        self.client: FlaskClient = house.test_client()
        self.base = f"/webchat/{channel.token}"
        self.channel = channel
        greeted = self.client.post(f"{self.base}/visitors", json=identity)
        assert greeted.status_code == 200, greeted.text
        assert greeted.json is not None
        self.token: str = greeted.json["token"]

    @property
    def id(self) -> str:
        return visitors.visitor_of(channel_token=self.channel.token, token=self.token).id

    def get(self, path: str) -> TestResponse:
        return self.client.get(self.base + path, headers={"Authorization": f"Bearer {self.token}"})

    def history(self, query: str = "") -> dict[str, Any]:
        got = self.get(f"/messages{query}")
        assert got.status_code == 200, got.text
        assert got.json is not None
        return dict(got.json)

    def texts(self) -> list[str]:
        return [line["text"] for line in self.lines()]

    def lines(self) -> list[dict[str, Any]]:
        return list(self.history()["messages"])

    def upload(self, *files: tuple[bytes, str], text: str = "", client_id: str = "", **headers: str) -> TestResponse:
        data = {"files": [(io.BytesIO(data), name) for data, name in files], **({"text": text} if text else {})}
        return self.client.post(
            f"{self.base}/uploads?client_id={client_id or uuid4().hex}",
            data=data,
            content_type="multipart/form-data",
            headers={"Authorization": f"Bearer {self.token}", **headers},
        )

    def say(self, text: str) -> None:
        """Write without a socket: what the socket would store."""
        from app.services import ingest, public_channels

        visitor = visitors.visitor_of(channel_token=self.channel.token, token=self.token)
        said = visitors.said(visitor, client_id=uuid4().hex, text=text, page="", remote_address="")
        stored = ingest.keep(said)
        with transaction() as session:
            door = public_channels.channel_at(session, kind="webchat", token=self.channel.token)
            public_channels.store(session, channel=door, delivery=stored)
        take_in()


def signed(user: dict[str, str], secret: str = SECRET) -> str:
    return hmac.new(secret.encode(), f"{user['id']}|{user['email']}".encode(), hashlib.sha256).hexdigest()
