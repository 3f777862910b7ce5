"""What strangers call their things stays one part of an address."""

from __future__ import annotations

import pytest

from connectors._json_api import segment
from connectors.errors import Rejected


@pytest.mark.parametrize("id_", ["a/../b", "a?b=c#d", "%2e%2e", "…", "a b"])
def test_an_id_is_one_part_of_a_path(id_: str) -> None:
    assert not set(segment(id_)) & set("/?# ")


@pytest.mark.parametrize("id_", [".", ".."])
def test_an_id_that_would_lead_upwards_is_refused(id_: str) -> None:
    with pytest.raises(Rejected):
        segment(id_)
