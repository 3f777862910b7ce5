"""Replies in HTML as mail programs lay them out, in every language of `languages.txt`."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from tests.connectors.mail_corpus.cases import Reply
from tests.connectors.mail_corpus.languages import ORIGINAL, WRITER, Language, languages

_WHEN, _WHOM, _WHAT = "Tuesday, 4 March 2025 15:14", "Ruth <ruth@example.org>", "Re: order 4711"

# {own} the new words, {line} who wrote, {old} the original, {fields} a header block, {phone} an app's line
_UNDER_LINE = {
    "gmail": '<div dir="ltr">{own}</div><br><div class="gmail_quote gmail_quote_container"><div dir="ltr"'
    ' class="gmail_attr">{line}<br></div><blockquote class="gmail_quote" style="margin:0px 0px 0px 0.8ex;'
    'border-left:1px solid rgb(204,204,204);padding-left:1ex">{old}</blockquote></div>',
    "gmail with signature": '<div dir="ltr"><div>{own}</div><br clear="all"><div><br></div><span class='
    '"gmail_signature_prefix">-- </span><br><div dir="ltr" class="gmail_signature" data-smartmail="gmail_signature">'
    'Ruth Example<br>Example Ltd</div></div><br><div class="gmail_quote"><div dir="ltr" class="gmail_attr">{line}'
    '<br></div><blockquote class="gmail_quote">{old}</blockquote></div>',
    "apple": '<html><body style="word-wrap: break-word;">{own}<div><br><blockquote type="cite"><div>{line}</div><br '
    'class="Apple-interchange-newline"><div>{old}</div></blockquote></div><br></body></html>',
    "iphone": '<div dir="ltr">{own}</div><div dir="ltr"><br><blockquote type="cite">{line}<br><br></blockquote></div>'
    '<blockquote type="cite"><div dir="ltr">\ufeff{old}</div></blockquote>',
    "thunderbird": '<p>{own}</p><div class="moz-cite-prefix">{line}<br></div><blockquote type="cite" '
    'cite="mid:1@acme.example">{old}</blockquote><pre class="moz-signature" cols="72">-- \nRuth</pre>',
    "yahoo": '<div class="ydp1yahoo-style-wrap"><div dir="ltr">{own}</div><div><br></div></div><div id="yahoo_quoted_1"'
    ' class="yahoo_quoted"><div style="font-size:13px;"><div>{line}</div><div><br></div><div>{old}</div></div></div>',
    "proton": '<div style="font-family: Arial;">{own}</div><div class="protonmail_signature_block"><div '
    'class="protonmail_signature_block-proton">Sent with Proton Mail secure email.</div></div><div class='
    '"protonmail_quote">{line}<br><blockquote class="protonmail_quote" type="cite">{old}</blockquote><br></div>',
    "zoho": '<div style="font-family: Verdana;"><div>{own}</div><br><div class="zmail_extra"><div id="Zm-_Id_-Sgn1">'
    '{line}</div><br><blockquote id="blockquote_zmail">{old}</blockquote></div></div>',
    "mail.ru": '<div>{own}</div><blockquote style="border-left:1px solid #0857A6; margin:10px; padding:0 0 0 10px;">'
    "{line}<br>&nbsp;<div>{old}</div></blockquote>",
    "yandex": "<div>{own}</div><div> </div><div>{line}</div><blockquote><p>{old}</p></blockquote>",
    "open-xchange": '<div class="default-style">{own}</div><blockquote type="cite"><div>{line}</div><div>{old}</div>'
    "</blockquote>",
    "spark": '<div name="messageBodySection"><div dir="auto">{own}</div></div><div name="messageReplySection">{line}'
    '<br><blockquote type="cite" class="spark_quote" style="border-left-color: #1abc9c;">{old}</blockquote></div>',
    "front": '<div>{own}</div><div><br></div><div class="front-blockquote">{line}<br><blockquote type="cite">{old}'
    "</blockquote></div>",
    "roundcube": '<div id="v1">{own}</div><p id="reply-intro">{line}</p><blockquote type="cite" style="padding: 0 0.4em;'
    ' border-left: #1010ff 2px solid; margin: 0">{old}</blockquote>',
    "outlook for mac": '<div>{own}</div><div><br></div><span id="OLK_SRC_BODY_SECTION"><div>{line}</div><div>{old}</div>'
    "</span>",
    "163": '<div style="line-height:1.7">{own}</div><div id="divNeteaseMailCard"></div><p>{line}</p><blockquote '
    'id="isReplyContent" style="PADDING-LEFT: 1ex; BORDER-LEFT: #ccc 1px solid">{old}</blockquote>',
    "tuta": '<div>{own}</div><div><br></div><div>{line}</div><blockquote class="tutanota_quote" style="border-left: 1px'
    ' solid #93A3B8;">{old}</blockquote>',
    "mailbird": '<div>{own}</div><div class="mb_sig"></div><blockquote class="history_container" type="cite" style='
    '"border-left-style:solid;border-width:1px;"><p style="color:#AAAAAA">{line}</p>{old}</blockquote>',
    "plain blocks": "<div>{own}</div><div><br></div><div>{line}</div><div><br></div><div>{old}</div>",
    "below": '<div class="moz-cite-prefix">{line}<br></div><blockquote type="cite">{old}</blockquote><p>{own}</p>',
}
_UNDER_BLOCK = {
    "outlook": '<div class="WordSection1">{msonormal}<p class="MsoNormal"><o:p>&nbsp;</o:p></p><div><div style="border:'
    'none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0cm 0cm 0cm"><p class="MsoNormal">{fields}</p></div></div>'
    '<p class="MsoNormal">{old}</p></div>',
    "outlook with blue line": "<div class=WordSection1>{msonormal}<div style='border:none;border-left:solid blue 1.5pt;"
    "padding:0cm 0cm 0cm 4.0pt'><div><div style='border:none;border-top:solid #B5C4DF 1.0pt'><p class=MsoNormal>{fields}"
    "</p></div></div><p class=MsoNormal>{old}</p></div></div>",
    "outlook plain": '<div class="WordSection1">{msonormal}<p class="MsoNormal">{fields}</p><p>{old}</p></div>',
    "outlook on the web": '<div class="elementToProof">{own}</div><div id="appendonsend"></div><hr style="display:inline-'
    'block;width:98%" tabindex="-1"><div id="divRplyFwdMsg" dir="ltr"><font face="Calibri">{fields}</font><div>&nbsp;'
    "</div></div><div>{old}</div>",
    "hotmail": '<div dir="ltr">{own}<br><br><div><hr id="stopSpelling">{fields}<br><br>{old}</div></div>',
    "live": '<div dir="ltr">{own}<br><hr>{fields}<br><br>{old}</div>',
    "outlook mobile": '<div>{own}</div><div id="ms-outlook-mobile-signature"><div><br></div>{phone}</div><hr style='
    '"display:inline-block;width:98%"><div id="divRplyFwdMsg">{fields}<div>&nbsp;</div></div>{old}',
    "outlook mobile, new": '<div dir="ltr">{own}</div><div class="ms-outlook-mobile-reference-message skipProofing"><meta'
    ' name="x"><div style="padding:3pt 0in 0in;border-top:1pt solid rgb(181, 196, 223)">{fields}</div>{old}</div>',
    "outlook mobile, container": '<div>{own}</div><div id="mail-editor-reference-message-container"><div class="ms-outlook'
    '-mobile-reference-message">{fields}</div>{old}</div>',
    "gmx": '<div style="font-family: Verdana;"><div>{own}<div>&nbsp;<div name="quote" style="margin:10px 5px 5px 10px;'
    ' padding: 10px 0 10px 10px; border-left:2px solid #C3D9E5;"><div style="margin:0 0 10px 0;">{fields}</div>'
    '<div name="quoted-content">{old}</div></div></div></div></div>',
    "samsung": '<div>{own}</div><div><br></div><div id="composer_signature"><div style="font-size:85%">{phone}</div></div>'
    '<div style="font-size:100%;color:#000000"><!-- originalMessage --><div>-------- {title} --------</div>{fields}<div>'
    "<br></div></div>{old}",
    "qq": '<div>{own}</div><div><br></div><div style="font-size: 12px;padding:2px 0;">------------------&nbsp;原始邮件'
    '&nbsp;------------------</div><div style="font-size: 12px;background:#efefef;padding:8px;">{divs}</div><div>{old}'
    "</div>",
    "exchange, prefixed": '<div>{own}</div><div id="x_appendonsend"></div><hr tabindex="-1"><div id="x_divRplyFwdMsg">'
    "{fields}</div><div>{old}</div>",
    "table": "<div>{own}</div><hr><table>{table}</table><div>{old}</div>",
}


def html_pages() -> list[Reply]:
    """Every language in every program; the text is what a person would find new."""
    return [Reply(f"{one.name} {name}", page, "\n".join(one.words)) for one in languages() for name, page in _of(one)]


def _of(language: Language) -> Iterator[tuple[str, str]]:
    own, old = "<br>".join(map(escape, language.words)), "<br>".join(map(escape, ORIGINAL))
    shared = {"own": own, "old": old, "phone": escape((language.of("phone") or ["Sent from my iPhone"])[0])}
    for number, written in enumerate(language.of("line"), start=1):
        line = escape(written.replace("{w}", WRITER))
        for name, page in _UNDER_LINE.items():
            yield f"line {number} {name}", page.format(line=line, **shared)
    shared["msonormal"] = "".join(f'<p class="MsoNormal">{escape(row)}<o:p></o:p></p>' for row in language.words)
    shared["title"] = (language.of("title") or ["-----Original Message-----"])[-1].strip("- _")
    for number, block in enumerate(language.of("block"), start=1):
        labels = [label.strip() for label in block.split("|")]
        if "@" in labels[0] or labels[0] in {"Sent:", "Gesendet:"} or labels[1] == "À:":
            continue
        values = [escape(value) for value in (WRITER, _WHEN, _WHOM, _WHAT)]
        pairs = list(zip(labels, values, strict=True))
        shared["fields"] = "<br>".join(f"<b>{label}</b> {value}" for label, value in pairs)
        shared["divs"] = "".join(f"<div><b>{label}</b>&nbsp;{value};</div>" for label, value in pairs)
        shared["table"] = "".join(f"<tr><td><b>{label}</b></td><td>{value}</td></tr>" for label, value in pairs)
        for name, page in _UNDER_BLOCK.items():
            yield f"block {number} {name}", page.format(**shared)
