"""What mail programs, people and lawyers put around a message: none of it is the writer's own words."""

from __future__ import annotations

ANGRY = "This is a disgrace! I am furious, you are thieves and I want my money back today!"
GLAD = "Wonderful news, thank you so much, I love it!"

QUOTED = {
    "marked": f"\n\n> {ANGRY}\n> {GLAD}",
    "nested": f"\n>> {ANGRY}\n>>> {GLAD}\n> Hello,",
    "with_attribution": f"\n\nOn Mon, 3 Mar 2025 at 10:02, Acme Support <support@acme.example> wrote:\n\n> {ANGRY}\n",
    "unmarked_after_attribution": f"\n\nOn 03/03/2025 10:02, support@acme.example wrote:\n{ANGRY}\n\n{GLAD}",
    "attribution_in_two_lines": f"\n\nOn Mon, Mar 3, 2025 at 10:02 AM Acme Support\n<support@acme.example> wrote:\n\n{ANGRY}",
    "german_attribution": f"\n\nAm 03.03.2025 um 10:02 schrieb Acme Support <support@acme.example>:\n{ANGRY}",
    "french_attribution": f"\n\nLe lun. 3 mars 2025 à 10:02, Acme <support@acme.example> a écrit :\n{ANGRY}",
    "original_message": f"\r\n\r\n-----Original Message-----\r\nFrom: Support\r\nTo: Jo\r\n\r\n{ANGRY}",
    "header_block": f"\n\nFrom: Acme Support <support@acme.example>\nSent: Monday, 3 March 2025 10:02\nTo: Jo\nSubject: RE: Your order\n\n{ANGRY}",
    "starred_header_block": f"\n\n*From:* Acme Support\n*Date:* Monday, 3 March 2025\n*To:* Jo\n*Subject:* Your order\n\n{ANGRY}",
    "forwarded": f"\n\nBegin forwarded message:\n\nFrom: Acme\nSubject: Your order\n\n{ANGRY}",
}
QUOTED_ABOVE = {
    "quote_on_top": f"> {ANGRY}\n> {GLAD}\n\n",
    "banner": "CAUTION: This email originated from outside of the organization. Do not click links.\n\n",
    "bracketed_banner": "[EXTERNAL EMAIL]\n",
}
SIGNATURES = {
    "dashes": "\n\n-- \nJane Doe\nHead of Complaints and Refunds\nAcme Ltd\n+44 20 7946 0000",
    "regards": "\n\nKind regards,\nJane Doe",
    "regards_and_address": "\n\nBest regards\n\nJane Doe\nOperations Manager\nAcme Ltd | 12 High Street | London\nT: +44 20 7946 0000\nwww.acme.example",
    "initial": "\n\nBest,\nJ.",
    "sincerely": "\n\nYours sincerely,\n\nMrs T. Lindqvist",
    "thanks": "\n\nMany thanks,\nTom",
    "cheers": "\nCheers\nTom",
    "bare_regards": "\n\nWith kind regards",
    "rule": "\n\n____________________\nJane Doe\nCancellations Team",
    "iphone": "\n\nSent from my iPhone",
    "galaxy": "\n\nSent from my Galaxy S23 Ultra",
    "outlook": "\n\nGet Outlook for iOS<https://aka.ms/o0ukef>",
    "german_phone": "\n\nVon meinem iPhone gesendet",
    "name_and_phone": "\n\nThanks,\nPriya\n\nSent from my iPhone",
}
DISCLAIMERS = {
    "confidential": "\n\nThis e-mail and any attachments are confidential and intended solely for the addressee. If you have received it in error, please delete it and notify the sender at once.",
    "notice": "\n\nCONFIDENTIALITY NOTICE: unauthorised use or disclosure is a criminal offence.",
    "information": "\n\nThe information contained in this message is intended only for the person named above.",
    "recipient": "\n\nIf you are not the intended recipient you must not copy, forward or use this message in any way.",
    "trees": "\n\nPlease consider the environment before printing this e-mail.",
    "company": "\n\nAcme Ltd. Registered in England and Wales No. 1234567. Registered office: 12 High Street, London.",
    "scanner": "\n\nVirus-free.www.avast.com",
    "german": "\n\nDiese E-Mail enthält vertrauliche und/oder rechtlich geschützte Informationen.",
}
BELOW = QUOTED | SIGNATURES | DISCLAIMERS


def variants(text: str) -> dict[str, str]:
    """Return the text with each of these around it."""
    return {name: text + more for name, more in BELOW.items()} | {
        name: top + text for name, top in QUOTED_ABOVE.items()
    }
