"""What people write in comments: a small and safe part of CommonMark, and the names in it.

Paragraphs, emphasis, code, quotations, lists and links to the web; no HTML, no pictures, no headings. Whatever else is written
stays text. Nothing is drawn from elsewhere, and nothing that is written reaches a page unescaped.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from typing import Any, Final
from urllib.parse import urlsplit

from django.utils.html import escape
from django.utils.safestring import SafeString
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict

DEEPEST: Final = 12
"""Quotations and lists within each other; what is deeper is left out."""
_OFF: Final = ("html_block", "html_inline", "image", "heading", "lheading", "hr", "reference", "entity")
_WORD: Final = re.compile(r"(?<![\w@./+-])(?:@(?P<name>\w[\w.@+-]{0,149})|(?P<issue>SM-[0-9]{1,18})\b)")
_TAIL: Final = ".@+-"
"""Signs that a name may hold but that end a sentence more often."""


def mentioned(text: str) -> list[str]:
    """Return the words behind an `@` that may be names, in their order, each once; code and links name nobody."""
    found: dict[str, None] = {}
    for token in _texts(_parser.parse(text)):
        for word in _WORD.finditer(token.content):
            if word["name"]:
                found |= dict.fromkeys((word["name"], word["name"].rstrip(_TAIL)))
    return list(found)


def render(text: str, names: Collection[str] = ()) -> SafeString:
    """Return a comment as HTML. Of the words behind an `@` those in `names` are marked; references lead to their issues."""
    tokens = _parser.parse(text)
    for token in tokens:
        if token.children:
            token.children = list(_linked(token.children, names))
    # Every text passes the renderer's escaping, and HTML is no part of the grammar.
    shown: str = _parser.renderer.render(tokens, _parser.options, {})
    return SafeString(shown)


def _texts(tokens: Sequence[Token]) -> Iterator[Token]:
    for token in tokens:
        inside = 0
        for child in token.children or ():
            inside += child.nesting if child.type.startswith("link_") else 0
            if child.type == "text" and not inside:
                yield child


def _linked(children: Sequence[Token], names: Collection[str]) -> Iterator[Token]:
    """Yield a line's tokens, with names and references cut out of its texts."""
    inside = 0
    for child in children:
        inside += child.nesting if child.type.startswith("link_") else 0
        if child.type != "text" or inside:
            yield child
            continue
        at = 0
        for word in _WORD.finditer(child.content):
            kind, shown = _kind(word, names)
            if kind:
                yield _token("text", child.content[at : word.start()])
                yield _token(kind, shown)
                at = word.start() + len(shown)
        yield _token("text", child.content[at:])


def _kind(word: re.Match[str], names: Collection[str]) -> tuple[str, str]:
    if word["issue"]:
        return "issue", word["issue"]
    for name in (word["name"], word["name"].rstrip(_TAIL)):
        if name in names:
            return "mention", f"@{name}"
    return "", ""


def _token(kind: str, content: str) -> Token:
    token = Token(kind, "", 0)
    token.content = content
    return token


class _Renderer(RendererHTML):
    """The library's own, with names, references, and links that tell nobody where they were followed."""

    def mention(self, tokens: Sequence[Token], at: int, _options: OptionsDict, _env: EnvType) -> str:
        return f'<span class="mention">{escape(tokens[at].content)}</span>'

    def issue(self, tokens: Sequence[Token], at: int, _options: OptionsDict, _env: EnvType) -> str:
        reference = escape(tokens[at].content)
        return f'<a class="linked nowrap" href="/issues/{reference}/">{reference}</a>'

    def link_open(self, tokens: Sequence[Token], at: int, options: OptionsDict, env: EnvType) -> str:
        tokens[at].attrSet("class", "linked")
        tokens[at].attrSet("rel", "noopener noreferrer nofollow ugc")
        return str(self.renderToken(tokens, at, options, env))


def _leads_to_the_web(address: str) -> bool:
    try:
        parts = urlsplit(address)
        return parts.scheme in {"http", "https"} and bool(parts.hostname)
    except ValueError:
        return False


def _made() -> MarkdownIt:
    made = MarkdownIt("commonmark", {"html": False, "maxNesting": DEEPEST, "breaks": True}, renderer_cls=_Renderer)
    made.disable([*_OFF])
    checked: Any = made
    checked.validateLink = _leads_to_the_web
    return made


_parser: Final = _made()
