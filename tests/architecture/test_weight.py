"""What browsers are sent: JavaScript and CSS in all, compressed, as small as promised."""

from __future__ import annotations

import pytest

from bench import weight


def test_colleagues_and_customers_are_sent_little() -> None:
    sent = weight.kilobytes()
    if not sent:
        pytest.skip("the front end is not built here")
    assert set(weight.COLLEAGUES) - {"words"} <= set(sent), "a bundle has another name now"
    assert weight.of(sent, weight.COLLEAGUES) <= 250, sent
    assert weight.of(sent, weight.CUSTOMERS) <= 40, sent
    assert set(sent) == {*weight.COLLEAGUES, *weight.CUSTOMERS}, "somebody is sent a bundle that is not counted"
