"""Which servers a mail address has, so that nobody has to know them by heart."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as OutOfTime
from typing import TYPE_CHECKING, cast

from app.db import assert_no_transaction
from app.services import channel_settings
from app.services.users import clean_email
from connectors.registry import MAIL

if TYPE_CHECKING:
    from connectors._mail_servers import MailServers
    from connectors.mail import MailConnector

SECONDS = 8.0


def find(address: str) -> MailServers | None:
    """Return the servers of an address, None where they are not to be found in SECONDS. Raises Invalid.

    Names are looked up, nothing is connected to. No transaction may be open.
    """
    assert_no_transaction()
    cleaned = clean_email(address)
    connector = cast("MailConnector", channel_settings.find_connector(MAIL))
    pool = ThreadPoolExecutor(1, thread_name_prefix="mailbox-servers")
    try:
        return pool.submit(connector.find_servers, cleaned).result(timeout=SECONDS)
    except OutOfTime:
        return None
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
