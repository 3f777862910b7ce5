"""Delivery failure notices: told apart from mails that only speak of failures, and read for their reason.

A report in the format of RFC 3464 says what it is. For all others at least two independent signs are wanted: who sends
it (a mailer, an empty return path), what the subject says, what the body says. A person who forwards or answers a
bounce is a person.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

from connectors._envelope import addresses, message_id
from connectors._headers import Headers, read_headers, skip_envelope
from connectors._parts import Leaf, Tree
from connectors.base import Address

_MAX_BODY_CHARS = 6_000
_MAX_GROUPS = 50
_MAX_REPORT_BYTES = 200_000
_REPORTS = ("message/delivery-status", "message/global-delivery-status")
_ORIGINALS = (
    "message/rfc822",
    "text/rfc822-headers",
    "message/global",
    "message/global-headers",
    "message/rfc822-headers",
)
DAEMON = re.compile(
    r"(?:mailer[-_. ]?d(?:a)?emon|mail[-_.]?daemon|daemon|postmaster|post-?master|mdaemon|mail-?delivery\w*"
    r"|bounces?|double-bounce"
    r"|[\w.+-]*-bounces?|bounces?[+=-].*|[\w.]*undeliver\w*|microsoftexchange\w{8,}|mail-?system|ndr|dsn"
    r"|returned?mail|mailsystem|smtp"
    r"|mailerdaemon|maildelivery|administrator|system|no-?reply-?bounce\w*|symantec\w*|mail-?admin\w*|mailmaster"
    r"|uucp|mmdf)$"
)
_DAEMON_NAME = re.compile(
    r"mail(?:er)?[- ]?(?:delivery|daemon|system|administrator|router)|delivery (?:sub)?system"
    r"|system administrator|postmaster"
    r"|internet mail delivery|mail server|mailer-daemon|zustellungssystem|systemadministrator|administrateur système"
)
_ANSWERED = re.compile(
    r"(?:re|fw|fwd|aw|wg|tr|rv|sv|vs|antw|odp|r|i|rif|res|enc|回复|答复|转发|回覆|轉寄)\s?(?:\[\d+\])?\s?[:：]"
)
_SUBJECT = re.compile(
    r"undeliver(?:able|ed)|postmaster notify|see transcript|non-?deliver|not deliver(?:ed|able)"
    r"|delivery[ -](?:status )?(?:notification|failure"
    r"|failed|has failed|problem|error|report|unsuccessful)"
    r"|delivery of your (?:message|mail)|deliver(?:y|ing)? (?:status|.{0,20}fail)|fail(?:ed|ure) (?:notice"
    r"|notification|to deliver|delivery|mail)|failed mail|mail (?:delivery )?(?:failure|failed|failing|error"
    r"|status)|mail system error|returned mail"
    r"|return(?:ed|ing) (?:message|to sender|e-?mail)|could not (?:be delivered|send|deliver)"
    r"|couldn't be delivered|can(?:not|'t) (?:be )?deliver|unable to deliver|unzustellbar|nicht zustellbar"
    r"|nicht zugestellt|zustellung fehlgeschlagen|zustellbericht"
    r"|unknown (?:recipient|user|address)|user unknown|no such user|message (?:status|blocked|rejected"
    r"|undelivered|delayed|delivery)|delivery delayed|delayed mail|warning: (?:message|could not)|rejected"
    r"|address (?:not found|rejected)|mailbox (?:full|unavailable|exceeded)|over quota"
    r"|non remis|échec de (?:la )?(?:remise|distribution|livraison)|avis de non-remise|message non distribu"
    r"|no se (?:puede|pudo|ha podido) entregar|no entregado|error de entrega|notificación de estado de entrega"
    r"|devuelto|não (?:foi )?entregue|falha na entrega|não entrega"
    r"|mancat[oa] (?:recapito|consegna)|recapito|consegna fallita|impossibile (?:recapitare|consegnare)"
    r"|notifica(?:zione)? (?:di )?(?:mancat|stato)|onbestelbaar|niet (?:bezorgd|afgeleverd|besteld)|onbezorgbaar"
    r"|bezorgingsfout|kan ikke leveres|ikke levert|olevererbart|kunde inte levereras|oleverer|ej levererat"
    r"|gick inte att leverera|ikke leveret|kunne ikke levere|pošiljke ni|nije isporučen|isporuka nije|непредадено"
    r"|nedoručiteľn|kohale toimetamata|nepiegādā|nepristatyt|vrácen[áýé]|undelivered|ne peut (?:pas )?être remis"
    r"|ikke-lever|kunne ikke leveres"
    r"|toimitus|ei voitu toimittaa|nie ?dostarcz|nie można dostarczyć|niedoręcz|nedoruč|nelze doručit|недостав"
    r"|не (?:удалось )?доставл|не доставлен|невозможно доставить|teslim edilem|iletilemedi|αποτυχία παράδοσησ"
    r"|k[eé]zbes[ií]t|nem k[eé]zbes[ií]thet[oő]|eșec|nu a fost livrat"
    r"|配信(?:不能|できま|エラー|失敗|の失敗|状況)|送信エラー|送信できません|未配達|不達|投递失败|投递状态|退信"
    r"|无法投递|系统退信|無法傳遞|傳送失敗|退回|배달(?:되지|할 수| 실패|하지)|발송 ?실패|전송되지"
    r"|unsolicited bulk e-?mail, app"
    r"|전달(?:되지| 실패)|전송 실패|반송|تعذر|فشل (?:تسليم|التسليم)|לא נמסר|כשל במסירה|không (?:gửi|thể)|gagal"
)
_BODY = re.compile(
    r"automatically (?:generated|created) (?:delivery|by (?:the )?mail)|mail delivery (?:software|sub ?system"
    r"|system)|delivery to the following|following (?:address|recipient|message|e-?mail|user|organization|mail)"
    r"|was not delivered|could not be delivered|couldn't be delivered|can ?not be delivered"
    r"|not (?:been )?(?:delivered|able to deliver)|hi\. this is the|qmail-send|(?:permanent|fatal|non-?fatal"
    r"|transient|temporary)\W{0,4}(?:fatal )?(?:error|failure)|(?:final|original)-recipient|diagnostic[- ]code"
    r"|reporting-mta|action: failed|remote-mta|[45]\d\d[ #-]{1,3}[45]\.\d{1,3}\.\d{1,3}|\(?#?[45]\.\d\.\d{1,3}\)?"
    r"|(?<!\d)(?:4[25][0-9]|55[0-9])[ -][a-z<#\[({]"
    r"|user (?:is )?unknown|unknown user|no such (?:user|recipient|mailbox|address|local)|mailbox (?:is )?(?:full"
    r"|unavailable|not found|disabled|inactive|does)|over ?quota|quota (?:exceeded|is full)|exceeded.{0,20}quota"
    r"|does ?n[o']t exist|not exist|unable to (?:deliver|relay)|undeliver(?:able|ed)|returned to sender"
    r"|address (?:not found|rejected|unknown|error)|recipient (?:address )?(?:rejected|unknown|not)"
    r"|invalid recipient|user not (?:found|listed|known)"
    r"|non-?delivery report|no valid recip|无法(?:发送|送达|投递)|投递失败|not listed in"
    r"|transcript of (?:the )?session|headers? follows?|copy of (?:the|your) (?:message|original"
    r"|mail)|original (?:message|mail|headers?) (?:follows|headers?|was|included|is)|below this line"
    r"|did ?n[o']t (?:reach|get delivered)|retry timeout|host (?:or domain )?(?:name )?(?:not found|unknown"
    r"|lookup)|connection (?:refused|timed out)|delivery (?:has )?fail(?:ed|ure)|failed recipient"
    r"|message (?:rejected|blocked|refused)|was (?:rejected|blocked|refused) by|giv(?:ing|en) up|unrouteable"
    r"|returned mail|mail server|is not (?:a valid|accepting|known)"
    r"|nicht zugestellt|nicht (?:zustellbar|erreicht)|konnte nicht|fehler bei der zustellung|n'a pas (?:pu|été)"
    r"|échec|non remis|no se (?:pudo|ha podido|puede)|no ha podido|não (?:pôde|foi possível|pode)|non (?:è stato"
    r"|è possibile|consegnat|recapitat)|impossibile|не (?:было доставлено|может быть доставлено|удалось"
    r"|существует)|недоступ|kon niet|kunde inte|gick inte att|kunne ikke"
    r"|nem (?:siker[uü]lt|lehetett|található)|nu a (?:putut|fost)"
    r"|δεν (?:ήταν δυνατή|παραδόθηκε|βρέθηκε)|teslim edilemedi|bulunamadı|ei (?:voitu|löydy)"
    r"|nie (?:został|można|mógł)|nebylo|配信(?:でき|不能)|送信でき"
    r"|見つかりません|無法|无法|不存在|退回|존재하지|전송하지|전송되지|delivery of the email was stopped"
    r"|considered unsolicited|반송|erreur|adresse (?:est )?(?:inconnue|invalide)"
)
_FAILED_ADDRESS = re.compile(
    r"<?([^\s<>\"(),:;=\[\]：，。（）、；“”]{1,64}@[^\s<>\"(),:;=\[\]：，。（）、；“”]{1,190}\.[a-z]{2,24})>?",
    re.IGNORECASE,
)
_STATUS = re.compile(r"(?<![\d.])([45]\.\d{1,3}\.\d{1,3})(?![\d.])")
_REASON = re.compile(
    r"[^\n]{0,200}(?:(?<!\d)[45]\d\d[ -]|[45]\.\d\.\d{1,3}|unknown|not found|full|quota|reject|exist)[^\n]{0,300}",
    re.IGNORECASE,
)
_ID_IN_BODY = re.compile(r"^[>\s]{0,10}message-id:\s{0,10}<([^<>\s]{1,995})>", re.IGNORECASE | re.MULTILINE)
_LATE = re.compile(
    r"delay|warning|verzögert|retard|retras|ritard|atras|vertrag|försen|opóźni|задерж|遅延|延迟|延遲|지연"
)
_SIGNS_OF_A_STRANGER = 2  # in what comes from no mail system
_DELIVERED = {"delivered", "relayed", "expanded"}


def is_bounce(tree: Tree, sender: Address | None, text: str) -> bool:
    """Say whether a mail tells that another one could not be delivered (or not yet)."""
    headers = tree.headers
    groups = list(_recipient_groups(tree))
    if groups:
        return any(group.token("action") not in _DELIVERED for group in groups)
    subject = headers.first("subject").casefold()
    if _ANSWERED.match(subject):
        return False
    if "x-failed-recipients" in headers or "x-ms-exchange-message-is-ndr" in headers:
        return True
    return _has_two_signs(tree, sender, subject, text[:_MAX_BODY_CHARS].casefold())


def _has_two_signs(tree: Tree, sender: Address | None, subject: str, body: str) -> bool:
    daemon = sender is None or is_daemon(sender)
    null_path = has_null_path(tree.headers)
    failure = _SUBJECT.search(subject) is not None
    if not (daemon or null_path or failure):
        return False
    signs = len({found[0] for found in _BODY.finditer(body)})
    returned = any(leaf.content_type in _ORIGINALS for leaf in tree.leaves)
    report = (
        tree.root is not None
        and tree.root.subtype == "report"
        and "delivery" in tree.root.parameters.get("report-type", "")
    )
    if daemon or report:
        is_answer = "in-reply-to" in tree.headers and not null_path
        return report or (failure and (signs + returned >= 1 or not is_answer)) or signs >= 2
    if null_path:
        return failure or signs >= 3
    return failure and signs + returned >= _SIGNS_OF_A_STRANGER and _gives_back(tree, body, returned=returned)


def _gives_back(tree: Tree, body: str, *, returned: bool) -> bool:
    """Say whether a mail that people could have written gives back another one, or (by a machine) names an address.

    Parcels, payments and newsletters are undeliverable, rejected and returned, too.
    """
    if any(name in tree.headers for name in ("list-id", "list-unsubscribe")):
        return False
    if returned or _ID_IN_BODY.search(body):
        return True
    is_automatic = tree.headers.token("auto-submitted") not in {"", "no"}
    return is_automatic and _first_stranger(body, tree.headers) is not None


def is_daemon(sender: Address) -> bool:
    """Say whether the sender is a mail system rather than a person."""
    return bool(
        DAEMON.match(sender.email.partition("@")[0].strip("\\\"'")) or _DAEMON_NAME.search(sender.name.casefold())
    )


def has_null_path(headers: Headers) -> bool:
    return any(value.strip() == "<>" for value in headers.undecoded("return-path"))


def bounce_details(tree: Tree, text: str) -> dict[str, str]:
    """bounce_recipient, bounce_status, bounce_reason, original_message_id: those that can be read."""
    group = next((one for one in _recipient_groups(tree) if one.token("action") not in _DELIVERED), Headers())
    body = text[:_MAX_BODY_CHARS]
    recipient = (
        group.first("final-recipient") or group.first("original-recipient") or tree.headers.first("x-failed-recipients")
    )
    address = _FAILED_ADDRESS.search(recipient.rpartition(";")[2]) or _first_stranger(body, tree.headers)
    reason = group.first("diagnostic-code").partition(";")[2].strip() or group.first("diagnostic-code")
    found = _REASON.search(body) if not reason else None
    reason = reason or (found[0].strip() if found else "")
    status = _STATUS.search(group.first("status")) or _STATUS.search(reason) or _STATUS.search(body)
    details = {
        "bounce_recipient": address[1].lower() if address else "",
        "bounce_status": status[1] if status else "",
        "bounce_reason": reason[:500],
        "original_message_id": original_id(tree, text),
    }
    return {name: value for name, value in details.items() if value}


def is_final(tree: Tree, details: dict[str, str]) -> bool:
    """Say whether a failure notice means that the mail will not arrive: not that it is only late."""
    actions = {group.token("action") for group in _recipient_groups(tree)}
    if actions:
        return "failed" in actions
    return not details.get("bounce_status", "").startswith("4") and not _LATE.search(
        tree.headers.first("subject").casefold()
    )


def _first_stranger(body: str, headers: Headers) -> re.Match[str] | None:
    """The first address of a text that is neither whom the notice went to nor who sent it."""
    ours = {address.email for name in ("to", "from") for address in addresses(headers, name)}
    found = list(islice(_FAILED_ADDRESS.finditer(body), _MAX_GROUPS))
    return next((one for one in found if one[1].lower() not in ours), found[0] if found else None)


def _recipient_groups(tree: Tree) -> Iterator[Headers]:
    """The groups of fields about one recipient each, of every delivery report in the mail."""
    for leaf in tree.leaves:
        if leaf.content_type not in _REPORTS:
            continue
        data = tree.payload(leaf)[:_MAX_REPORT_BYTES]
        position = skip_envelope(data)
        for _ in range(_MAX_GROUPS):
            if position >= len(data):
                break
            group, position = read_headers(data, position, len(data))
            if "action" in group or "final-recipient" in group or "status" in group:
                yield group


def original_id(tree: Tree, text: str) -> str:
    """The Message-ID of the mail that a report gives back, or names in its words; "" where it does neither."""
    for leaf in tree.leaves:
        if leaf.content_type in _ORIGINALS:
            found = message_id(_headers_inside(tree, leaf))
            if found:
                return found
    written = _ID_IN_BODY.search(text)
    return written[1] if written else ""


def _headers_inside(tree: Tree, leaf: Leaf) -> Headers:
    data = tree.payload(leaf)[:_MAX_REPORT_BYTES]
    return read_headers(data, skip_envelope(data), len(data))[0]
