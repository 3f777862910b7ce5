"""Hiding in formatted mails."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from app.personal_data import SENSITIVE, mask_html
from connectors.sanitize import sanitize_html
from tests.personal_data.corpus import lines

TEXTS = [line.text for name in ("positives.tsv", "negatives.tsv") for line in lines(name)]


def hidden(html: str) -> str:
    return mask_html(sanitize_html(html).html, kinds=SENSITIVE)


def test_a_number_with_tags_inside_is_one_number() -> None:
    html = hidden("<p>Card <b>4111 1111</b> <i>1111</i> <span>1111</span>, thanks</p>")
    assert "4111" not in html
    assert html.count("[card ••••1111]") == 1
    assert html.startswith("<p>Card <b>[card ••••1111]</b>")
    assert html.endswith(", thanks</p>")


def test_cells_and_lines_do_not_run_together() -> None:
    html = "<table><tr><td>4111 1111</td><td>1111 1111</td></tr></table><p>password is</p><p>required today</p>"
    assert "••••" not in hidden(html)


def test_escaped_text_stays_escaped() -> None:
    html = hidden("<p>1 &lt; 2 &amp; my password is &lt;Xy7&amp;kk9 ok</p>")
    assert "Xy7" not in html
    assert "1 &lt; 2 &amp; my password" in html
    assert "<Xy7" not in html


def test_what_attributes_say_is_hidden_too() -> None:
    html = hidden('<a href="https://shop.example/?card=4111111111111111" title="4111 1111 1111 1111">pay</a>')
    assert "4111111111111111" not in html
    assert "4111 1111" not in html
    assert ">pay</a>" in html


def test_addresses_and_phones_stay_for_agents() -> None:
    html = hidden('<a href="mailto:kim@example.com">kim@example.com</a> +1 212 555 2368')
    assert html.count("kim@example.com") == 2
    assert "+1 212 555 2368" in html


@given(
    st.lists(
        st.one_of(st.sampled_from(TEXTS), st.text(max_size=30), st.sampled_from(["<b>", "</b>", "<p>", "<br>", "<"])),
        max_size=8,
    ).map("".join)
)
@settings(max_examples=200, deadline=None)
def test_html_without_findings_stays_byte_for_byte_and_masking_twice_is_once(html: str) -> None:
    clean = sanitize_html(html).html
    once = mask_html(clean)
    assert mask_html(once) == once
    if "••••" not in once:
        assert once == clean


def test_a_long_mail_is_read_to_its_end() -> None:
    html = "<p>" + "word " * 300_000 + "4111 1111 1111 1111</p>"
    assert "4111 1111" not in mask_html(html)
