"""New words of mails that are HTML only: what the structure of each mail program says about quotes and signatures."""

from __future__ import annotations

import pytest

from connectors._mime import parse_mail
from connectors.sanitize import html_to_text

PAGES = {
    "gmail": """<div dir="ltr">The cup is broken.<div><br></div><div>Ruth</div></div><br>
      <div class="gmail_quote gmail_quote_container"><div dir="ltr" class="gmail_attr">On Tue, Mar 4, 2025 at 3:14 PM Tom
      &lt;<a href="mailto:tom@acme.example">tom@acme.example</a>&gt; wrote:<br></div>
      <blockquote class="gmail_quote" style="border-left:1px solid #ccc"><div>Did it arrive?</div></blockquote></div>""",
    "gmail answer below the quote": """<div class="gmail_quote"><div dir="ltr" class="gmail_attr">El mar, 4 mar 2025 a las
      15:14, Tom (&lt;tom@acme.example&gt;) escribió:<br></div><blockquote class="gmail_quote">Did it arrive?</blockquote>
      <div>The cup is broken.</div><div><br></div><div>Ruth</div></div>""",
    "apple mail": """<html><body>The cup is broken.<div><br></div><div>Ruth<br><div><br><blockquote type="cite"><div>
      On 4 Mar 2025, at 15:14, Tom &lt;tom@acme.example&gt; wrote:</div><br><div>Did it arrive?</div></blockquote></div></div>
      </body></html>""",
    "outlook desktop": """<div class=WordSection1><p class=MsoNormal>The cup is broken.<o:p></o:p></p><p class=MsoNormal>
      <o:p>&nbsp;</o:p></p><p class=MsoNormal>Ruth<o:p></o:p></p><div><div style='border:none;border-top:solid #E1E1E1 1.0pt;
      padding:3.0pt 0cm 0cm 0cm'><p class=MsoNormal><b>From:</b> Tom<br><b>Sent:</b> Tuesday<br><b>To:</b> Ruth<br><b>Subject:
      </b> Cup</p></div></div><p class=MsoNormal>Did it arrive?</p></div>""",
    "outlook on the web": """<div>The cup is broken.</div><div><br></div><div>Ruth</div><div id="appendonsend"></div>
      <hr style="display:inline-block;width:98%"><div id="divRplyFwdMsg" dir="ltr"><b>Von:</b> Tom<br><b>Gesendet:</b> Dienstag
      </div><div>Did it arrive?</div>""",
    "outlook on the web, forwarded by exchange with prefixes": """<div>The cup is broken.</div><div><br></div><div>Ruth</div>
      <div id="x_Signature"><p>Ruth Okafor</p></div><div id="m_-123divRplyFwdMsg"><b>From:</b> Tom</div><p>Did it arrive?</p>""",
    "thunderbird": """<p>The cup is broken.</p><p>Ruth</p><div class="moz-cite-prefix">Am 04.03.25 um 15:14 schrieb Tom:<br>
      </div><blockquote type="cite" cite="mid:x"><p>Did it arrive?</p></blockquote><div class="moz-signature">-- <br>Ruth Okafor
      <br>Example Ltd</div>""",
    "yahoo": """<div class="yahoo-style-wrap"><div>The cup is broken.</div><div><br></div><div>Ruth</div></div>
      <div id="yahoo_quoted_123" class="yahoo_quoted"><div>On Tuesday, March 4, 2025 at 03:14 PM, Tom wrote:</div><div>Did it
      arrive?</div></div>""",
    "proton": """<div>The cup is broken.</div><div><br></div><div>Ruth</div><div class="protonmail_signature_block">Sent with
      Proton Mail.</div><div class="protonmail_quote">On Tuesday, 4 March, Tom wrote:<blockquote class="protonmail_quote">Did it
      arrive?</blockquote></div>""",
    "zoho": """<div>The cup is broken.<br><br>Ruth</div><div class="zmail_extra">---- On Tue, 04 Mar 2025 15:14:07 +0000 Tom
      wrote ----<blockquote>Did it arrive?</blockquote></div>""",
    "gmail signature": """<div dir="ltr">The cup is broken.<div><br></div><div>Ruth</div><div><br></div><span>-- </span><br>
      <div dir="ltr" class="gmail_signature"><div>Ruth Okafor</div><div>Example Ltd</div></div></div>""",
    "plain blockquote below an attribution": """The cup is broken.<br><br>Ruth<br><div>On 4 Mar 2025, at 15:14, Tom
      &lt;tom@acme.example&gt; wrote:</div><blockquote><div>Did it arrive?</div></blockquote>""",
    "a line above a header block": """<div>The cup is broken.</div><br><div>Ruth</div><hr><b>From: </b>tom@acme.example<br>
      <b>To: </b>ruth@example.org<br><b>Sent: </b>Tuesday<br><b>Subject: </b>Cup<br><p>Did it arrive?</p>""",
    "hidden words, styles and comments": """<style>p{color:red}</style><div style="display:none">Preview</div><p>The cup is
      broken.<span style="font-size:0">x</span></p><!-- no --><script>alert(1)</script><p>Ruth</p>""",
}


def mail_of(html: str) -> bytes:
    head = "From: ruth@example.org\nSubject: Re: Cup\nIn-Reply-To: <x@y>\nContent-Type: text/html; charset=utf-8\n\n"
    return (head + html).encode()


@pytest.mark.parametrize("html", PAGES.values(), ids=PAGES.keys())
def test_only_the_new_words_are_text(html: str) -> None:
    message = parse_mail(mail_of(html))
    assert message.text == "The cup is broken.\n\nRuth"
    assert message.html is not None


def test_quote_and_signature_are_kept_apart_from_the_text() -> None:
    message = parse_mail(mail_of(PAGES["thunderbird"]))
    assert "Did it arrive?" in message.quoted
    assert message.signature == "--\nRuth Okafor\nExample Ltd"


def test_words_typed_inside_the_frame_of_a_signature_are_not_lost() -> None:
    assert parse_mail(mail_of('<div id="Signature"><p>My answer is yes.</p></div>')).text == "My answer is yes."


def test_indented_words_are_no_quote() -> None:
    html = '<p>Two points:</p><blockquote style="margin:0 0 0 40px;border:none;padding:0">one</blockquote><p>two</p>'
    assert "one" in parse_mail(mail_of(html)).text


LAYOUT = {
    "<p>one</p><p>two</p>": "one\n\ntwo",
    "one<br>two<br><br>three": "one\ntwo\n\nthree",
    "<div>one</div><div>two</div>": "one\ntwo",
    "<ul><li>one<li>two</ul>": "- one\n- two",
    "<table><tr><td>Item</td><td>Price</td></tr><tr><td>Cup</td><td>5</td></tr></table>": "Item Price\nCup 5",
    "<pre>a  b\n  c</pre>": "a  b\n  c",
    "a   b\n c": "a b c",
    "5 &lt; 6 &amp; 7&nbsp;&gt; 4": "5 < 6 & 7 > 4",
    "x < y and <b>z</b>": "x < y and z",
    "<p title='a > b'>one</p>": "one",
    "<b>never closed <i>words": "never closed words",
    "before <!-- never closed": "before  never closed",
    "<style>never closed": "never closed",
}


@pytest.mark.parametrize(("html", "text"), LAYOUT.items(), ids=LAYOUT.keys())
def test_html_is_laid_out_as_a_browser_would(html: str, text: str) -> None:
    assert html_to_text(html).split() == text.split()
    if "never" not in text:
        assert html_to_text(html) == text


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    "unit",
    ["<div>", "<p>", "<!--", "<style>", '<a "', "<", "<td>", "<li>x", "<blockquote>", "&#9", "<b><i></b>", "<a '\""],
)
def test_hostile_html_becomes_text_in_bounded_time(unit: str) -> None:
    html = (unit * 1_000_000)[:1_000_000] + "the end"
    assert html_to_text(html).endswith("the end")
