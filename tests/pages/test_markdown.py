"""Model cards rendered as HTML."""

import re

import pytest

from webapp.templatetags.markdown import markdown


def test_markup_in_a_card_is_escaped() -> None:
    assert "<script>" not in markdown("# A <script>alert(1)</script>\n\n* **<b>x</b>**")


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "[click](javascript:alert(1))",
        "[click](JaVaScRiPt:alert(1))",
        "[click](data:text/html,<script>alert(1)</script>)",
        "<javascript:alert(1)>",
        '<a href="javascript:alert(1)">click</a>',
        "![x](x.png){onload=alert(1)}",
        '[click](https://example.org "a\\" onmouseover=\\"alert(1)")',
    ],
)
def test_nothing_in_a_card_can_run(text: str) -> None:
    tags = re.findall(r"<[^>]*>", markdown(text))
    assert not [
        tag for tag in tags if re.search(r"<(script|img)|\son\w+=(?!&)|(javascript|data):", _without_values(tag), re.IGNORECASE)
    ]


def _without_values(tag: str) -> str:
    """A tag without its titles: quoted text there is inert."""
    return re.sub(r'title="[^"]*"', "", tag)


def test_a_link_to_another_site_gives_it_no_way_back() -> None:
    assert markdown("[docs](https://example.org)") == '<p><a href="https://example.org" rel="noopener noreferrer">docs</a></p>'


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("# Name\nWords.", "<h2>Name</h2>\n<p>Words.</p>"),
        ("* one\n  more\n* **two** `code`", "<ul> <li>one more</li> <li><strong>two</strong> <code>code</code></li> </ul>"),
        ("first\nsecond", "<p>first second</p>"),
    ],
)
def test_headings_lists_and_paragraphs_become_tags(text: str, html: str) -> None:
    assert " ".join(markdown(text).split()) == " ".join(html.split())


def test_a_table_has_a_head_and_no_row_of_dashes() -> None:
    html = markdown("| what | reached |\n|---|---|\n| top-1 | 44 % |")
    assert html.count("<tr>") == 2
    assert '<th scope="col">what</th>' in html and "<td>44 %</td>" in html and "---" not in html
    assert html.startswith('<div class="scroll"><table>')
