"""What an admin does to sign in for a channel, for tests: connect, go there, come back, choose."""

from __future__ import annotations

import html
import re
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

from app import crypto, db
from app.models import Channel
from app.services import inboxes
from tests.fakes.sign_in import Desk
from tests.fakes.sign_in_pages import PAGES
from tests.rooms import Visitor

SIGNED_IN = "/settings/channels/signed-in"
FIRST_PAGE = next(iter(PAGES))
SECRETS = re.compile(r"(access|refresh|long|short)-\w+-of|page-token|xoxb-\d|43-refresh|key-of-the-app|s3cret")


def begin(admin: Visitor, desk: Desk) -> Channel:
    """Connect a channel as an admin does who holds no tokens; return it as it waits for the sign-in."""
    with db.transaction() as session:
        inbox = inboxes.create(session, name=f"Help {uuid4().hex[:8]}")
    typed = {f"setting-{key}": value for key, value in desk.settings().items()}
    form = {"name": "Acme", "inbox": str(inbox.public_id), "do": "sign-in", **typed}
    answer = admin.post(f"/settings/channels/new/{desk.kind}", form)
    assert answer.status_code == 303, answer.text
    place = answer.headers["Location"]
    assert place.endswith("/sign-in")
    with db.reading() as session:
        channel = session.query(Channel).order_by(Channel.id.desc()).first()
        assert channel is not None
        session.expunge(channel)
    assert place == f"/settings/channels/{channel.public_id}/sign-in"
    return channel


def way_there(admin: Visitor, channel: Channel) -> str:
    """Return the address that the sign-in page leads to."""
    path = f"/settings/channels/{channel.public_id}/sign-in"
    page = admin.get(path).text
    if "Introduce Tributary to the server" in page:
        assert admin.post(path, {}).status_code == 303
        page = admin.get(path).text
    return html.unescape(re.findall(r'class="btn btn-primary" href="([^"]+)"', page)[0])


def finish(admin: Visitor, back: dict[str, str], account: str = FIRST_PAGE) -> Any:
    """Come back from the provider and press the button, and that of a choice if one is asked for."""
    assert "Keep it" in admin.get(f"{SIGNED_IN}?{urlencode(back)}").text
    answer = admin.post(SIGNED_IN, back)
    if answer.status_code == 200:
        assert not SECRETS.search(answer.text)
        sealed = re.findall(r'name="choice" value="([^"]+)"', answer.text)[0]
        key = PAGES[account][2] if f'value="{PAGES[account][2]}"' in answer.text else account
        answer = admin.post(f"{SIGNED_IN}/choice", {"choice": sealed, "account": key})
    return answer


def there_and_back(admin: Visitor, desk: Desk, channel: Channel, person: str = "acme") -> Any:
    return finish(admin, desk.consent(way_there(admin, channel), person))


def now_of(channel: Channel) -> tuple[Channel, dict[str, Any]]:
    with db.reading() as session:
        row = session.get_one(Channel, channel.id)
        session.expunge(row)
    return row, crypto.unseal(row.sealed)
