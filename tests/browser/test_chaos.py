"""A page that lost its connection again and again shows what a fresh one shows. `make bench NAME=chaos` does it 1,000 times."""

from __future__ import annotations

from tests.browser.chaos import SOCKETS, Chaos
from tests.browser.conftest import Desk

DISCONNECTS = 12


def test_no_disconnect_leaves_a_gap(desk: Desk) -> None:
    page = desk.page()
    page.context.add_init_script(SOCKETS)
    page.goto(f"{desk.product.url}/inbox")
    desk.open(page, "Marta Lindqvist")
    opened = desk.made.conversations["Marta Lindqvist"].id
    chaos = Chaos(
        page,
        desk.made.users["ana"],
        [desk.made.users["ben"], desk.made.users["dev"]],
        desk.made.channels["support", "mail"],
        known=[desk.made.conversations[name].id for name in ("Oliver Grant", "Sophie Laurent", "Rahul Mehta")]
        + [opened],
        opened=opened,
    )
    chaos.run(DISCONNECTS)
    assert chaos.disconnects == DISCONNECTS
    assert chaos.acts > DISCONNECTS
    desk.trouble.clear()  # broken connections are logged
