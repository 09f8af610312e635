"""Markdown as safe HTML, for the model cards on our pages."""

import nh3
from django import template
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict

register = template.Library()

TAGS = {"h2", "h3", "h4", "h5", "h6", "p", "br", "hr", "ul", "ol", "li", "strong", "em", "code", "pre", "blockquote", "a"} | {
    "div", "table", "thead", "tbody", "tr", "th", "td",
}  # fmt: skip
ATTRIBUTES = {"a": {"href", "title"}, "th": {"scope"}, "div": {"class"}, "ol": {"start"}}


class _Renderer(RendererHTML):
    """Headings start at h2, since the page has its h1; a wide table scrolls inside a box of its own."""

    def heading_open(self, tokens: list[Token], index: int, _options: OptionsDict, _env: EnvType) -> str:
        return f"<{_one_lower(tokens[index].tag)}>"

    def heading_close(self, tokens: list[Token], index: int, _options: OptionsDict, _env: EnvType) -> str:
        return f"</{_one_lower(tokens[index].tag)}>\n"

    def table_open(self, _tokens: list[Token], _index: int, _options: OptionsDict, _env: EnvType) -> str:
        return '<div class="scroll"><table>\n'

    def table_close(self, _tokens: list[Token], _index: int, _options: OptionsDict, _env: EnvType) -> str:
        return "</table></div>\n"

    def th_open(self, _tokens: list[Token], _index: int, _options: OptionsDict, _env: EnvType) -> str:
        return '<th scope="col">'


def _one_lower(tag: str) -> str:
    return f"h{min(int(tag[1]) + 1, 6)}"


# Raw HTML is shown as text by the parser; nh3 then guards the result in case the parser lets something through.
_PARSER = MarkdownIt("commonmark", {"html": False}, renderer_cls=_Renderer).enable("table")


@register.filter
def markdown(text: str) -> SafeString:
    html = nh3.clean(_PARSER.render(text), tags=TAGS, attributes=ATTRIBUTES, url_schemes={"http", "https", "mailto"})
    return mark_safe(html.strip())  # noqa: S308  cleaned above
