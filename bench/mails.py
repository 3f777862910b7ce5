"""Seeded, realistic mails: plain, alternative, attachments, inline images, old charsets; a good third are replies."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.utils import format_datetime

FIRST = ("Ada", "Bela", "Carla", "Dario", "Edda", "Farid", "Greta", "Hamza", "Ines", "Jonas", "Mona", "Søren", "Zoë")
LAST = ("Abel", "Brandt", "Costa", "Ekström", "Fischer", "Gómez", "Huber", "Ivanova", "Jensen", "Moreau", "Novák")
HOSTS = ("example.com", "example.org")
SAID = (
    "I have been waiting for my parcel since Monday and the tracking page shows nothing new.",
    "The invoice for last month lists one item twice; please correct it.",
    "Thank you, the replacement arrived and works very well.",
    "How can I change the delivery address of an order that was already paid?",
    "The zip of the jacket broke on the second day, I am quite disappointed.",
    "Please cancel the order and refund the amount to my card.",
    "I cannot sign in: the reset link says that it has expired.",
    "Does the tent fit two sleeping bags and a dog?",
    "Your colleague on the phone was friendly and solved it in two minutes.",
    "This is the third time I ask. Nobody answers. I will leave a review.",
)
START = datetime(2026, 1, 5, 8, 0, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Sent:
    """What later mails may answer."""

    message_id: str
    subject: str
    body: str
    sender: str
    references: tuple[str, ...]


def generate(count: int, *, seed: int = 7, to: str = "support@acme.example") -> Iterator[bytes]:
    """Yield `count` mails as bytes, the same for the same seed; about 20 KB on average."""
    chance = random.Random(seed)
    people = [_person(chance, number) for number in range(400)]
    history: list[Sent] = []
    for number in range(count):
        answered = chance.choice(history[-300:]) if history and chance.random() < 0.4 else None
        sent = _write(chance, number, seed, answered, chance.choice(people))
        yield _mail(chance, sent, number, to)
        history.append(sent)


def _person(chance: random.Random, number: int) -> str:
    return f"{chance.choice(FIRST)} {chance.choice(LAST)} <customer{number}@{chance.choice(HOSTS)}>"


def _write(chance: random.Random, number: int, seed: int, answered: Sent | None, sender: str) -> Sent:
    body = "\n\n".join(" ".join(chance.sample(SAID, chance.randint(1, 4))) for _ in range(chance.randint(1, 4)))
    message_id = f"<bench.{seed}.{number}@example.com>"
    if answered is None:
        return Sent(message_id, " ".join(chance.choice(SAID).split()[:6]), body, sender, ())
    quoted = "\n".join(f"> {line}" for line in answered.body[:1500].splitlines())
    return Sent(
        message_id,
        f"Re: {answered.subject.removeprefix('Re: ')}",
        f"{body}\n\nOn Mon, 5 Jan 2026 at 10:{chance.randint(10, 59)}, {answered.sender} wrote:\n{quoted}",
        answered.sender if chance.random() < 0.8 else sender,
        (*answered.references, answered.message_id)[-12:],
    )


def _mail(chance: random.Random, sent: Sent, number: int, to: str) -> bytes:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = sent.sender, to, sent.subject
    mail["Date"] = format_datetime(START + timedelta(minutes=number))
    mail["Message-ID"] = sent.message_id
    if sent.references:
        mail["In-Reply-To"], mail["References"] = sent.references[-1], " ".join(sent.references)
    name = sent.sender.split(" <")[0]
    _fill(chance, mail, f"{sent.body}\n\n-- \n{name}\n+49 30 {chance.randint(10**6, 10**7)}")
    return mail.as_bytes()


def _fill(chance: random.Random, mail: EmailMessage, body: str) -> None:
    kind = chance.random()
    if kind < 0.35:
        mail.set_content(body)
    elif kind < 0.65:
        mail.set_content(body)
        mail.add_alternative(_html(body), subtype="html")
    elif kind < 0.85:
        mail.set_content(body)
        for part in range(chance.randint(1, 2)):
            size = int(min(200_000, chance.lognormvariate(10.2, 1.0)))
            data = b"%PDF-1.4\n" + chance.randbytes(size)
            mail.add_attachment(data, maintype="application", subtype="pdf", filename=f"Rechnung-größe-{part}.pdf")
    elif kind < 0.95:
        mail.set_content(_html(body) + '<img src="cid:picture">', subtype="html")
        picture = b"\x89PNG\r\n\x1a\n" + chance.randbytes(chance.randint(2_000, 30_000))
        mail.add_related(picture, "image", "png", cid="<picture>")
    else:
        mail.set_content(body.encode("latin-1", "ignore").decode("latin-1") + " Grüße", charset="iso-8859-1")


def _html(body: str) -> str:
    paragraphs = "".join(f"<p>{line}</p>" for line in body.replace("&", "&amp;").replace("<", "&lt;").splitlines())
    return f"<html><body><div>{paragraphs}</div></body></html>"
