"""Mail providers that many people have: their servers, and how they let a program sign in."""

from __future__ import annotations

from dataclasses import dataclass

from connectors._mail_oauth import GOOGLE, MICROSOFT, PASSWORD
from connectors.phrases import phrase


@dataclass(frozen=True, slots=True)
class Provider:
    """`mail_hosts` are ends of the names of servers that take mail for customers' own domains (MX)."""

    name: str
    domains: tuple[str, ...]
    mail_hosts: tuple[str, ...]
    imap_host: str
    smtp_host: str
    smtp_port: int = 587
    smtp_security: str = "starttls"
    auth: str = PASSWORD
    advice: str = ""
    help_url: str = ""


def _app_password(provider: str) -> str:
    return phrase(
        "{provider} does not let programs in with your usual password: make an app password there and type it here.",
        provider=provider,
    )


PROVIDERS = (
    Provider(
        "Google",
        ("gmail.com", "googlemail.com"),
        ("google.com", "googlemail.com"),
        "imap.gmail.com",
        "smtp.gmail.com",
        auth=GOOGLE,
        advice=phrase(
            "Google wants an app password (with 2-Step Verification on), or a sign-in at Google with an application"
            " of your own."
        ),
        help_url="https://support.google.com/accounts/answer/185833",
    ),
    Provider(
        "Microsoft 365",
        (
            "outlook.com",
            "hotmail.com",
            "live.com",
            "msn.com",
            "outlook.de",
            "hotmail.de",
            "hotmail.co.uk",
            "hotmail.fr",
        ),
        ("mail.protection.outlook.com", "olc.protection.outlook.com"),
        "outlook.office365.com",
        "smtp.office365.com",
        auth=MICROSOFT,
        advice=phrase(
            "Microsoft takes no passwords from programs any more: sign in at Microsoft, with an application that"
            " you register there once."
        ),
        help_url="https://learn.microsoft.com/exchange/client-developer/legacy-protocols/"
        "how-to-authenticate-an-imap-pop-smtp-application-by-using-oauth",
    ),
    Provider(
        "iCloud",
        ("icloud.com", "me.com", "mac.com"),
        ("mail.icloud.com",),
        "imap.mail.me.com",
        "smtp.mail.me.com",
        advice=_app_password("Apple"),
        help_url="https://support.apple.com/102654",
    ),
    Provider(
        "Yahoo",
        ("yahoo.com", "yahoo.de", "yahoo.co.uk", "yahoo.fr", "yahoo.es", "yahoo.it", "ymail.com", "rocketmail.com"),
        ("yahoodns.net",),
        "imap.mail.yahoo.com",
        "smtp.mail.yahoo.com",
        465,
        "ssl",
        advice=_app_password("Yahoo"),
        help_url="https://help.yahoo.com/kb/SLN15241.html",
    ),
    Provider(
        "Fastmail",
        ("fastmail.com", "fastmail.fm"),
        ("messagingengine.com",),
        "imap.fastmail.com",
        "smtp.fastmail.com",
        465,
        "ssl",
        advice=_app_password("Fastmail"),
        help_url="https://www.fastmail.help/hc/en-us/articles/360058752854",
    ),
    Provider(
        "Zoho",
        ("zoho.com", "zohomail.com"),
        ("zoho.com",),
        "imap.zoho.com",
        "smtp.zoho.com",
        465,
        "ssl",
        advice=phrase("Switch on IMAP in Zoho's settings first; with two-factor sign-in, make an app password there."),
    ),
    Provider(
        "GMX",
        ("gmx.de", "gmx.net", "gmx.at", "gmx.ch"),
        ("gmx.net",),
        "imap.gmx.net",
        "mail.gmx.net",
        advice=phrase("Switch on POP3 and IMAP in {provider}'s settings first.", provider="GMX"),
    ),
    Provider(
        "WEB.DE",
        ("web.de",),
        ("web.de",),
        "imap.web.de",
        "smtp.web.de",
        advice=phrase("Switch on POP3 and IMAP in {provider}'s settings first.", provider="WEB.DE"),
    ),
    Provider("IONOS", (), ("kundenserver.de", "ionos.com", "ionos.de"), "imap.ionos.com", "smtp.ionos.com"),
    Provider("OVHcloud", (), ("ovh.net",), "ssl0.ovh.net", "ssl0.ovh.net", 465, "ssl"),
)


def of_domain(domain: str) -> Provider | None:
    """Return the provider whose customers' addresses end with a domain."""
    return next((one for one in PROVIDERS if domain in one.domains), None)


def of_mail_host(host: str) -> Provider | None:
    """Return the provider that a domain's mail is delivered to, by the name of that server."""
    name = host.rstrip(".").lower()
    return next(
        (one for one in PROVIDERS if any(name == end or name.endswith(f".{end}") for end in one.mail_hosts)), None
    )
