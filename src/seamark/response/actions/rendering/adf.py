"""The Atlassian Document Format, which Jira Cloud takes: a tree, in which a text is a text whatever it says. Pure."""

from __future__ import annotations

from typing import Any, Final

import msgspec
from markdown_it.tree import SyntaxTreeNode

from seamark.response.actions.rendering.document import line, link, parsed, plain_words

LARGEST: Final = 30_000
"""Characters of the tree; Jira takes 32,767."""
_MARKS: Final = {"strong": "strong", "em": "em", "s": "strike"}

Json = dict[str, Any]


def adf(text: str, more: str = "", longest: int = LARGEST, tail: str = "") -> Json:
    """Return a text as a document of at most `longest` characters: whole blocks, then `more` where some are left out; `tail` is its last line."""
    found: list[Json] = []
    size = 0
    for node in parsed(text).children:
        block = _block(node)
        size += len(msgspec.json.encode(block))
        if size > longest:
            if not found:
                found.append(_paragraph([_text(line(_words(node), longest // 8))]))
            found.append(_paragraph([_text(line(more or "There is more in Seamark.", 500))]))
            break
        found.append(block)
    if tail:
        found.append(_paragraph([_text(tail)]))
    return {"type": "doc", "version": 1, "content": found or [_paragraph([])]}


def words_of(document: Any) -> str:
    """Return what a document says, its blocks in lines: for reading others' comments."""
    if not isinstance(document, dict):
        return document if isinstance(document, str) else ""
    return "\n".join(filter(None, _lines(document, 0)))


def _lines(node: Json, depth: int) -> list[str]:
    children = node.get("content")
    inner = [one for one in children if isinstance(one, dict)] if isinstance(children, list) and depth < 40 else []
    if node.get("type") in {"paragraph", "heading", "codeBlock"}:
        return ["".join(_said(one) for one in inner)]
    return [found for one in inner for found in _lines(one, depth + 1)]


def _said(node: Json) -> str:
    kind, attributes = node.get("type"), node.get("attrs")
    if kind == "text":
        return str(node.get("text", ""))
    if kind == "hardBreak":
        return "\n"
    if isinstance(attributes, dict):
        return str(attributes.get("text") or attributes.get("url") or attributes.get("shortName") or "")
    return ""


def _block(node: SyntaxTreeNode) -> Json:
    kind = node.type
    if kind == "heading":
        return {"type": "heading", "attrs": {"level": int(node.tag[1:])}, "content": _inlines(node, ())}
    if kind in {"fence", "code_block"}:
        code = node.content.rstrip("\n")
        return {"type": "codeBlock", "content": [_text(code)] if code else []}
    if kind in {"bullet_list", "ordered_list"}:
        name = "bulletList" if kind == "bullet_list" else "orderedList"
        return {"type": name, "content": [{"type": "listItem", "content": _item(one)} for one in node.children]}
    if kind == "blockquote":
        return {"type": "blockquote", "content": _only(node, {"paragraph", "bulletList", "orderedList", "codeBlock"})}
    if kind == "table":
        return _table(node)
    return {"type": "rule"} if kind == "hr" else _paragraph(_inlines(node, ()))


def _item(node: SyntaxTreeNode) -> list[Json]:
    """Return the blocks of a list's item, which begins with a paragraph or code."""
    found = _only(node, {"paragraph", "bulletList", "orderedList", "codeBlock"})
    return found if found[0]["type"] in {"paragraph", "codeBlock"} else [_paragraph([]), *found]


def _only(node: SyntaxTreeNode, kinds: set[str]) -> list[Json]:
    """Return the blocks of a block, those that may not stand there as paragraphs of their words."""
    found = [(one, _block(one)) for one in node.children]
    return [block if block["type"] in kinds else _paragraph(_plain(one)) for one, block in found] or [_paragraph([])]


def _plain(node: SyntaxTreeNode) -> list[Json]:
    words = " ".join(_words(node).split())
    return [_text(words)] if words else []


def _table(node: SyntaxTreeNode) -> Json:
    rows = [(part.type, row) for part in node.children for row in part.children]
    return {
        "type": "table",
        "content": [
            {
                "type": "tableRow",
                "content": [
                    {
                        "type": "tableHeader" if part == "thead" else "tableCell",
                        "content": [_paragraph(_inlines(cell, ()))],
                    }
                    for cell in row.children
                ],
            }
            for part, row in rows
        ],
    }


def _inlines(node: SyntaxTreeNode, marks: tuple[Json, ...]) -> list[Json]:
    found: list[Json] = []
    for one in node.children:
        if one.type in {"inline", *_MARKS, "link"}:
            more: tuple[Json, ...] = ()
            if one.type in _MARKS:
                more = ({"type": _MARKS[one.type]},)
            elif one.type == "link" and (address := link(one.attrs.get("href", ""))):
                more = ({"type": "link", "attrs": {"href": address}},)
            kept = tuple(mark for mark in marks if mark["type"] not in {new["type"] for new in more})
            found += _inlines(one, (*kept, *more))
        elif one.type == "hardbreak":
            found.append({"type": "hardBreak"})
        elif one.type == "code_inline":
            # Code takes no mark beside it but a link.
            kept = tuple(mark for mark in marks if mark["type"] == "link")
            found += [_text(one.content, (*kept, {"type": "code"}))] if one.content else []
        elif words := plain_words(one):
            found.append(_text(words, marks))
    return found


def _paragraph(content: list[Json]) -> Json:
    return {"type": "paragraph", "content": content}


def _text(words: str, marks: tuple[Json, ...] = ()) -> Json:
    return {"type": "text", "text": words, **({"marks": list(marks)} if marks else {})}


def _words(node: SyntaxTreeNode) -> str:
    if node.type in {"fence", "code_block"}:
        return node.content
    return plain_words(node) if node.type == "inline" else " ".join(map(_words, node.children))
