"""Words of strangers as HTML: escaped, links found, in linear time by construction."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup

from app.markup import MOST_MARKS, Mark, marked_html, one_line, text_html


def _link(address: str) -> str:
    return f'<a href="{address}" target="_blank" rel="noopener noreferrer nofollow">{address}</a>'


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("a < b & c", "a &lt; b &amp; c"),
        ("see https://a.example/x.", f"see {_link('https://a.example/x')}."),
        ("(https://a.example/x_(y))", f"({_link('https://a.example/x_(y)')})"),
        ("<https://a.example>", f"&lt;{_link('https://a.example')}&gt;"),
        ("javascript:alert(1)", "javascript:alert(1)"),
        ("https://", "https://"),
        ("see:http://a.example", f"see:{_link('http://a.example')}"),
        ("line\r\nbreak\ttab", "line\nbreak\ttab"),
        ("\u202egpj.exe\u2066\x07", "gpj.exe"),
        ('https://a.example/"onmouseover="x', _link("https://a.example/&#34;onmouseover=&#34;x")),
    ],
)
def test_text_becomes_html(text: str, html: str) -> None:
    assert text_html(text) == Markup(html)


def test_an_endless_link_stays_text() -> None:
    assert "<a " not in text_html("https://a.example/" + "x" * 3000)


@given(st.text(alphabet="<>\"&'ahtps:/. \n()@", max_size=200))
def test_nothing_but_our_links_is_markup(text: str) -> None:
    html = str(text_html(text))
    without = html.replace("</a>", "")
    while '<a href="' in without:
        before, _, rest = without.partition('<a href="')
        address, _, rest = rest.partition('" target="_blank" rel="noopener noreferrer nofollow">')
        assert address.startswith(("http://", "https://"))
        assert not set(address) & set("<>\"'")
        without = before + rest
    assert not set(without) & set("<>\"'")


def test_one_line_is_one_line() -> None:
    assert one_line("  a\n b\t\u202ec  ") == "a b c"


def test_marks_name_what_they_are_for_and_share_where_they_overlap() -> None:
    marks = [Mark(2, 6, "sentiment"), Mark(4, 8, "intent"), Mark(99, 120, "urgency"), Mark(5, 5, "spam")]
    assert marked_html("ab<&cd>fg", marks) == Markup(
        'ab<mark class="reason" data-for="sentiment">&lt;&amp;</mark>'
        '<mark class="reason" data-for="sentiment intent">cd</mark>'
        '<mark class="reason" data-for="intent">&gt;f</mark>g'
    )


@given(
    st.text(alphabet="<>\"&' a\n", max_size=60),
    st.lists(st.tuples(st.integers(-5, 70), st.integers(-5, 70)), max_size=12),
)
def test_marks_change_no_word_and_let_nothing_out(text: str, spans: list[tuple[int, int]]) -> None:
    marked = marked_html(text, [Mark(start, end, "sentiment") for start, end in spans])
    plain = marked.replace('<mark class="reason" data-for="sentiment">', "").replace("</mark>", "")
    assert plain == text_html(text)


def test_more_marks_than_anybody_needs_are_refused() -> None:
    with pytest.raises(ValueError, match="marks"):
        marked_html("a" * 500, [Mark(i, i + 1, "sentiment") for i in range(MOST_MARKS + 1)])
