"""Our own model cards as HTML."""

import pytest

from webapp.templatetags.markdown import markdown


def test_markup_in_a_card_is_escaped() -> None:
    assert "<script>" not in markdown("# A <script>alert(1)</script>\n\n* **<b>x</b>**")


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("# Name\nWords.", "<h2>Name</h2>\n<p>Words.</p>"),
        ("* one\n  more\n* **two** `code`", "<ul><li>one more</li><li><strong>two</strong> <code>code</code></li></ul>"),
        ("first\nsecond", "<p>first second</p>"),
    ],
)
def test_headings_lists_and_paragraphs_become_tags(text: str, html: str) -> None:
    assert markdown(text) == html


def test_a_table_has_a_head_and_no_row_of_dashes() -> None:
    html = markdown("| what | reached |\n|---|---|\n| top-1 | 44 % |")
    assert html.count("<tr>") == 2
    assert '<th scope="col">what</th>' in html and "<td>44 %</td>" in html and "---" not in html
