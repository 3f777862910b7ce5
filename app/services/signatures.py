"""What stands below every mail of an inbox: its signature, with variables filled in when a mail leaves."""

from __future__ import annotations

import re

from app.errors import Invalid
from app.models import Contact, Conversation, Inbox, User
from app.phrases import phrase
from app.services import canned_responses

LONGEST = 2_000
VARIABLES = {
    "agent.name": phrase("who writes"),
    "agent.first_name": phrase("their first name"),
    "inbox.name": phrase("this inbox"),
    "contact.name": phrase("the customer's name"),
    "conversation.number": phrase("the conversation's number"),
    "sender.address": phrase("the address it leaves with"),
}
_BRACES = re.compile(r"\{\{([^{}]{0,60})\}\}")


def clean(text: str) -> str:
    """Return a signature in order. Raises Invalid for one that is too long or names an unknown variable."""
    if len(text) > LONGEST:
        raise Invalid(phrase("Use at most {most} characters.", most=LONGEST), field="signature")
    unknown = next((one for one in _BRACES.findall(text) if one.strip() not in VARIABLES), None)
    if unknown is not None:
        known = ", ".join(VARIABLES)
        named = f"{{{{{unknown}}}}}"
        raise Invalid(
            phrase("{variable} is no variable of a signature: there are {known}.", variable=named, known=known),
            field="signature",
        )
    return text.replace("\r\n", "\n").strip()


def of_letter(
    *, inbox: Inbox, conversation: Conversation, contact: Contact, author: User | None, sender: str = ""
) -> str:
    """Return the signature of a mail, "" for none. Mail that nobody wrote is signed by the inbox.

    `sender` is the address that it leaves with.
    """
    if not inbox.signature:
        return ""
    writer = author or User(name=inbox.name)
    values = canned_responses.values_for(conversation, contact, writer)
    values |= {"inbox.name": inbox.name, "sender.address": sender}
    return _BRACES.sub(lambda found: values.get(found[1].strip(), found[0]), inbox.signature)


def below(text: str, signature: str) -> str:
    """Return a mail's words with the signature below them."""
    return f"{text}\n\n-- \n{signature}" if signature else text
