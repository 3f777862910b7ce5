"""The form of a mail channel: each of its fields, with what it does."""

from __future__ import annotations

from connectors._mail_oauth import GOOGLE, MICROSOFT, OTHER, PASSWORD
from connectors.base import Setting

_SECURITY = (
    ("ssl", "TLS from the start"),
    ("starttls", "STARTTLS"),
    ("none", "None (only for a server on the same machine)"),
)

AUTH = (
    (PASSWORD, "A password"),
    (GOOGLE, "Google (OAuth 2)"),
    (MICROSOFT, "Microsoft 365 (OAuth 2)"),
    (OTHER, "Another provider (OAuth 2)"),
)
_SIGN_IN = "Sign-in without a password"
AUTHSERV_ID = "authserv_id"  # a setting, and with each delivery in its meta

SETTINGS = (
    Setting(
        "address", "Address", required=True, help="The address customers write to, for example support@acme.example"
    ),
    Setting("from_name", "Name shown to customers", help="For example: Acme Support"),
    Setting(
        "imap_host",
        "Server",
        help="Empty: nothing is fetched; mail comes in by its webhook address or from your mail server's pipe",
        group="Incoming mail (IMAP)",
    ),
    Setting(
        "imap_port",
        "Port",
        "integer",
        default=993,
        group="Incoming mail (IMAP)",
        help="Usually 993 with TLS from the start, 143 with STARTTLS",
    ),
    Setting(
        "imap_security",
        "Security",
        "choice",
        default="ssl",
        choices=_SECURITY,
        group="Incoming mail (IMAP)",
        help="How the connection is encrypted; nearly every provider wants TLS from the start. It must fit the port",
    ),
    Setting("imap_user", "User", help="Empty: the address", group="Incoming mail (IMAP)"),
    Setting(
        "imap_password",
        "Password",
        "secret",
        group="Incoming mail (IMAP)",
        help="Of this mailbox; where the provider wants an app password, that one. It is sealed and never shown again",
    ),
    Setting("folders", "Folders", "lines", default="INBOX", help="One a line", group="Incoming mail (IMAP)"),
    Setting(
        "import_existing",
        "Bring in the mail that is already there",
        "boolean",
        default=True,
        group="Incoming mail (IMAP)",
        help="On: what is in the folders now comes in with its own times. Off: only mail that arrives from now on",
    ),
    Setting(
        "mark_seen",
        "Mark mail as read once it is stored",
        "boolean",
        default=True,
        group="Incoming mail (IMAP)",
        help="Off: mail stays unread in other mail programs, too; what was stored is never fetched twice either way",
    ),
    Setting(
        "hurry",
        "Ask the server many times a second",
        "boolean",
        default=False,
        help="Only for a server of your own: new mail is here up to half a second sooner",
        group="Incoming mail (IMAP)",
    ),
    Setting(
        "poll_seconds",
        "Seconds between looks",
        "integer",
        default=20,
        help="Only for servers that cannot announce new mail (no IDLE); at most 25",
        group="Incoming mail (IMAP)",
    ),
    Setting(
        AUTHSERV_ID,
        "Name of your mail server in Authentication-Results",
        help="Senders are checked by what this server found. For example mx.acme.example; - for Microsoft 365, which"
        " names none. Empty: nobody's word is taken and no sender is verified",
        group="Incoming mail (IMAP)",
    ),
    Setting(
        "smtp_host",
        "Server",
        required=True,
        group="Outgoing mail (SMTP)",
        help="The server that takes outgoing mail, for example smtp.acme.example; answers leave through it",
    ),
    Setting(
        "smtp_port",
        "Port",
        "integer",
        default=587,
        group="Outgoing mail (SMTP)",
        help="Usually 587 with STARTTLS, 465 with TLS from the start",
    ),
    Setting(
        "smtp_security",
        "Security",
        "choice",
        default="starttls",
        choices=_SECURITY,
        group="Outgoing mail (SMTP)",
        help="How the connection is encrypted; it must fit the port",
    ),
    Setting("smtp_user", "User", help="Empty: the same as for incoming mail", group="Outgoing mail (SMTP)"),
    Setting(
        "smtp_password", "Password", "secret", help="Empty: the same as for incoming mail", group="Outgoing mail (SMTP)"
    ),
    Setting(
        "auth",
        "Sign in with",
        "choice",
        default=PASSWORD,
        choices=AUTH,
        group=_SIGN_IN,
        help="A password is usual; Microsoft 365 takes none any more, Google takes app passwords as well. OAuth 2 needs"
        " the fields below",
    ),
    Setting("oauth_client_id", "Client ID", help="Of the application registered there", group=_SIGN_IN),
    Setting(
        "oauth_client_secret",
        "Client secret",
        "secret",
        group=_SIGN_IN,
        help="Of the same application; some providers give none to desktop applications. It is sealed and never shown"
        " again",
    ),
    Setting(
        "oauth_refresh_token",
        "Refresh token",
        "secret",
        help="Comes by itself when somebody signs in on the channel's page",
        group=_SIGN_IN,
    ),
    Setting(
        "oauth_tenant",
        "Microsoft tenant",
        help="The directory whose people may sign in, as id or domain; empty: “common”, any of them",
        group=_SIGN_IN,
    ),
    Setting("oauth_authorize_url", "Sign-in address", help="Only for another provider", group=_SIGN_IN),
    Setting("oauth_token_url", "Token address", help="Only for another provider", group=_SIGN_IN),
    Setting("oauth_scope", "Scope", help="Empty: reading and sending mail", group=_SIGN_IN),
    Setting(
        "webhook_secret",
        "Secret for mail that is posted here",
        "secret",
        help="Your mail server posts each mail with this as its bearer token; empty: none is taken",
        group="Incoming mail by webhook",
    ),
)
