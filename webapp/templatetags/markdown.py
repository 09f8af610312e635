"""The Markdown that our own model cards use, as HTML: headings, paragraphs, lists, tables, bold, code.

Everything is escaped before anything is marked up, so a card can never bring its own tags. Headings start at h2: the
page has its h1.
"""

import re
from collections.abc import Iterator

from django import template
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

register = template.Library()

_MARKS = ((re.compile(r"`([^`]+)`"), r"<code>\1</code>"), (re.compile(r"\*\*([^*]+)\*\*"), r"<strong>\1</strong>"))


@register.filter
def markdown(text: str) -> SafeString:
    blocks = re.split(r"\n\s*\n", text.replace("\r\n", "\n").strip())
    return mark_safe("\n".join(html for block in blocks for html in _block(block.split("\n"))))  # noqa: S308  escaped in _inline


def _block(lines: list[str]) -> Iterator[str]:
    """A block is what blank lines separate; a heading may stand on top of its paragraph."""
    while lines and (heading := re.match(r"(#{1,4}) +(.+)", lines[0])):
        level = len(heading[1]) + 1
        yield f"<h{level}>{_inline(heading[2])}</h{level}>"
        lines = lines[1:]
    if not lines:
        return
    if lines[0].startswith("|"):
        yield _table(lines)
    elif lines[0].startswith(("* ", "- ")):
        yield _list(lines)
    else:
        yield f"<p>{_inline(' '.join(line.strip() for line in lines))}</p>"


def _list(lines: list[str]) -> str:
    items: list[str] = []
    for line in lines:
        if line.startswith(("* ", "- ")):
            items.append(line[2:])
        else:
            items[-1] += f" {line.strip()}"
    return "<ul>" + "".join(f"<li>{_inline(item)}</li>" for item in items) + "</ul>"


def _table(lines: list[str]) -> str:
    rows = [[cell.strip() for cell in line.strip().strip("|").split("|")] for line in lines]
    head, body = rows[0], [row for row in rows[1:] if not all(set(cell) <= set("-: ") for cell in row)]
    top = "".join(f'<th scope="col">{_inline(cell)}</th>' for cell in head)
    rest = "".join("<tr>" + "".join(f"<td>{_inline(cell)}</td>" for cell in row) + "</tr>" for row in body)
    return f'<div class="scroll"><table><thead><tr>{top}</tr></thead><tbody>{rest}</tbody></table></div>'


def _inline(text: str) -> str:
    html = str(escape(text))
    for pattern, marked in _MARKS:
        html = pattern.sub(marked, html)
    return html
