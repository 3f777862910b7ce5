"""The servers that connector tests talk to."""

from tests.dovecot import dovecot, own_dovecot
from tests.proxy import proxy_to
from tests.smtp import smtp_server

__all__ = ["dovecot", "own_dovecot", "proxy_to", "smtp_server"]
