"""What stands before a number and says what it is: the nearer word wins, and nothing is read across a finding."""

from __future__ import annotations

import re

BARRIER = "\0"  # stands for what was found already, or was masked before
WINDOW = 48  # characters before a number in which its name is looked for

OTHER_NUMBERS = re.compile(
    r"\b(?:orders?|order[-_ ]?(?:id|no|nr)|purchase|po|invoice|inv|receipt|tracking|track|parcel|package|shipment"
    r"|consignment|waybill|awb|sku|item|article|product|part|serial|s/n|sn|model|version|build|firmware|release|ref"
    r"|reference|ticket|case|booking|reservation|confirmation|policy|claim|contract|customer|client|member(?:ship)?"
    r"|batch|lot|ean|gtin|upc|isbn|issn|imei|asset|account|coupon|voucher|promo|flight|train|meter|transaction|txn"
    r"|bestell\w*|rechnung\w*|auftrag\w*|kunden\w*|sendung\w*|paket\w*|artikel\w*|serien\w*|vertrag\w*|commande"
    r"|facture|colis|suivi|pedido|factura|envío|ordine|fattura|spedizione|bestelling|factuur|zamówieni\w*|nota)\b",
    re.IGNORECASE,
)


def before(text: str, start: int, width: int = WINDOW) -> str:
    """Return up to `width` characters before a place, no further back than the last finding."""
    part = text[max(0, start - width) : start]
    return part[part.rfind(BARRIER) + 1 :]


def is_named(text: str, start: int, names: re.Pattern[str]) -> bool:
    """Tell whether one of `names` stands before the number, nearer than a word for another sort of number."""
    part = before(text, start)
    return last_end(names, part) > last_end(OTHER_NUMBERS, part)


def is_other(text: str, start: int, names: re.Pattern[str] | None = None) -> bool:
    """Tell whether the number is called something else: an order, a parcel, a part."""
    part = before(text, start)
    other = last_end(OTHER_NUMBERS, part)
    return other > (last_end(names, part) if names else 0)


def last_end(names: re.Pattern[str], part: str) -> int:
    """Return where the last of `names` ends in a piece of text, 0 if none is there."""
    end = 0
    for match in names.finditer(part):
        end = match.end()
    return end
