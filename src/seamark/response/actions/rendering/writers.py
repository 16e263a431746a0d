"""The far sides' languages: Markdown of forges, Jira's wiki markup, HTML, and plain text. Pure."""

from __future__ import annotations

import html
import re
from typing import Final

from seamark.response.actions.rendering.document import NOTHING, Writer, link, unmention

_SPECIAL: Final = re.compile(r"([\\`*_{}\[\]()#+!|~$^-])")
_REFERENCE: Final = re.compile(r"([#!]|(?<!\w)(?:[~%&]|GH-))(?=\w)")
_WIKI: Final = re.compile(r"([{}\[\]*_+^~?|!#-])")
_WIKI_LINE: Final = re.compile(r"^(\s*(?:h[1-6]|bq))\.", re.MULTILINE)
_WIKI_SMILE: Final = re.compile(r"\((?=[!?+\-*/xyni])|(?<=[:;])(?=[)(DP])")
_WWW: Final = re.compile(r"(?i)\bwww(?=\.)")
_RUNS: Final = re.compile(r"`+")
_JOURNAL: Final = re.compile(r"\[(?=/?code\])", re.IGNORECASE)


class Markdown(Writer):
    """Markdown of GitHub, GitLab and Linear: no mention, no reference to other tickets, no quick action, no image."""

    def escape(self, words: str) -> str:
        """Return words that show as they are."""
        loose = _REFERENCE.sub(rf"\1{NOTHING}", _WWW.sub(rf"\g<0>{NOTHING}", unmention(words)))
        return _SPECIAL.sub(r"\\\1", loose.replace("&", "&amp;")).replace("<", "&lt;").replace(">", "&gt;")

    def paragraph(self, words: str) -> str:
        """Return a paragraph, of whose lines none begins a command or a list."""
        return "\n".join(re.sub(r"^(\s*)(/|\d+(?=[.)])|=)", rf"\1{NOTHING}\2", one) for one in words.split("\n"))

    def heading(self, words: str, level: int) -> str:
        """Return a heading."""
        return f"{'#' * level} {words}".replace("\n", " ")

    def code_block(self, text: str) -> str:
        """Return a fence that nothing in the code closes."""
        fence = "`" * max(3, 1 + max((len(one) for one in _RUNS.findall(text)), default=0))
        return f"{fence}\n{text}\n{fence}"

    def listing(self, items: list[str], *, ordered: bool) -> str:
        """Return a list."""
        marks = [f"{number}. " if ordered else "- " for number in range(1, len(items) + 1)]
        return "\n".join(
            before + item.replace("\n", "\n" + " " * len(before)) for before, item in zip(marks, items, strict=True)
        )

    def table(self, rows: list[list[str]]) -> str:
        """Return a table."""
        lines = [f"| {' | '.join(cell.replace(chr(10), ' ') for cell in row)} |" for row in rows]
        return "\n".join([*lines[:1], f"|{' --- |' * (len(rows[0]) if rows else 1)}", *lines[1:]])

    def rule(self) -> str:
        """Return a line across."""
        return "---"

    def code(self, text: str) -> str:
        """Return code within words."""
        ticks = "`" * (1 + max((len(one) for one in _RUNS.findall(text)), default=0))
        pad = " " if text.startswith("`") or text.endswith("`") else ""
        return f"{ticks}{pad}{text.replace('|', '¦')}{pad}{ticks}"

    def strong(self, words: str) -> str:
        """Return bold words."""
        return f"**{words}**"

    def emphasis(self, words: str) -> str:
        """Return stressed words."""
        return f"*{words}*"

    def struck(self, words: str) -> str:
        """Return struck words."""
        return f"~~{words}~~"

    def anchor(self, words: str, address: str) -> str:
        """Return a link."""
        return f"[{words}](<{address}>)"

    def newline(self, *, hard: bool) -> str:
        """Return the end of a line."""
        return "\\\n" if hard else "\n"


class Wiki(Writer):
    """Jira's wiki markup, which Data Center shows."""

    def escape(self, words: str) -> str:
        """Return words that show as they are."""
        loose = _WIKI_SMILE.sub(lambda found: f"{found[0]}{NOTHING}", _WWW.sub(rf"\g<0>{NOTHING}", unmention(words)))
        # Two backslashes end a line, so a backslash is told by its number.
        shown = _WIKI.sub(r"\\\1", loose.replace("&", "&amp;").replace("\\", "\0")).replace("\0", "&#92;")
        return _WIKI_LINE.sub(rf"\1{NOTHING}.", shown)

    def heading(self, words: str, level: int) -> str:
        """Return a heading."""
        return f"h{level}. {words}".replace("\n", " ")

    def code_block(self, text: str) -> str:
        """Return text that is shown as it is, and does not end itself."""
        return f"{{noformat}}\n{text.replace('{noformat', '{' + NOTHING + 'noformat')}\n{{noformat}}"

    def quote(self, written: str) -> str:
        """Return a quotation."""
        return f"{{quote}}\n{written}\n{{quote}}"

    def listing(self, items: list[str], *, ordered: bool) -> str:
        """Return a list; lists in it are one step deeper."""
        sign = "#" if ordered else "*"
        lines = []
        for item in items:
            first, *rest = re.sub(r"\n+", "\n", item).split("\n")
            lines.append(f"{sign} {first}")
            lines += [f"{sign}{one}" if re.match(r"[*#]+ ", one) else one for one in rest]
        return "\n".join(lines)

    def table(self, rows: list[list[str]]) -> str:
        """Return a table."""
        lines = []
        for number, row in enumerate(rows):
            bar = "|" if number else "||"
            lines.append(bar + bar.join(f" {cell} ".replace("\n", " ") for cell in row) + bar)
        return "\n".join(lines)

    def code(self, text: str) -> str:
        """Return code within words."""
        return f"{{{{{self.escape(text)}}}}}"

    def strong(self, words: str) -> str:
        """Return bold words."""
        return f"*{words}*"

    def emphasis(self, words: str) -> str:
        """Return stressed words."""
        return f"_{words}_"

    def struck(self, words: str) -> str:
        """Return struck words."""
        return f"-{words}-"

    def anchor(self, words: str, address: str) -> str:
        """Return a link."""
        return f"[{words.replace('|', ' ')}|{address.replace('[', '%5B').replace(']', '%5D')}]"


class Html(Writer):
    """HTML for mails and Azure Boards: few elements, no styles from outside, no images."""

    gap = "\n"

    def escape(self, words: str) -> str:
        """Return words that show as they are."""
        return html.escape(words)

    def paragraph(self, words: str) -> str:
        """Return a paragraph."""
        return f"<p>{words}</p>"

    def heading(self, words: str, level: int) -> str:
        """Return a heading."""
        return f"<h{level}>{words}</h{level}>"

    def code_block(self, text: str) -> str:
        """Return code in lines of its own."""
        return f"<pre>{html.escape(text)}</pre>"

    def quote(self, written: str) -> str:
        """Return a quotation."""
        return f"<blockquote>{written}</blockquote>"

    def listing(self, items: list[str], *, ordered: bool) -> str:
        """Return a list."""
        tag = "ol" if ordered else "ul"
        return f"<{tag}>{''.join(f'<li>{one}</li>' for one in items)}</{tag}>"

    def table(self, rows: list[list[str]]) -> str:
        """Return a table."""
        lines = [
            "".join(f"<{tag}>{cell}</{tag}>" for cell in row)
            for row, tag in ((row, "td" if number else "th") for number, row in enumerate(rows))
        ]
        return f"<table>{''.join(f'<tr>{one}</tr>' for one in lines)}</table>"

    def rule(self) -> str:
        """Return a line across."""
        return "<hr>"

    def code(self, text: str) -> str:
        """Return code within words."""
        return f"<code>{html.escape(text)}</code>"

    def strong(self, words: str) -> str:
        """Return bold words."""
        return f"<strong>{words}</strong>"

    def emphasis(self, words: str) -> str:
        """Return stressed words."""
        return f"<em>{words}</em>"

    def struck(self, words: str) -> str:
        """Return struck words."""
        return f"<s>{words}</s>"

    def anchor(self, words: str, address: str) -> str:
        """Return a link."""
        return f'<a href="{html.escape(address)}" rel="noopener noreferrer">{words}</a>'

    def newline(self, *, hard: bool) -> str:
        """Return the end of a line."""
        return "<br>" if hard else " "


class Mail(Writer):
    """Plain text for the eye, with addresses as they are."""

    def escape(self, words: str) -> str:
        """Return words as they are: nothing in plain text is mark-up."""
        return words

    def heading(self, words: str, level: int) -> str:
        """Return a heading."""
        return f"{words}\n{('=' if level == 1 else '-') * min(len(words), 70)}"


class Journal(Writer):
    """Plain text for journals in which `[code]` would begin HTML, and for services that send a text on to others."""

    def escape(self, words: str) -> str:
        """Return words that mention nobody and begin nothing."""
        return _JOURNAL.sub(f"[{NOTHING}", re.sub(r"<(?=[!@#/\w])", f"<{NOTHING}", unmention(words)))

    def code_block(self, text: str) -> str:
        """Return code in lines of its own."""
        return super().code_block(self.escape(text))


def page_link(url: str) -> str:
    """Return a Markdown link to where a thing stands in Seamark, empty without an address."""
    address = link(url)
    return f"[Open in Seamark](<{address}>)" if address else ""
