"""Tell providers which messages were read."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

from app.db import assert_no_transaction, retrying, transaction
from app.services import read_marks
from app.services.read_marks import Telling
from connectors.errors import ConnectorError
from connectors.registry import connector_for


def tell(conversation_ids: Sequence[int]) -> None:
    """Tell how far these conversations were read, one call each at most."""
    for conversation_id in sorted(conversation_ids):
        telling = retrying(lambda id_=conversation_id: _claim(id_))  # type: ignore[misc]  # bound now
        if telling is None:
            continue
        assert_no_transaction()
        with suppress(ConnectorError):  # a lost mark costs nothing; whether credentials are good, others find out
            connector_for(telling.kind).act(telling.credentials, telling.action)


def _claim(conversation_id: int) -> Telling | None:
    with transaction() as session:
        return read_marks.claim(session, conversation_id=conversation_id)
